// The plugin as the core sees it: through the C table, with JSON on both sides.
#include <gmock/gmock.h>

#include <fstream>

#include "disk_cluster.hpp"
#include "plugin_files.hpp"
#include "test_context.hpp"

namespace etcd {
namespace {

namespace fs = std::filesystem;
using snapcore::Entry;
using snapcore::Instance;
using snapcore::TestContext;
using snapcore::Value;
using test::DiskCluster;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::SizeIs;

class EtcdPlugin : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    snapcore::use_scan_child();
    auto loaded = snapcore::Plugin::load(
        {"etcd", snapcore::build_folder() / "lib" / "snapcore" / "plugins" / "etcd.so"});
    ASSERT_TRUE(loaded) << loaded.error().message;
    plugin_ = *loaded;
  }

  void SetUp() override {
    context_.inputs = [this](const Value&,
                             std::uint64_t) -> Result<std::unique_ptr<snapcore::InputStream>> {
      return std::make_unique<snapcore::TextInput>(bytes_);
    };
    auto made =
        Instance::create(plugin_, "prod", snapcore::sdk::to_value(cluster_.config), context_);
    ASSERT_TRUE(made) << made.error().message;
    instance_ = *made;
  }

  Result<Value> run(const char* operation, Value args, Entry entry = Entry::kExecute) {
    static constexpr const char* kEntries[] = {"plan", "execute", "probe", "compensate"};
    context_.facts["entry"] = kEntries[static_cast<std::size_t>(entry)];
    return snapcore::run_call({.plugin = plugin_.get(),
                               .instance = instance_.get(),
                               .operation = plugin_->manifest().find(operation),
                               .entry = entry,
                               .args = std::move(args),
                               .context = &context_});
  }

  Value artifact() const {
    return Value::object(
        {{"ref", "snap.db"}, {"name", "snap.db"}, {"source", "s"}, {"size", bytes_.size()}});
  }
  static Value later(const char* field) {
    return Value::object(
        {{"$later",
          Value::object({{"call", "root#1.stage"}, {"field", field}, {"type", "object"}})}});
  }

  static std::shared_ptr<const snapcore::Plugin> plugin_;
  DiskCluster cluster_{{.members = 2}};
  std::string bytes_ = DiskCluster::snapshot();
  TestContext context_;
  std::shared_ptr<Instance> instance_;
};

std::shared_ptr<const snapcore::Plugin> EtcdPlugin::plugin_;

TEST_F(EtcdPlugin, ManifestPromisesAWayBack) {
  const snapcore::Manifest& manifest = plugin_->manifest();
  EXPECT_TRUE(manifest.has_role(snapcore::Role::kTarget));
  ASSERT_THAT(manifest.kinds, SizeIs(1));
  EXPECT_EQ(manifest.kinds[0].kind, "etcd-snapshot");
  for (const char* act : {"stage", "activate"}) {
    EXPECT_EQ(manifest.find(act)->effect, snapcore::Effect::kChange) << act;
    EXPECT_EQ(manifest.find(act)->undo.kind, snapcore::UndoRule::Kind::kCompensate) << act;
  }
  for (const char* read : {"inspect", "examine", "check", "status"})
    EXPECT_EQ(manifest.find(read)->effect, snapcore::Effect::kRead) << read;
  for (const char* verify : {"health", "expect_keys"})
    EXPECT_EQ(manifest.find(verify)->effect, snapcore::Effect::kVerify) << verify;
}

TEST_F(EtcdPlugin, PlanningReadsAndChangesNothing) {
  cluster_.live_once();
  const auto before = cluster_.tree();

  ASSERT_TRUE(run("inspect", Value::object()));
  const auto examined = run("examine", Value::object({{"artifact", artifact()}}));
  ASSERT_TRUE(examined) << examined.error().message;
  const auto stage = run("stage", Value::object({{"from", artifact()}}), Entry::kPlan);
  ASSERT_TRUE(stage) << stage.error().message;
  const auto activate = run("activate", Value::object({{"staged", later("handle")}}), Entry::kPlan);
  ASSERT_TRUE(activate) << activate.error().message;
  ASSERT_TRUE(run("health", Value::object({{"expected", later("expected")}}), Entry::kPlan));

  EXPECT_EQ(cluster_.tree(), before);
  EXPECT_THAT(stage->at("cost").at("space").items(), SizeIs(1));
  EXPECT_EQ(stage->at("resources"), activate->at("resources"));
  EXPECT_THAT(activate->at("keeps").dump(), HasSubstr(".backup-<time>"));
  EXPECT_THAT(cluster_.who_runs(), ElementsAreArray(cluster_.all_of(cluster_.old_cluster_id)));
}

TEST_F(EtcdPlugin, SnapshotOfALaterVersionForServersThatNobodyKnowsIsAConcern) {
  bytes_ = test::etcd_content(40, true).snapshot();
  const auto examined = run("examine", Value::object({{"artifact", artifact()}}));
  ASSERT_TRUE(examined) << examined.error().message;
  const Value& concerns = examined->at("concerns");
  ASSERT_THAT(concerns.items(), SizeIs(1));
  EXPECT_EQ(concerns.items()[0].at("guard").text(), "version");
  EXPECT_THAT(concerns.items()[0].at("message").text(), HasSubstr("server_version"));
}

