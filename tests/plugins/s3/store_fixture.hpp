// Writes through the plugin into a bucket in memory.
#pragma once

#include <mutex>

#include "fake_bucket.hpp"
#include "fixture.hpp"

namespace s3 {

inline constexpr std::uint64_t kPart = 100;
inline constexpr char kLost[] = "";  // the connection closes without an answer

class S3StoreTest : public S3Test {
 protected:
  void SetUp() override {
    server_ = std::make_unique<fakes::HttpServer>([this](const std::string& request) {
      const std::lock_guard lock(mutex_);
      return bucket_.answer(request);
    });
    Config config{.bucket = "bucket", .endpoint = server_->url(""), .part_size = kPart};
    config.attempts = 3;
    source_ = std::make_unique<Source>(config, around());
  }
  // The server's thread still runs when the members go.
  void TearDown() override { server_.reset(); }

  fakes::Answer put(const objects::PutArgs& args, std::string bytes) {
    host_.inputs[0] = std::move(bytes);
    return act([&](sdk::Call& call) -> Result<> {
      auto written = source_->objects_put(call, args);
      if (!written) return fail(written.error());
      object_ = std::move(*written);
      return {};
    });
  }
  std::vector<std::string> undo() {
    std::vector<std::string> words;
    const Value recorded = host_.undos.back().at("data");
    const auto undone = ask([&](sdk::Call& call) -> Result<> {
      auto back =
          source_->undo_store(call, {.args = {}, .result = {}, .recorded = true, .undo = recorded});
      if (!back) return fail(back.error());
      words = back->words;
      return {};
    });
    EXPECT_EQ(undone.status, SC_OK) << undone.error_json;
    return words;
  }
  std::string text(const std::string& key) const {
    const auto* found = bucket_.newest(key);
    return found ? found->body : "(none)";
  }
  void second_attempt() {
    host_.info["attempt"] = 2;
    if (!host_.checkpoints.empty()) host_.info["checkpoint"] = host_.checkpoints.back();
  }

  std::mutex mutex_;  // of the bucket, as long as a call runs: parts of it may be under way
  FakeBucket bucket_;
  objects::Object object_;
};

}  // namespace s3
