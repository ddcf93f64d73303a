// The runbooks that ship, run against a gate that only remembers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "fakes/fake_gate.hpp"
#include "runbook/runbook.hpp"

namespace snapcore::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class EtcdRestoreTest : public ::testing::Test {
 protected:
  EtcdRestoreTest() {
    FakeInstance backups{.plugin = "files", .roles = {Role::kSource}};
    for (const char* operation : {"latest", "stat"}) {
      backups.operations[operation] = {
          .args = Value::object(),
          .result = Value::object(),
          .answer = [](const Value&) -> Result<Answer> {
            Answer artifact;
            artifact.known = Value::object({{"ref", "a.db"}, {"source", "backups"}});
            return artifact;
          }};
    }
    FakeInstance cluster{.plugin = "etcd", .roles = {Role::kTarget}};
    cluster.operations["restore"] = {};
    cluster.operations["expect_keys"] = {};
    gate_.instances = {
        {"backups", backups}, {"etcd_prod", cluster}, {"etcd_lab", cluster}, {"shelf", backups}};
  }

  Result<> run(const std::map<std::string, std::string>& set) {
    const auto root = std::filesystem::path(std::getenv("SNAPCORE_SOURCE"));
    const auto runbook = Runbook::load(root / "scripts/lua/etcd-restore.lua");
    if (!runbook) return fail(runbook.error());
    return runbook->run(gate_, set);
  }

  std::vector<std::string> calls() const {
    std::vector<std::string> calls;
    for (const auto& line : gate_.log) {
      if (line.rfind("call ", 0) == 0) calls.push_back(line.substr(5, line.rfind(" at ") - 5));
    }
    return calls;
  }

  FakeGate gate_;
};

TEST_F(EtcdRestoreTest, RestoresFromTheNewestSnapshot) {
  const auto ran = run({});
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_THAT(calls(),
              ElementsAre(R"(backups.latest {"kind":"etcd-snapshot"})",
                          R"(etcd_prod.restore {"from":{"ref":"a.db","source":"backups"}})"));
}

TEST_F(EtcdRestoreTest, TakesWhatIsAskedFor) {
  const auto ran = run({{"target", "etcd_lab"},
                        {"source", "shelf"},
                        {"before", "2026-01-31T04:05:06Z"},
                        {"prefix", "/registry/"},
                        {"at_least", "4"}});
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_THAT(
      calls(),
      ElementsAre(R"(shelf.latest {"before":"2026-01-31T04:05:06Z","kind":"etcd-snapshot"})",
                  StartsWith("etcd_lab.restore "),
                  R"(etcd_lab.expect_keys {"at_least":4,"prefix":"/registry/"})"));
}

TEST_F(EtcdRestoreTest, TakesOneSnapshotByItsRef) {
  const auto ran = run({{"ref", "a.db"}});
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_THAT(calls(), Contains(R"(backups.stat {"ref":"a.db"})"));
}

TEST_F(EtcdRestoreTest, RefusesParametersItDoesNotKnow) {
  const auto ran = run({{"befor", "2026-01-31T04:05:06Z"}});
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code, "runbook.unknown_parameter");
  EXPECT_THAT(ran.error().hint, HasSubstr("--set before="));
  EXPECT_TRUE(calls().empty());
}

}  // namespace
}  // namespace snapcore::test
