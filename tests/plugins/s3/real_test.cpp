// Against real stores, each by what it calls itself. Skipped where they cannot be had.
#include <cstdlib>
#include <set>
#include <snapcore/support/digest.hpp>
#include <snapcore/support/process.hpp>

#include "fixture.hpp"
#include "listing.hpp"
#include "sending.hpp"
#include "store_test.hpp"

namespace s3 {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
namespace process = snapcore::process;

constexpr std::uint64_t kPart = 5 << 20;  // a store takes no smaller one, but at the end

struct Real {
  const char* name;
  const char* calls_itself;
};

class S3RealTest : public S3Test, public testing::WithParamInterface<Real> {
 protected:
  static const char* source_tree() { return std::getenv("SNAPCORE_SOURCE"); }

  void SetUp() override {
    if (source_tree() == nullptr) GTEST_SKIP() << "SNAPCORE_SOURCE is not set";
    const auto started =
        process::run({.argv = {std::string(source_tree()) + "/tests/servers/start.sh",
                               GetParam().name, folder_.path().string()},
                      .environment = {{"XDG_CACHE_HOME", cache()}}});
    ASSERT_TRUE(started) << started.error().message;
    if (started->exit_code == 77) GTEST_SKIP() << started->errors;
    ASSERT_EQ(started->exit_code, 0) << started->errors;
    url_ = started->output.substr(0, started->output.find('\n'));
    environment_ = {{"AWS_ACCESS_KEY_ID", "snapcore-test"},
                    {"AWS_SECRET_ACCESS_KEY", "snapcore-secret"}};
    now_ = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    config_ = {.bucket = "bucket", .prefix = "db/", .endpoint = url_, .part_size = kPart};
    source_ = std::make_unique<Source>(config_, around());
    const auto made = session([](Session& session) -> Result<> {
      auto answer = session.demand({.method = "PUT"}, "cannot make the bucket");
      if (!answer) return fail(answer.error());
      EXPECT_THAT(std::string(answer->header("server")), HasSubstr(GetParam().calls_itself));
      return {};
    });
    ASSERT_EQ(made.status, SC_OK) << made.error_json;
  }
  void TearDown() override {
    const auto ctl = folder_.path() / "ctl";
    if (std::filesystem::exists(ctl)) (void)process::run({.argv = {ctl.string(), "kill"}});
  }
  static std::string cache() {
    if (const char* given = std::getenv("XDG_CACHE_HOME")) return given;
    const char* home = std::getenv("HOME");
    return std::string(home ? home : "/root") + "/.cache";
  }

