#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <format/hash_kv.hpp>
#include <format/key_space.hpp>
#include <format/key_table.hpp>
#include <format/kubernetes.hpp>
#include <format/sip_hash.hpp>
#include <format/snapshot.hpp>

#include "history.hpp"

namespace etcd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::string> changes_up_to(const std::string& file, std::int64_t revision) {
  const auto space = KeySpace::open(FileBytes(bytes_of(file)), "s.db").value();
  std::vector<std::string> found;
  NewestFirst changes(space, revision);
  for (Change change; changes.next(change);) {
    found.push_back(std::to_string(change.at.revision.main) + " " +
                    (change.at.tombstone ? "-" : "+") + std::string(change.key));
  }
  EXPECT_FALSE(changes.problem());
  return found;
}

TEST(KeySpace, ChangesComeNewestFirstUpToTheRevision) {
  test::History history;
  history.put("a", "1");
  history.put("b", "1");
  history.remove("a");
  history.put("a", "2");
  const std::string file = history.content().database();
  EXPECT_THAT(changes_up_to(file, 5), ElementsAre("5 +a", "4 -a", "3 +b", "2 +a"));
  EXPECT_THAT(changes_up_to(file, 3), ElementsAre("3 +b", "2 +a"));
  EXPECT_THAT(changes_up_to(file, 1), IsEmpty());
}

TEST(KeySpace, RevisionsOutsideOfTheFileAreRefusedWithTheRangeItHolds) {
  test::History history;
  for (int i = 0; i < 20; ++i) history.put("k", std::to_string(i));
  const std::string file = history.content(10).snapshot();
  const auto space = KeySpace::open(FileBytes(bytes_of(file)), "s.db").value();
  EXPECT_EQ(space.choose({}).value(), 21);
  for (std::int64_t revision = 10; revision <= 21; ++revision)
    EXPECT_EQ(space.choose(revision).value(), revision);
  EXPECT_EQ(space.choose(9).error().code, "etcd.revision_compacted");
  EXPECT_THAT(space.choose(9).error().message, HasSubstr("10 to 21"));
  EXPECT_EQ(space.choose(22).error().code, "etcd.revision_in_future");
  EXPECT_THAT(space.choose(22).error().message, HasSubstr("10 to 21"));
}

TEST(KeySpace, AnEmptyStoreIsAtRevisionOne) {
  const std::string file = test::History().content().snapshot();
  const auto space = KeySpace::open(FileBytes(bytes_of(file)), "s.db").value();
  EXPECT_EQ(space.revision(), 1);
  EXPECT_THAT(changes_up_to(file, 1), IsEmpty());
  EXPECT_EQ(hash_kv(space, 1).value(), 0x40a4756du) << "of the bucket's name alone";
}

TEST(KeySpace, SurvivesEveryFlippedByteAndEveryTruncation) {
  const std::string good = test::etcd_content(40).database();
  const auto look = [](const std::string& bytes) {
    const auto space = KeySpace::open(FileBytes(bytes_of(bytes)), "s.db");
    if (!space) return;
    NewestFirst changes(*space, space->revision());
    for (Change change; changes.next(change);) (void)space->decode(change);
    (void)hash_kv(*space, space->revision());
  };
  for (std::size_t i = 0; i < good.size(); i += 3) {
    std::string bad = good;
    bad[i] = static_cast<char>(~bad[i]);
    look(bad);
  }
  for (std::size_t length = 0; length < good.size(); length += 61) look(good.substr(0, length));
}

TEST(HashKv, SkipsWhatACompactionWouldTakeAndCountsTheRest) {
  test::History history;
  history.put("a", "1");
  history.put("a", "2");
  history.put("b", "1");
  history.remove("b");
  history.put("c", "1");
  const std::string whole = history.content(4).database();
  // The same store when the compaction is done: a's first value is gone, and all of b.
  test::EtcdContent content = history.content(4);
  content.key.erase(content.key.begin());
  const std::string compacted = content.database();
  const auto hash = [](const std::string& file, std::int64_t revision) {
    return hash_kv(KeySpace::open(FileBytes(bytes_of(file)), "s.db").value(), revision).value();
  };
  for (std::int64_t revision = 4; revision <= 6; ++revision)
    EXPECT_EQ(hash(whole, revision), hash(compacted, revision)) << revision;
  EXPECT_NE(hash(whole, 5), hash(whole, 6));
}

// The vectors of SipHash-2-4 do not fit 1-3; what counts is that all bits move.
TEST(SipHash, EveryBitOfTheInputAndOfTheKeyCounts) {
  const std::string text(40, 'x');
  const Hash128 before = SipHash(1, 2)(bytes_of(text));
  for (std::size_t i = 0; i < 8 * text.size(); ++i) {
    std::string other = text;
    other[i / 8] = static_cast<char>(other[i / 8] ^ (1 << (i % 8)));
    const Hash128 after = SipHash(1, 2)(bytes_of(other));
    EXPECT_NE(before.low, after.low);
    EXPECT_NE(before.high, after.high);
  }
  EXPECT_NE(SipHash(1, 3)(bytes_of(text)).low, before.low);
  EXPECT_NE(SipHash(1, 2)(bytes_of(text + std::string(1, '\0'))).low, before.low);
}

