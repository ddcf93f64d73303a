// The parts of the plugin against a scripted server.
#pragma once

#include "../../fakes/call_test.hpp"
#include "source.hpp"

namespace web {

using snapcore::fail;
using snapcore::Result;
using snapcore::Value;
namespace fakes = snapcore::fakes;
using fakes::answer;
using fakes::head;

class WebTest : public fakes::CallTest {
 protected:
  void serve(std::vector<std::string> answers, const Value& config = Value::object()) {
    listen(std::move(answers));
    make(config);
  }
  void make(const Value& config) {
    auto read = sdk::from_value<Config>(config);
    ASSERT_TRUE(read) << read.error().message;
    auto settings = settle(*read);
    ASSERT_TRUE(settings) << settings.error().message;
    source_ = std::make_unique<Source>(std::move(*settings), around());
  }
  std::string url(const std::string& path = "/a/snap.db") const { return server_->url(path); }

  fakes::Answer open(source::OpenArgs args) {
    if (args.ref.empty()) args.ref = url();
    return ask([&](sdk::Call& call) { return source_->open(call, args); });
  }
  fakes::Answer stat(const std::string& ref) {
    return ask([&](sdk::Call& call) -> Result<> {
      auto found = source_->stat(call, {.ref = ref});
      if (!found) return fail(found.error());
      artifact_ = std::move(*found);
      return {};
    });
  }
  // What was seen, or the code of what went wrong.
  template <class A>
  std::string look(Result<Seen> (Source::*probe)(sdk::Call&, const A&), const A& args) {
    std::string words;
    const auto done = ask([&](sdk::Call& call) -> Result<> {
      auto seen = (source_.get()->*probe)(call, args);
      if (!seen) return fail(seen.error());
      words = seen->words.front();
      return {};
    });
    return done.status == SC_OK ? words : done.error->code + ": " + done.error->message;
  }

  std::unique_ptr<Source> source_;
  sdk::Artifact artifact_;
};

}  // namespace web
