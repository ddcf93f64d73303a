// A source over URLs that is only read, and probes of what answers there.
#pragma once

#include <memory>
#include <snapcore/interfaces/source.hpp>
#include <snapcore/plugin.hpp>

#include "artifacts.hpp"
#include "probes.hpp"

namespace web {

namespace source = snapcore::sdk::source;

class Source {
 public:
  Source(Settings settings, const snapcore::Surroundings& surroundings)
      : surroundings_(surroundings), web_(std::move(settings), surroundings) {}
  static snapcore::Result<std::unique_ptr<Source>> create(sdk::Call& call, const Config& config);

  snapcore::Result<> list(sdk::Call& call, const source::ListArgs& args);
  snapcore::Result<sdk::Artifact> stat(sdk::Call& call, const source::StatArgs& args);
  snapcore::Result<> open(sdk::Call& call, const source::OpenArgs& args);

  template <class A>
  snapcore::Result<sdk::Planned> plan(sdk::Call& call, const A& args) {
    if (call.unknown("url") || call.unknown("host")) {
      return sdk::Planned("look at what is known only then");
    }
    if (auto checked = check(args); !checked) return fail(checked.error());
    return sdk::Planned(wish(args));
  }
  snapcore::Result<Seen> status(sdk::Call& call, const StatusArgs& args);
  snapcore::Result<Seen> body(sdk::Call& call, const BodyArgs& args);
  snapcore::Result<Seen> json(sdk::Call& call, const JsonArgs& args);
  snapcore::Result<Seen> tls(sdk::Call& call, const TlsArgs& args);
  snapcore::Result<Seen> tcp(sdk::Call& call, const TcpArgs& args);

 private:
  snapcore::Surroundings surroundings_;
  Web web_;
};

}  // namespace web
