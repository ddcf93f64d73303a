// Tests with a real store behind a proxy that breaks what passes; what became of each fault is
// printed at the end.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <snapcore/support/digest.hpp>
#include <snapcore/support/process.hpp>

#include "fault_proxy.hpp"
#include "fixture.hpp"
#include "xml.hpp"

namespace s3 {

using testing::HasSubstr;
using testing::IsEmpty;
namespace process = snapcore::process;

constexpr std::uint64_t kPart = 5 << 20;

// What became of a fault, as it was seen.
struct Row {
  std::string fault, phase, outcome;
};
inline std::vector<Row>& rows() {
  static std::vector<Row> seen;
  return seen;
}
// At the end of the program: several suites add to them.
inline void print_rows() {
  std::printf("\n%-68s | %-13s | %s\n", "fault", "phase", "outcome");
  std::vector<std::string> faults;
  for (const Row& row : rows()) {
    if (std::find(faults.begin(), faults.end(), row.fault) == faults.end())
      faults.push_back(row.fault);
  }
  for (const std::string& fault : faults) {
    for (const Row& row : rows()) {
      if (row.fault != fault) continue;
      std::printf("%-68s | %-13s | %s\n", fault.c_str(), row.phase.c_str(), row.outcome.c_str());
    }
  }
}

class S3FaultsTest : public S3Test {
 protected:
  void SetUp() override {
    const char* tree = std::getenv("SNAPCORE_SOURCE");
    if (tree == nullptr) GTEST_SKIP() << "SNAPCORE_SOURCE is not set";
    tree_ = tree;
    const char* home = std::getenv("HOME");
    const char* cache = std::getenv("XDG_CACHE_HOME");
    const auto started =
        process::run({.argv = {tree_ + "/tests/servers/start.sh", "minio", folder_.path().string()},
                      .environment = {{"XDG_CACHE_HOME",
                                       cache ? std::string(cache)
                                             : std::string(home ? home : "/root") + "/.cache"}}});
    ASSERT_TRUE(started) << started.error().message;
    if (started->exit_code == 77) GTEST_SKIP() << started->errors;
    ASSERT_EQ(started->exit_code, 0) << started->errors;
    minio_ = started->output.substr(0, started->output.find('\n'));
    environment_ = {{"AWS_ACCESS_KEY_ID", "snapcore-test"},
                    {"AWS_SECRET_ACCESS_KEY", "snapcore-secret"}};
    now_ = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    const auto made = directly([](Session& session) -> Result<> {
      auto answer = session.demand({.method = "PUT"}, "cannot make the bucket");
      if (!answer) return fail(answer.error());
      EXPECT_THAT(std::string(answer->header("server")), HasSubstr("MinIO"));
      return {};
    });
    ASSERT_EQ(made.status, SC_OK) << made.error_json;
    bytes_.resize(2 * kPart + 12345);
    for (std::size_t i = 0; i < bytes_.size(); ++i) bytes_[i] = static_cast<char>(i * i >> 7);
  }
  void TearDown() override {
    const auto ctl = folder_.path() / "ctl";
    if (std::filesystem::exists(ctl)) (void)process::run({.argv = {ctl.string(), "kill"}});
  }

  Config config(const std::string& url) const {
    Config config{.bucket = "bucket", .prefix = "db/", .endpoint = url, .region = region_};
    config.part_size = kPart;
    config.attempts = 4;
    return config;
  }
  // Where a connection falls silent the test waits for the end of its patience; nowhere else.
  Surroundings around_fault(std::string_view fault) {
    Surroundings surroundings = around();
    if (fault.starts_with("silence") || fault.starts_with("mute")) {
      surroundings.stall = std::chrono::seconds(2);
    }
    return surroundings;
  }
  // Past the proxy.
  fakes::Answer directly(std::function<Result<>(Session&)> body,
                         const std::string& bucket = "bucket") {
    return act([this, bucket, body = std::move(body)](sdk::Call& call) -> Result<> {
      auto store = Store::open(call, {.bucket = bucket, .endpoint = minio_}, around());
      if (!store) return fail(store.error());
      Session made(*store, call);
      return body(made);
    });
  }
  // Keys, and begun uploads, below the name.
  std::vector<std::string> left(const std::string& name) {
    std::vector<std::string> found;
    const auto looked = directly([&](Session& session) -> Result<> {
      for (const auto& [query, item] :
           {std::pair<aws::Pairs, const char*>{{{"list-type", "2"}, {"prefix", "db/" + name}},
                                               "Contents"},
            std::pair<aws::Pairs, const char*>{{{"uploads", ""}, {"prefix", "db/" + name}},
                                               "Upload"}}) {
        auto answer = session.demand({.query = query}, "cannot list");
        if (!answer) return fail(answer.error());
        auto root = xml::parse(answer->body);
        if (!root) return fail(root.error());
        for (const xml::Element& child : root->children) {
          if (child.name == item) {
            found.push_back(std::string(item) + " " + std::string(child.text_of("Key")));
          }
        }
      }
      return {};
    });
    EXPECT_EQ(looked.status, SC_OK) << looked.error_json;
    return found;
  }
  // Each call has a key of its own.
  void new_call() { host_.info["key"] = snapcore::sha256_hex(std::to_string(++calls_)); }

  std::string tree_;
  fakes::Scratch folder_;
  std::string minio_;
  std::string bytes_;
  std::optional<std::string> region_;
  int calls_ = 0;
};

}  // namespace s3
