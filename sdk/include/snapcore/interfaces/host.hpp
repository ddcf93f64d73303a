// The interface `snapcore.host/1`, a draft: the machine on which a system runs. What a plugin that
// reaches machines offers, and what the plugin of a system on them calls to stop, start and look.
#pragma once

#include <snapcore/sdk/types.hpp>

namespace snapcore::sdk::host {

inline constexpr std::string_view kInterface = "snapcore.host/1";

// read `host_unit`: a service of the machine.
struct UnitArgs {
  std::string unit = {};
};
inline void fields(Fields& f, UnitArgs& a) { f("unit", a.unit, "name of the service").not_empty(); }

struct Unit {
  bool exists = false;
  bool active = false;
  std::string state = {};  // the machine's own word
};
inline void fields(Fields& f, Unit& u) {
  f("exists", u.exists);
  f("active", u.active);
  f("state", u.state, "the machine's own word for it");
}

// change `host_stop_unit` and `host_start_unit` wait until it is so; the undo of one is the other,
// where it changed anything.
struct SwitchArgs {
  std::string unit = {};
  std::optional<Duration> deadline = {};
};
inline void fields(Fields& f, SwitchArgs& a) {
  f("unit", a.unit, "name of the service").not_empty();
  f("deadline", a.deadline, "how long to wait for it");
}

struct Switched {
  bool changed = false;
};
inline void fields(Fields& f, Switched& s) { f("changed", s.changed, "false: it already was so"); }

// read `host_space`: of the file system that holds, or would hold, a path.
struct SpaceArgs {
  std::string path = {};
};
inline void fields(Fields& f, SpaceArgs& a) { f("path", a.path).not_empty(); }

struct Space {
  Bytes free = {};
  Bytes total = {};
};
inline void fields(Fields& f, Space& s) {
  f("free", s.free);
  f("total", s.total);
}

}  // namespace snapcore::sdk::host
