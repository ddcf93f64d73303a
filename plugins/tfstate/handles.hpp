// What one verb tells the next: where things lie and what they must be.
#pragma once

#include <cstdint>
#include <snapcore/sdk/fields.hpp>
#include <string>

namespace tfstate {

// The live state as stage found it; activate replaces nothing else.
struct Base {
  std::string sha256 = {};
  std::uint64_t size = 0;  // 0: there was no state
};
inline void fields(snapcore::sdk::Fields& f, Base& base) {
  f("sha256", base.sha256, "digest of the state that is replaced");
  f("size", base.size, "its bytes; 0: there is none");
}

struct Staged {
  std::string file = {};
  std::string sha256 = {};
  std::string lineage = {};
  std::uint64_t serial = 0;
  Base base = {};
};
inline void fields(snapcore::sdk::Fields& f, Staged& staged) {
  f("file", staged.file, "the new state, whole, beside the live one");
  f("sha256", staged.sha256, "its digest");
  f("lineage", staged.lineage);
  f("serial", staged.serial);
  f("base", staged.base, "what it is to replace");
}

struct Expected {
  std::string sha256 = {};
  std::string lineage = {};
  std::uint64_t serial = 0;
};
inline void fields(snapcore::sdk::Fields& f, Expected& expected) {
  f("sha256", expected.sha256, "digest of the restored state");
  f("lineage", expected.lineage);
  f("serial", expected.serial);
}

struct Kept {
  std::string file = {};
};
inline void fields(snapcore::sdk::Fields& f, Kept& kept) {
  f("file", kept.file, "the state that was replaced");
}

// What activate records before it touches anything.
struct WayBack {
  std::string kept = {};    // empty: there was no state
  std::string staged = {};  // while it is being written, the new state is there, too
  std::string sha256 = {};  // of the new state
  Base base = {};
};
inline void fields(snapcore::sdk::Fields& f, WayBack& back) {
  f("kept", back.kept);
  f("staged", back.staged);
  f("sha256", back.sha256);
  f("base", back.base);
}

}  // namespace tfstate