  fakes::Answer session(std::function<Result<>(Session&)> body) {
    return act([this, body = std::move(body)](sdk::Call& call) -> Result<> {
      auto store = Store::open(call, config_, around());
      if (!store) return fail(store.error());
      Session made(*store, call);
      return body(made);
    });
  }
  void keep_versions() {
    const auto done = session([](Session& session) -> Result<> {
      auto answer = session.demand(
          {.method = "PUT",
           .query = {{"versioning", ""}},
           .body = "<VersioningConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                   "<Status>Enabled</Status></VersioningConfiguration>"},
          "cannot turn versioning on");
      if (!answer) return fail(answer.error());
      return {};
    });
    ASSERT_EQ(done.status, SC_OK) << done.error_json;
  }
  fakes::Answer put(const std::string& key, std::string bytes) {
    // Each call has a key of its own.
    host_.info["key"] = snapcore::sha256_hex(std::to_string(++calls_));
    host_.inputs[0] = std::move(bytes);
    return act([&](sdk::Call& call) -> Result<> {
      auto written = source_->objects_put(call, {.key = key});
      if (!written) return fail(written.error());
      object_ = std::move(*written);
      return {};
    });
  }
  std::string get(const std::string& key) {
    const auto got = ask([&](sdk::Call& call) { return source_->objects_get(call, {.key = key}); });
    return got.status == SC_OK ? host_.outputs[0] : got.error->code;
  }
  std::vector<objects::Version> history(const std::string& key) {
    std::vector<objects::Version> versions;
    host_.items.clear();
    const auto listed =
        ask([&](sdk::Call& call) { return source_->objects_versions(call, {.key = key}); });
    EXPECT_EQ(listed.status, SC_OK) << listed.error_json;
    for (const Value& item : host_.items) {
      versions.push_back(sdk::from_value<objects::Version>(item).value());
    }
    return versions;
  }

  fakes::Scratch folder_;
  std::string url_;
  Config config_;
  objects::Object object_;
  int calls_ = 0;
};

TEST_P(S3RealTest, SmallAndLargeArtifactsComeBackAsTheyWere) {
  std::string large(2 * kPart + 12345, '\0');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * i >> 7);
  for (const std::string& bytes : {std::string(), std::string("hello"), large}) {
    const std::string name = "a/n" + std::to_string(bytes.size());
    const auto stored = store(name, bytes, Value::object({{"kind", "note"}}));
    ASSERT_EQ(stored.status, SC_OK) << stored.error_json;
    EXPECT_EQ(artifact_.sha256, snapcore::sha256_hex(bytes));
    EXPECT_EQ(artifact_.size, bytes.size());
    ASSERT_EQ(open({.ref = name}).status, SC_OK);
    EXPECT_TRUE(host_.outputs[0] == bytes) << name;
    EXPECT_EQ(store(name, "again").error->code, "s3.exists");
  }
  ASSERT_EQ(
      open({.ref = "a/n" + std::to_string(large.size()), .offset = kPart - 5, .length = 10}).status,
      SC_OK);
  EXPECT_EQ(host_.outputs[0], large.substr(kPart - 5, 10));
  ASSERT_EQ(open({.ref = "a/n5", .offset = 5}).status, SC_OK);
  EXPECT_EQ(open({.ref = "a/n5", .offset = 6}).error->code, "s3.bad_offset");
  EXPECT_EQ(ask([&](sdk::Call& call) { return source_->list(call, {}); }).status, SC_OK);
  ASSERT_THAT(host_.items, SizeIs(3));
  for (const Value& item : host_.items) EXPECT_EQ(item.at("kind").text(), "note");
}

TEST_P(S3RealTest, TheUndoOfAStoreLeavesNothing) {
  for (const std::size_t size : {std::size_t{5}, std::size_t{kPart + 1}}) {
    ASSERT_EQ(store("snap.db", std::string(size, 'x'), Value::object()).status, SC_OK);
    const Value recorded = host_.undos.back().at("data");
    const auto undone = ask([&](sdk::Call& call) -> Result<> {
      auto back =
          source_->undo_store(call, {.args = {}, .result = {}, .recorded = true, .undo = recorded});
      if (!back) return fail(back.error());
      EXPECT_THAT(back->words, SizeIs(3));
      return {};
    });
    EXPECT_EQ(undone.status, SC_OK) << undone.error_json;
    host_.items.clear();
    ask([&](sdk::Call& call) { return source_->objects_list(call, {}); });
    EXPECT_THAT(host_.items, IsEmpty());
  }
}

TEST_P(S3RealTest, OddKeysAreWrittenListedAndRead) {
  const std::string keys[] = {"a b+c%2Fd",  "\xC3\xA4/e", "q?x=y&z",       "t~*()!'",
                              "semi;colon", "hash#tag",   "a&amp;<b>\"c\""};
  for (const std::string& key : keys) {
    ASSERT_EQ(put(key, key).status, SC_OK) << key;
    EXPECT_EQ(get(key), key);
  }
  host_.items.clear();
  ASSERT_EQ(ask([&](sdk::Call& call) { return source_->objects_list(call, {}); }).status, SC_OK);
  std::vector<std::string> listed;
  for (const Value& item : host_.items) listed.push_back(item.at("key").text());
  EXPECT_THAT(listed, testing::UnorderedElementsAreArray(keys));
}

TEST_P(S3RealTest, VersionsAreKeptListedAndMadeTheNewestAgain) {
  keep_versions();
  ASSERT_EQ(put("state", "one").status, SC_OK) << host_.undos.size();
  const std::string first = object_.version_id.value_or("(none)");
  ASSERT_EQ(put("state", "second").status, SC_OK);
  ASSERT_EQ(put("state.tflock", "x").status, SC_OK);
  ASSERT_EQ(
      act([&](sdk::Call& call) { return source_->objects_remove(call, {.key = "state"}); }).status,
      SC_OK);
  EXPECT_EQ(get("state"), "s3.deleted");
  const auto versions = history("state");
  ASSERT_THAT(versions, SizeIs(3));
  EXPECT_TRUE(versions[0].marker && versions[0].newest);
  EXPECT_EQ(versions[1].size, 6u);
  EXPECT_EQ(versions[2].version_id, first);
  host_.info["key"] = snapcore::sha256_hex("copy");
  const auto copied = act([&](sdk::Call& call) -> Result<> {
    auto copy = source_->objects_copy(call, {.key = "state", .version_id = first});
    if (!copy) return fail(copy.error());
    EXPECT_NE(copy->version_id, first);
    return {};
  });
  ASSERT_EQ(copied.status, SC_OK) << copied.error_json;
  EXPECT_EQ(get("state"), "one");
  EXPECT_THAT(history("state"), SizeIs(4)) << "nothing is deleted";
  const Value recorded = host_.undos.back().at("data");
  ask([&](sdk::Call& call) -> Result<> {
    auto back = source_->undo_objects_copy(
        call, {.args = {}, .result = {}, .recorded = true, .undo = recorded});
    EXPECT_TRUE(back) << back.error().message;
    return {};
  });
  EXPECT_EQ(get("state"), "s3.deleted");
}

TEST_P(S3RealTest, ALongHistoryIsListedPageAfterPage) {
  keep_versions();
  constexpr int kVersions = 1005;
  const auto written = session([](Session& session) -> Result<> {
    for (int i = 0; i < kVersions; ++i) {
      auto put = session.demand({.method = "PUT", .key = "db/state", .body = std::to_string(i)},
                                "cannot write");
      if (!put) return fail(put.error());
    }
    return {};
  });
  ASSERT_EQ(written.status, SC_OK) << written.error_json;
  const auto versions = history("state");
  ASSERT_THAT(versions, SizeIs(kVersions));
  EXPECT_EQ(versions.front().size, 4u);
  EXPECT_EQ(versions.back().size, 1u);
  std::set<std::string> ids;
  for (const auto& version : versions) ids.insert(version.version_id);
  EXPECT_THAT(ids, SizeIs(kVersions));
}

TEST_P(S3RealTest, ABucketThatIsNotThereIsMadeWithVersionsAndGoesAgainWhenItIsEmpty) {
  config_.bucket = "another";
  source_ = std::make_unique<Source>(config_, around());
  BucketResult made;
  const auto make = [&] {
    host_.undos.clear();
    return act([&](sdk::Call& call) -> Result<> {
      auto done = source_->make_bucket(call, {});
      if (!done) return fail(done.error());
      made = *done;
      return {};
    });
  };
  const auto take_back = [&](const Value& recorded) {
    std::vector<std::string> words;
    ask([&](sdk::Call& call) -> Result<> {
      auto back = source_->undo_make_bucket(
          call, {.args = {}, .result = {}, .recorded = true, .undo = recorded});
      EXPECT_TRUE(back) << back.error().message;
      if (back) words = back->words;
      return {};
    });
    return words;
  };
  const auto first = make();
  ASSERT_EQ(first.status, SC_OK) << first.error_json;
  EXPECT_TRUE(made.made);
  EXPECT_EQ(made.versioning, objects::Versioning::kOn);
  const Value recorded = host_.undos.back().at("data");
  ASSERT_EQ(make().status, SC_OK);
  EXPECT_FALSE(made.made);
  EXPECT_THAT(host_.undos, IsEmpty());
  ASSERT_EQ(put("state", "one").status, SC_OK);
  const Value of_object = host_.undos.back().at("data");
  EXPECT_THAT(take_back(recorded), ElementsAre("s3://another stays: it is not empty"));
  ask([&](sdk::Call& call) -> Result<> {
    auto back = source_->undo_objects_put(
        call, {.args = {}, .result = {}, .recorded = true, .undo = of_object});
    EXPECT_TRUE(back) << back.error().message;
    return {};
  });
  EXPECT_THAT(take_back(recorded), ElementsAre("removed the bucket s3://another"));
  EXPECT_THAT(take_back(recorded), ElementsAre("s3://another is not there"));
}

TEST_P(S3RealTest, ABucketThatWasThereKeepsVersionsAndTheWayBackEndsThat) {
  BucketResult made;
  const auto done = act([&](sdk::Call& call) -> Result<> {
    auto answer = source_->make_bucket(call, {});
    if (!answer) return fail(answer.error());
    made = *answer;
    return {};
  });
  ASSERT_EQ(done.status, SC_OK) << done.error_json;
  EXPECT_FALSE(made.made);
  EXPECT_EQ(made.versioning, objects::Versioning::kOn);
  const Value recorded = host_.undos.back().at("data");
  ask([&](sdk::Call& call) -> Result<> {
    auto back = source_->undo_make_bucket(
        call, {.args = {}, .result = {}, .recorded = true, .undo = recorded});
    EXPECT_TRUE(back) << back.error().message;
    return {};
  });
  const auto now = session([](Session& session) -> Result<> {
    auto versioning = versioning_of(session);
    EXPECT_EQ(*versioning, objects::Versioning::kSuspended);
    return {};
  });
  EXPECT_EQ(now.status, SC_OK);
}

INSTANTIATE_TEST_SUITE_P(Stores, S3RealTest,
                         testing::Values(Real{"minio", "MinIO"}, Real{"versitygw", "VERSITYGW"}),
                         [](const auto& given) { return std::string(given.param.name); });

}  // namespace
}  // namespace s3
