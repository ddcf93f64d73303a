// What can be asked of a file without a server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <reading/reading.hpp>
#include <reading/text.hpp>

#include "format/history.hpp"

namespace etcd {
namespace {

using snapcore::Value;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;
using testing::UnorderedElementsAre;

// A file, and what a reading of it hands over.
struct File {
  explicit File(std::string content)
      : bytes(std::move(content)),
        space(KeySpace::open(FileBytes(bytes_of(bytes)), "s.db").value()) {}
  File(const test::History& history, std::int64_t compacted = 0)
      : File(history.content(compacted).snapshot()) {}

  std::string bytes;
  KeySpace space;
};

struct Handed {
  std::vector<Value> items;
  Reading reading{.canceled = {}, .emit = [this](Value item) -> Result<> {
                    items.push_back(std::move(item));
                    return {};
                  }};
  std::vector<std::string> all(std::string_view member) const {
    std::vector<std::string> found;
    for (const Value& item : items) found.push_back(item.at(member).text());
    return found;
  }
};

test::History some_history() {
  test::History history;
  history.put("a/1", "one");       // 2
  history.put("a/2", "two");       // 3
  history.put("b/1", "three", 7);  // 4
  history.remove("a/1");           // 5
  history.put("a/2", "TWO");       // 6
  return history;
}

TEST(Keys, AreThoseThatWereThereAtTheRevisionTheLatestChangedFirst) {
  const File file(some_history());
  const std::vector<std::vector<std::string>> at = {
      {}, {"a/1"}, {"a/2", "a/1"}, {"b/1", "a/2", "a/1"}, {"b/1", "a/2"}, {"a/2", "b/1"}};
  for (std::int64_t revision = 1; revision <= 6; ++revision) {
    Handed handed;
    const auto counted = list_keys(file.space, {.revision = revision}, handed.reading);
    ASSERT_TRUE(counted) << counted.error().message;
    EXPECT_EQ(handed.all("key"), at[static_cast<std::size_t>(revision - 1)]) << revision;
    EXPECT_EQ(counted->count, handed.items.size());
  }
  Handed handed;
  ASSERT_TRUE(list_keys(file.space, {.prefix = "a/"}, handed.reading));
  EXPECT_THAT(handed.all("key"), ElementsAre("a/2"));
}

TEST(Keys, AreReadTheSameThroughADescriptor) {
  const File file(some_history());
  const test::TemporaryFile on_disk(file.bytes);
  const auto space = KeySpace::open(FileBytes(on_disk.fd(), file.bytes.size()), "s.db").value();
  Handed in_memory, through_descriptor;
  ASSERT_TRUE(export_keys(file.space, {}, in_memory.reading));
  ASSERT_TRUE(export_keys(space, {}, through_descriptor.reading));
  EXPECT_EQ(in_memory.items, through_descriptor.items);
}

TEST(Keys, TheEntryOfARevisionBumpIsNobodys) {
  test::History history = some_history();
  history.bump(1000);
  const File file(history);
  Handed handed;
  EXPECT_EQ(list_keys(file.space, {}, handed.reading)->revision, 1006);
  EXPECT_THAT(handed.all("key"), ElementsAre("a/2", "b/1"));
}

TEST(Keys, OfAnyBytesCanBeAskedForAsTheyArePrinted) {
  const std::string strange("\xff\0k", 3);
  test::History history;
  history.put(strange, "v");
  history.put("plain", "v");
  const File file(history);
  Handed handed;
  ASSERT_TRUE(list_keys(file.space, {}, handed.reading));
  EXPECT_EQ(handed.items[0].at("words"), Value::array({"plain"}));
  EXPECT_EQ(handed.items[1].at("words"), Value::array({"\\xff\\x00k  (base64 /wBr)"}));
  EXPECT_EQ(handed.items[1].at("key_base64").text(), "/wBr");
  Handed one, all, changes;
  ASSERT_TRUE(get_key(file.space, {.key_base64 = "/wBr"}, one.reading));
  EXPECT_THAT(one.all("value"), ElementsAre("v"));
  EXPECT_EQ(history_of(file.space, {.key_base64 = "/wBr"}, changes.reading)->count, 1u);
  EXPECT_EQ(list_keys(file.space, {.prefix_base64 = "/wA="}, all.reading)->count, 1u);
  EXPECT_EQ(export_keys(file.space, {.prefix_base64 = "/wA="}, all.reading)->count, 1u);
  EXPECT_EQ(compare(file.space, file.space, {.prefix_base64 = "/wA="}, all.reading)->unchanged, 1u);
}

TEST(Keys, ThatAreTextWithAZeroByteAreGivenAsBase64Too) {
  test::History history;
  history.put(std::string("a\0b", 3), "v");
  const File file(history);
  Handed handed;
  ASSERT_TRUE(list_keys(file.space, {}, handed.reading));
  EXPECT_EQ(handed.items[0].at("key").text(), std::string("a\0b", 3));
  EXPECT_EQ(handed.items[0].at("key_base64").text(), "YQBi");
}

TEST(Keys, AreAskedForInOneWay) {
  const File file(some_history());
  Handed handed;
  for (const GetArgs& args :
       {GetArgs{}, GetArgs{.key = "a/2", .key_base64 = "YS8y"}, GetArgs{.key_base64 = "a/2"}}) {
    EXPECT_EQ(get_key(file.space, args, handed.reading).error().code, "arguments.bad_value");
    EXPECT_EQ(history_of(file.space, args, handed.reading).error().code, "arguments.bad_value");
  }
  EXPECT_EQ(list_keys(file.space, {.prefix_base64 = "?"}, handed.reading).error().code,
            "arguments.bad_value");
}

TEST(HashKv, SaysOfCompactionsWhatAMemberSays) {
  Handed handed;
  const auto never = hash_of(File(some_history()).space, {}, handed.reading);
  EXPECT_EQ(never->compact_revision, -1);
  EXPECT_THAT(never->words, ElementsAre(HasSubstr("at revision 6, never compacted")));
  const auto once = hash_of(File(some_history(), 4).space, {}, handed.reading);
  EXPECT_EQ(once->compact_revision, 4);
  EXPECT_THAT(once->words, ElementsAre(HasSubstr("compacted to 4")));
}

TEST(Soundness, OfAWholeSnapshotIsShownByItsDigestAlone) {
  const File file(some_history());
  Soundness sound = look_over(FileBytes(bytes_of(file.bytes)), file.space);
  EXPECT_FALSE(sound.verified);
  EXPECT_FALSE(sound.problems);
  EXPECT_FALSE(DigestBeside(FileBytes(bytes_of(file.bytes)), "s.db").finish(sound));
  EXPECT_TRUE(sound.verified);
  EXPECT_FALSE(sound.problems);
}

TEST(Soundness, OfACopiedDatabaseIsNotShownAndNotDoubted) {
  const File file(some_history().content(0).database());
  Soundness sound = look_over(FileBytes(bytes_of(file.bytes)), file.space);
  EXPECT_FALSE(DigestBeside(FileBytes(bytes_of(file.bytes)), "s.db").finish(sound));
  EXPECT_FALSE(sound.verified);
  EXPECT_FALSE(sound.problems);
}

TEST(Soundness, NamesWhatAnExaminationWouldRefuse) {
  const std::string whole = some_history().content(0).snapshot();
  const auto seen = [](const std::string& bytes) {
    const File file(bytes);
    Soundness sound = look_over(FileBytes(bytes_of(file.bytes)), file.space);
    DigestBeside(FileBytes(bytes_of(file.bytes)), "s.db").finish(sound);
    EXPECT_FALSE(sound.verified);
    return sound.problems.value_or(std::vector<std::string>());
  };
  std::string other = whole;
  other.back() ^= 1;
  EXPECT_THAT(seen(other), ElementsAre(HasSubstr("s.db is damaged: the SHA-256 at its end is ")));
  EXPECT_THAT(seen(whole.substr(0, whole.size() - 5)),
              ElementsAre(HasSubstr("behind its pages stand 27 bytes")));
  std::string longer = whole;
  longer.insert(longer.size() - 32, 1024, '\0');
  EXPECT_THAT(seen(longer), Contains(HasSubstr("but the digest stands at byte")));
  std::string one_meta = whole;
  one_meta[20] ^= 1;
  EXPECT_THAT(seen(one_meta), Contains(HasSubstr("one of its two meta pages is not whole")));
}

TEST(Get, ShowsTheValueOfItsTime) {
  const File file(some_history());
  Handed now, then;
  ASSERT_TRUE(get_key(file.space, {.key = "a/2"}, now.reading));
  EXPECT_THAT(now.all("value"), ElementsAre("TWO"));
  EXPECT_EQ(now.items[0].at("version").int_or(0), 2);
  ASSERT_TRUE(get_key(file.space, {.key = "a/2", .revision = 5}, then.reading));
  EXPECT_THAT(then.all("value"), ElementsAre("two"));
}

TEST(Get, OfADeletedKeySaysWhenItWent) {
  const File file(some_history());
  Handed handed;
  const auto got = get_key(file.space, {.key = "a/1"}, handed.reading);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, "etcd.key_not_found");
  EXPECT_THAT(got.error().message, HasSubstr("deleted at revision 5"));
}

TEST(Export, LargeValuesComeInPartsThatFitAnItem) {
  for (const std::size_t size : {0u, 1u, 131072u, 131073u, 524288u, 524289u, 1500000u}) {
    test::History history;
    history.put("big", std::string(size, '\x01'));
    const File file(history);
    Handed handed;
    ASSERT_TRUE(export_keys(file.space, {}, handed.reading));
    std::size_t parts = 0;
    for (const Value& item : handed.items) {
      EXPECT_LT(item.dump().size(), std::size_t{1} << 20);
      EXPECT_EQ(item.at("size").uint_or(0), size);
      if (item.has("part")) {
        EXPECT_EQ(item.at("part").uint_or(0), ++parts);
      }
    }
    EXPECT_EQ(handed.items.size(), size <= 524288 ? 1u : (size + 524287) / 524288) << size;
  }
}

TEST(HistoryOfAKey, IsEveryChangeThatWasNotCompacted) {
  const File file(some_history(), 4);
  Handed handed;
  ASSERT_TRUE(history_of(file.space, {.key = "a/2"}, handed.reading));
  EXPECT_THAT(handed.all("words"), ElementsAre("6  put  version 2  3 B", "3  put  version 1  3 B"));
  Handed removed;
  ASSERT_TRUE(history_of(file.space, {.key = "a/1"}, removed.reading));
  EXPECT_THAT(removed.all("change"), ElementsAre("delete", "put"));
  Handed none;
  EXPECT_EQ(history_of(file.space, {.key = "z"}, none.reading).error().code, "etcd.key_not_found");
}

TEST(Readings, RefuseRevisionsThatTheFileDoesNotHold) {
  const File file(some_history(), 4);
  for (const std::int64_t revision : {3, 7}) {
    Handed handed;
    const std::string code = revision == 3 ? "etcd.revision_compacted" : "etcd.revision_in_future";
    EXPECT_EQ(list_keys(file.space, {.revision = revision}, handed.reading).error().code, code);
    EXPECT_EQ(get_key(file.space, {.key = "a", .revision = revision}, handed.reading).error().code,
              code);
    EXPECT_EQ(hash_of(file.space, {.revision = revision}, handed.reading).error().code, code);
    EXPECT_THAT(handed.items, IsEmpty());
  }
}

TEST(Readings, EndWhenAsked) {
  test::History history;
  for (int i = 0; i < 20000; ++i) history.put("k", "v");
  const File file(history);
  Handed handed;
  handed.reading.canceled = [] { return true; };
  EXPECT_EQ(list_keys(file.space, {}, handed.reading).error().code, "etcd.canceled");
  EXPECT_EQ(stats_of(file.space, {}, handed.reading).error().code, "etcd.canceled");
  EXPECT_EQ(compare(file.space, file.space, {}, handed.reading).error().code, "etcd.canceled");
}

// A file with one page of bucket `key` changed, below which there are many.
class Torn : public testing::Test {
 protected:
  static constexpr std::size_t kPage = 1024;