TEST(KeyTable, RemembersEveryKeyInAtMost32BytesEach) {
  KeyTable table;
  constexpr std::uint64_t kKeys = 100'000;
  for (std::uint64_t i = 0; i < kKeys; ++i) {
    const std::string key = "/registry/pods/default/pod-" + std::to_string(i);
    const auto found = table.find_or_add(bytes_of(key));
    ASSERT_TRUE(found.added);
    found.slot->set_payload(i);
    if (i > 2000) {
      ASSERT_LE(table.memory(), 32 * table.size());
    }
  }
  for (std::uint64_t i = 0; i < kKeys; ++i) {
    const auto found =
        table.find_or_add(bytes_of("/registry/pods/default/pod-" + std::to_string(i)));
    ASSERT_FALSE(found.added);
    ASSERT_EQ(found.slot->payload(), i);
  }
  EXPECT_EQ(table.size(), kKeys);
}

TEST(Kubernetes, TheEnvelopeTellsKindNamespaceAndName) {
  const auto object =
      kubernetes_object("/registry/deployments/kube-system/coredns",
                        test::envelope("apps/v1", "Deployment", "kube-system", "coredns"));
  ASSERT_TRUE(object);
  EXPECT_EQ(object->api_version, "apps/v1");
  EXPECT_EQ(object->words(), "Deployment kube-system/coredns");
}

TEST(Kubernetes, ThePathTellsWhereTheValueDoesNot) {
  const std::vector<std::pair<std::string, std::string>> paths = {
      {"/registry/namespaces/default", "namespaces default"},
      {"/registry/secrets/default/token", "secrets default/token"},
      {"/registry/services/specs/default/kubernetes", "services default/kubernetes"},
      {"/registry/services/endpoints/default/kubernetes", "endpoints default/kubernetes"},
      {"/registry/example.com/widgets/prod/left", "widgets.example.com prod/left"},
      {"/registry/apiregistration.k8s.io/apiservices/v1.apps",
       "apiservices.apiregistration.k8s.io v1.apps"},
      {"/registry/health", "health"},
      {"/kubernetes.io/configmaps/a/b", "configmaps a/b"}};
  for (const auto& [path, words] : paths) {
    for (const std::string value : {"{\"kind\":\"Widget\"}", "k8s:enc:aescbc:v1:key1:???", ""}) {
      const auto object = kubernetes_object(path, value);
      ASSERT_TRUE(object) << path;
      EXPECT_EQ(object->words(), words);
    }
  }
  EXPECT_FALSE(kubernetes_object("/other/pods/a/b", "v"));
  EXPECT_FALSE(kubernetes_object("registry", "v"));
}

TEST(Kubernetes, BrokenEnvelopesLeaveThePath) {
  const std::string good = test::envelope("v1", "Pod", "default", "web", "running");
  for (std::size_t length = 0; length < good.size(); ++length) {
    const auto object = kubernetes_object("/registry/pods/default/web", good.substr(0, length));
    ASSERT_TRUE(object);
    EXPECT_THAT(object->words(), HasSubstr("default/web")) << length;
  }
}

TEST(Snapshot, CountsTheKeysThatAreThereAndTheEntryOfARaisedRevisionIsNone) {
  test::History history;
  history.put("a", "1");
  history.put("a", "2");
  history.put("b", "1");
  history.remove("b");
  history.put("c", "1");
  const std::string file = history.content().snapshot();
  const auto examined = examine(bytes_of(file), "s.db").value();
  EXPECT_EQ(examined.live_keys, 2u);
  EXPECT_EQ(examined.revisions, 5u);
  EXPECT_FALSE(examined.kubernetes);
  EXPECT_FALSE(examined.has_raising_entry);
  history.remove("c");
  history.bump(1000);
  const std::string bumped = history.content().snapshot();
  const auto after = examine(bytes_of(bumped), "s.db").value();
  EXPECT_EQ(after.live_keys, 1u);
  EXPECT_TRUE(after.has_raising_entry) << "which etcd 3.6 counts as the key ''";
}

TEST(Snapshot, NamesZombiesAndForgottenPromotions) {
  test::EtcdContent content = test::etcd_content(5, true);
  const std::uint64_t other = ~std::uint64_t{0};
  for (auto& entry : content.meta) {
    if (entry.key == "confState")
      entry.value = "{\"voters\":[161],\"auto_leave\":false}";  // a1, recorded as a learner
  }
  const std::string file = content.snapshot();
  const auto examined = examine(bytes_of(file), "s.db").value();
  ASSERT_THAT(zombies_of(examined), SizeIs(1));
  EXPECT_EQ(zombies_of(examined)[0].id, other);
  ASSERT_THAT(forgotten_promotions_of(examined), SizeIs(1));
  EXPECT_EQ(forgotten_promotions_of(examined)[0].id, 0xa1u);
  const std::string old = test::etcd_content(5).snapshot();
  EXPECT_THAT(zombies_of(examine(bytes_of(old), "s.db").value()), IsEmpty())
      << "3.4 keeps no confState to compare with";
}

TEST(Snapshot, OfADamagedFileItSaysAllThatIsWrongAndWhatCanBeRead) {
  test::EtcdContent content = test::etcd_content(30);
  content.key[3].value = "no message";
  content.key[9].value = "none either";
  std::string file = content.snapshot();
  file.back() = static_cast<char>(~file.back());
  const auto examined = examine(bytes_of(file), "s.db");
  ASSERT_FALSE(examined);
  EXPECT_EQ(examined.error().code, "etcd.snapshot_hash_mismatch");
  EXPECT_THAT(examined.error().message, HasSubstr("entry 3"));
  EXPECT_THAT(examined.error().message, HasSubstr("entry 9"));
  EXPECT_THAT(examined.error().hint, HasSubstr("up to revision 31"));
}

}  // namespace
}  // namespace etcd
