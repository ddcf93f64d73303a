// The parts of the plugin against a scripted server.
#pragma once

#include <filesystem>
#include <fstream>

#include "../../fakes/call_test.hpp"
#include "../../fakes/scratch.hpp"
#include "source.hpp"

namespace s3 {

using snapcore::fail;
using snapcore::Result;
using snapcore::Value;
namespace fakes = snapcore::fakes;
using fakes::answer;
using fakes::head;

inline std::string refusal(int status, const std::string& code, const std::string& more = {}) {
  return answer(status, {}, "<Error><Code>" + code + "</Code><Message/>" + more + "</Error>");
}

class S3Test : public fakes::CallTest {
 protected:
  S3Test() {
    environment_ = {{"AWS_ACCESS_KEY_ID", "AKID"}, {"AWS_SECRET_ACCESS_KEY", "the-secret"}};
  }
  void serve(std::vector<std::string> answers) {
    listen(std::move(answers));
    Config config{.bucket = "bucket", .prefix = "db/", .endpoint = server_->url("")};
    change_config(config);
    source_ = std::make_unique<Source>(config, around());
  }
  virtual void change_config(Config&) {}

  fakes::Answer open(const source::OpenArgs& args) {
    return ask([&](sdk::Call& call) { return source_->open(call, args); });
  }
  fakes::Answer store(const std::string& name, std::string bytes, const Value& manifest = {}) {
    host_.inputs[0] = std::move(bytes);
    return act([&](sdk::Call& call) -> Result<> {
      auto stored = source_->store(call, {.name = name, .manifest = manifest});
      if (!stored) return fail(stored.error());
      artifact_ = std::move(*stored);
      return {};
    });
  }

  std::unique_ptr<Source> source_;
  sdk::Artifact artifact_;
};

}  // namespace s3