  Torn() {
    for (int i = 0; i < 60; ++i) history_.put("k" + std::to_string(i % 50), std::to_string(i));
  }

  // Where the leaves of bucket `key` begin, the oldest changes first.
  static std::vector<std::size_t> leaves(const std::string& file) {
    std::vector<std::size_t> found;
    for (std::size_t at = 2 * kPage; at + kPage <= file.size(); at += kPage) {
      bolt::Page page = bolt::read_page_header(bytes_of(file).subspan(at));
      page.bytes = bytes_of(file).subspan(at, kPage);
      if (!page.is(bolt::PageKind::kLeaf)) continue;
      if (decode_revision(bolt::ElementReader(page).first_key())) found.push_back(at);
    }
    return found;
  }

  // The keys end early and say why; whoever needs all of them answers nothing else.
  static void expect_damage(const std::string& bytes, const std::string& what) {
    const File file(bytes);
    const std::string whole = "s.db is damaged: bucket 'key', page ";
    Handed handed;
    const auto keys = list_keys(file.space, {}, handed.reading);
    ASSERT_TRUE(keys) << keys.error().message;
    ASSERT_TRUE(keys->soundness.problems) << what;
    EXPECT_THAT(*keys->soundness.problems,
                ElementsAre(AllOf(StartsWith(whole), HasSubstr(what),
                                  HasSubstr("before that is not listed"))));
    EXPECT_LT(keys->count, 50u);
    EXPECT_EQ(keys->count, handed.items.size());
    EXPECT_THAT(keys->words, ElementsAre(EndsWith("of s.db, and not all: the file is damaged")));
    EXPECT_TRUE(export_keys(file.space, {}, handed.reading)->soundness.problems);
    for (const auto& error : {get_key(file.space, {.key = "k10"}, handed.reading).error(),
                              history_of(file.space, {.key = "k10"}, handed.reading).error(),
                              compare(file.space, file.space, {}, handed.reading).error(),
                              stats_of(file.space, {}, handed.reading).error(),
                              hash_of(file.space, {}, handed.reading).error()}) {
      EXPECT_EQ(error.code, "etcd.snapshot_damaged");
      EXPECT_THAT(error.message, AllOf(StartsWith(whole), HasSubstr(what)));
      EXPECT_THAT(error.hint, HasSubstr("examine"));
    }
  }