TEST_F(EtcdPlugin, AuthenticationIsAConcernSinceNobodyCanAskForItsHealth) {
  test::EtcdContent content = test::etcd_content(40);
  content.auth[0].value = "\x01";
  bytes_ = content.snapshot();
  const auto examined = run("examine", Value::object({{"artifact", artifact()}}));
  ASSERT_TRUE(examined) << examined.error().message;
  const Value& concerns = examined->at("concerns");
  ASSERT_THAT(concerns.items(), SizeIs(1));
  EXPECT_EQ(concerns.items()[0].at("guard").text(), "healthy");
  EXPECT_THAT(concerns.items()[0].at("message").text(), HasSubstr("the instance names no user"));
  EXPECT_EQ(run("stage", Value::object({{"from", artifact()}})).error().code,
            "etcd.authentication");
  EXPECT_TRUE(run("stage", Value::object({{"from", artifact()},
                                          {"waived", Value::array({Value("healthy")})}})));
}

TEST_F(EtcdPlugin, ExaminationWithoutAnInstanceLeavesOutWhoWillReadIt) {
  test::EtcdContent content = test::etcd_content(40, true);
  content.auth[0].value = "\x01";
  bytes_ = content.snapshot();
  instance_.reset();
  const auto examined = run("examine", Value::object({{"artifact", artifact()}}));
  ASSERT_TRUE(examined) << examined.error().message;
  EXPECT_THAT(examined->at("concerns").items(), SizeIs(0)) << examined->dump();
  EXPECT_THAT(examined->at("contents").at("authentication").text(), HasSubstr("enabled"));
}

TEST_F(EtcdPlugin, ReadingsOfADamagedFileAnswerAndSayIt) {
  bytes_.back() = static_cast<char>(bytes_.back() ^ 1);
  for (const char* read : {"export", "hashkv", "stats"}) {
    const auto answer = run(read, Value::object({{"artifact", artifact()}}));
    ASSERT_TRUE(answer) << read << ": " << answer.error().message;
    EXPECT_EQ(answer->at("verified"), Value(false)) << read;
    EXPECT_THAT(answer->at("problems").dump(), HasSubstr("the SHA-256 at its end")) << read;
    EXPECT_THAT(context_.logged(), HasSubstr("2 snap.db is damaged")) << read;
  }
  bytes_[20] = static_cast<char>(bytes_[20] ^ 1);
  for (const char* read : {"keys", "get", "history", "diff"}) {
    const std::string name = read;
    Value args = Value::object({{"artifact", artifact()}});
    if (name == "get" || name == "history") args["key"] = "key/1";
    if (name == "diff") args = Value::object({{"a", artifact()}, {"b", artifact()}});
    const auto answer = run(read, args);
    ASSERT_TRUE(answer) << read << ": " << answer.error().message;
    EXPECT_EQ(answer->at("verified"), Value(false)) << read;
    EXPECT_THAT(answer->at("problems").dump(), HasSubstr("one of its two meta pages")) << read;
  }
}

TEST_F(EtcdPlugin, ReadingsNeedNoInstance) {
  instance_.reset();
  for (const char* read :
       {"examine", "keys", "get", "history", "export", "hashkv", "stats", "diff"}) {
    const snapcore::Operation* operation = plugin_->manifest().find(read);
    ASSERT_TRUE(operation) << read;
    EXPECT_FALSE(operation->needs_instance) << read;
    EXPECT_EQ(operation->effect, snapcore::Effect::kRead) << read;
    Value args = Value::object({{"artifact", artifact()}});
    const std::string name = read;
    if (name == "get" || name == "history") args["key"] = "key/1";
    if (name == "diff") args = Value::object({{"a", artifact()}, {"b", artifact()}});
    const auto answer = run(read, args);
    EXPECT_TRUE(answer) << read << ": " << answer.error().message;
  }
}

TEST_F(EtcdPlugin, RestoreGoesThroughAndCanBeTakenBack) {
  cluster_.live_once();
  const auto before = cluster_.tree();
  const auto staged = run("stage", Value::object({{"from", artifact()}}));
  ASSERT_TRUE(staged) << staged.error().message;
  const Value handle = Value::object({{"staged", staged->at("handle")}});
  ASSERT_TRUE(run("check", handle));
  context_.undos.clear();

  const auto activated = run("activate", handle);

  ASSERT_TRUE(activated) << activated.error().message;
  const auto healthy =
      run("health", Value::object({{"expected", staged->at("expected")}, {"deadline", "20s"}}));
  ASSERT_TRUE(healthy) << healthy.error().message;
  EXPECT_THAT(healthy->at("words").dump(), HasSubstr("backend hash"));
  EXPECT_EQ(run("activate", handle, Entry::kProbe)->at("state").text(), "done");

  ASSERT_THAT(context_.undos, SizeIs(1));
  const auto undone = run(
      "activate",
      Value::object({{"args", handle}, {"result", *activated}, {"undo", context_.undos.front()}}),
      Entry::kCompensate);
  ASSERT_TRUE(undone) << undone.error().message;
  ASSERT_TRUE(run("discard", handle));
  EXPECT_EQ(cluster_.tree(), before);
  EXPECT_THAT(cluster_.who_runs(), ElementsAreArray(cluster_.all_of(cluster_.old_cluster_id)));
}

TEST_F(EtcdPlugin, CompensationsAcceptThatNothingWasRecorded) {
  const Value nothing = Value::object(
      {{"args", Value::object({{"from", artifact()}})}, {"result", Value()}, {"undo", Value()}});
  EXPECT_TRUE(run("stage", nothing, Entry::kCompensate));
}

TEST_F(EtcdPlugin, BadSettingsAreNamed) {
  Value config = snapcore::sdk::to_value(cluster_.config);
  config["ca"] = "/nowhere/ca.crt";
  const auto made = Instance::create(plugin_, "prod", config, context_);
  ASSERT_FALSE(made);
  EXPECT_THAT(snapcore::to_value(made.error()).dump(), HasSubstr("/nowhere/ca.crt"));
}

}  // namespace
}  // namespace etcd