  test::History history_;
};

TEST_F(Torn, ALeafThatBelongsElsewhereIsSeenByItsFirstKey) {
  std::string file = history_.content().database();
  const auto at = leaves(file);
  ASSERT_GT(at.size(), 6u);
  file.replace(at[2] + 8, kPage - 8, file, at[1] + 8, kPage - 8);  // behind the page's own number
  expect_damage(file, "begins with another key than the branch above it names");
}

TEST_F(Torn, ALeafOfZerosIsCalledThat) {
  std::string file = history_.content().database();
  const auto at = leaves(file);
  file.replace(at[2], kPage, kPage, '\0');
  expect_damage(file, "page " + std::to_string(at[2] / kPage) + ": all zeros");
}

TEST_F(Torn, ALeafWithoutEntriesIsSeen) {
  std::string file = history_.content().database();
  file[leaves(file)[2] + 10] = 0;
  expect_damage(file, "a page without entries");
}

TEST_F(Torn, RevisionsThatDoNotRiseAreSeen) {
  test::EtcdContent content = history_.content();
  std::swap(content.key[14], content.key[15]);
  expect_damage(content.database(), "keys are not in order");
  content = history_.content();
  content.key[17].key = content.key[19].key;  // the last of a leaf
  expect_damage(content.database(), "do not end before those of the next leaf begin");
}

TEST_F(Torn, WhatIsNewerThanTheDamageIsAnswered) {
  std::string file = history_.content().database();
  file.replace(leaves(file)[0], kPage, kPage, '\0');
  const File torn(file);
  Handed handed;
  EXPECT_TRUE(get_key(torn.space, {.key = "k20"}, handed.reading));
  const auto changes = history_of(torn.space, {.key = "k0"}, handed.reading);
  ASSERT_TRUE(changes);
  EXPECT_EQ(changes->count, 1u);
  EXPECT_THAT(*changes->soundness.problems, ElementsAre(HasSubstr("all zeros")));
  EXPECT_THAT(changes->words, ElementsAre("1 change of k0, and not all: the file is damaged"));
}

test::History kubernetes_history() {
  test::History history;
  history.put("/registry/pods/default/web", test::envelope("v1", "Pod", "default", "web", "1"));
  history.put("/registry/pods/default/db", test::envelope("v1", "Pod", "default", "db"));
  history.put("/registry/example.com/widgets/prod/left", R"({"kind":"Widget"})");
  history.put("/registry/configmaps/default/settings",
              test::envelope("v1", "ConfigMap", "default", "settings", std::string(400, 'x')));
  return history;
}

TEST(Stats, TellWhatFillsTheFileByKindAndPrefix) {
  test::History history = kubernetes_history();
  history.put("/registry/pods/default/web", test::envelope("v1", "Pod", "default", "web", "2"));
  history.remove("/registry/pods/default/db");
  const File file(history);
  Handed handed;
  const auto stats = stats_of(file.space, {}, handed.reading);
  ASSERT_TRUE(stats) << stats.error().message;
  EXPECT_EQ(stats->live_keys, 3u);
  EXPECT_EQ(stats->history_entries, 3u);
  std::vector<std::string> shares;
  for (const Value& item : handed.items) {
    if (item.at("by").text() == "bucket") continue;
    shares.push_back(item.at("by").text() + " " + item.at("name").text() + " " +
                     std::to_string(item.at("live_keys").uint_or(9)) + "+" +
                     std::to_string(item.at("history_entries").uint_or(9)));
  }
  EXPECT_THAT(shares, UnorderedElementsAre(
                          "kind Pod 1+3", "kind ConfigMap 1+0", "kind widgets.example.com 1+0",
                          "prefix /registry/pods/ 1+3", "prefix /registry/configmaps/ 1+0",
                          "prefix /registry/example.com/ 1+0"));
}

TEST(Stats, ADeletionWhereSeveralKindsLieIsToldByItsPath) {
  test::History history = kubernetes_history();
  history.put("/registry/pods/default/odd", test::envelope("v1", "Odd", "default", "odd"));
  history.remove("/registry/pods/default/db");
  const File file(history);
  Handed handed;
  ASSERT_TRUE(stats_of(file.space, {}, handed.reading));
  std::vector<std::string> kinds;
  for (const Value& item : handed.items) {
    if (item.at("by").text() == "kind") kinds.push_back(item.at("name").text());
  }
  EXPECT_THAT(kinds,
              UnorderedElementsAre("Pod", "Odd", "pods", "ConfigMap", "widgets.example.com"));
}

TEST(Diff, NamesWhatWasAddedRemovedAndChanged) {
  const File before(kubernetes_history());
  test::History history = kubernetes_history();
  history.put("/registry/pods/default/web", test::envelope("v1", "Pod", "default", "web", "2"));
  history.remove("/registry/pods/default/db");
  history.put("/registry/pods/default/new", test::envelope("v1", "Pod", "default", "new"));
  history.put("/registry/example.com/widgets/prod/left", R"({"kind":"Widget"})");  // the same again
  const File after(history);
  Handed handed;
  const auto diff = compare(before.space, after.space, {}, handed.reading);
  ASSERT_TRUE(diff) << diff.error().message;
  EXPECT_THAT(handed.all("words"),
              ElementsAre("+ Pod default/new", "~ Pod default/web", "- Pod default/db"));
  EXPECT_EQ(diff->unchanged, 2u);
  EXPECT_THAT(diff->words, ElementsAre(HasSubstr("1 added, 1 removed, 1 changed, 2 unchanged")));

  Handed by_prefix;
  ASSERT_TRUE(compare(before.space, after.space, {.by = DiffBy::kPrefix}, by_prefix.reading));
  EXPECT_THAT(by_prefix.all("words"), ElementsAre("+1 -1 ~1  /registry/pods/"));

  Handed back;
  ASSERT_TRUE(compare(after.space, before.space, {}, back.reading));
  EXPECT_THAT(back.all("words"),
              UnorderedElementsAre("- Pod default/new", "~ Pod default/web", "+ Pod default/db"));

  Handed same;
  ASSERT_TRUE(compare(after.space, after.space, {}, same.reading));
  EXPECT_THAT(same.items, IsEmpty());
}

// Every revision of one file against every other: the diff turns one listing into the other.
TEST(Diff, LeadsFromAnyRevisionToAnyOther) {
  test::History history;
  for (int i = 0; i < 40; ++i) {
    if (i % 3 == 2) {
      history.remove("k" + std::to_string((i * 7) % 5));
    } else {
      history.put("k" + std::to_string((i * 7) % 5), "v" + std::to_string(i % 4),
                  static_cast<std::uint64_t>(i % 2));
    }
  }
  const File file(history);
  const auto state = [&](std::int64_t revision) {
    Handed handed;
    EXPECT_TRUE(export_keys(file.space, {.revision = revision}, handed.reading));
    std::map<std::string, std::string> keys;
    for (const Value& item : handed.items)
      keys[item.at("key").text()] = item.at("value").text() + " " + item.at("lease").text();
    return keys;
  };
  for (std::int64_t a = 1; a <= 41; a += 3) {
    for (std::int64_t b = 1; b <= 41; b += 2) {
      Handed handed;
      const DiffArgs args{.a_revision = a, .b_revision = b};
      ASSERT_TRUE(compare(file.space, file.space, args, handed.reading));
      auto from = state(a), to = state(b);
      std::map<std::string, std::string> expected;
      for (const auto& [key, value] : to) {
        if (!from.contains(key)) expected[key] = "added";
        if (from.contains(key) && from[key] != value) expected[key] = "changed";
      }
      for (const auto& [key, value] : from) {
        if (!to.contains(key)) expected[key] = "removed";
      }
      std::map<std::string, std::string> found;
      for (const Value& item : handed.items)
        found[item.at("key").text()] = item.at("change").text();
      EXPECT_EQ(found, expected) << a << " to " << b;
    }
  }
}

TEST(Text, WhatIsNoTextIsShownAsBytes) {
  EXPECT_EQ(shown("plain /key"), "plain /key");
  EXPECT_EQ(shown(std::string("a\0b\x1b[1m\\", 8)), "a\\x00b\\x1b[1m\\\\");
  EXPECT_EQ(shown("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f");
  for (const std::string bad : {"\xff", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80"}) {
    EXPECT_EQ(shown(bad).substr(0, 2), "\\x");
  }
}

TEST(Groups, EndBehindTheWantedPart) {
  EXPECT_EQ(group_of("/registry/pods/default/web", 1), "/registry/");
  EXPECT_EQ(group_of("/registry/pods/default/web", 2), "/registry/pods/");
  EXPECT_EQ(group_of("/registry/pods/default/web", 9), "/registry/pods/default/");
  EXPECT_EQ(group_of("a/b", 1), "a/");
  EXPECT_EQ(group_of("ab", 1), "");
  EXPECT_EQ(group_of("", 1), "");
}

}  // namespace
}  // namespace etcd
