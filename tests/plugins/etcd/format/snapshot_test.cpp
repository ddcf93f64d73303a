#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <format/bolt.hpp>
#include <format/crc32c.hpp>
#include <format/protobuf.hpp>
#include <format/snapshot.hpp>

#include "bolt_file.hpp"

namespace etcd {
namespace {

using test::etcd_content;
using test::EtcdContent;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const ExamineOptions kRawFile{.require_trailer = false, .check_hash = true, .canceled = {}};

std::string code_of(const std::string& bytes, const ExamineOptions& options = {}) {
  const auto examined = examine(bytes_of(bytes), "snap.db", options);
  return examined ? "" : examined.error().code;
}

// The refusal of a bare database with this content, every structure around it being right.
std::string refusal(const EtcdContent& content) {
  const std::string bytes = content.database();
  const auto examined = examine(bytes_of(bytes), "snap.db", kRawFile);
  if (examined) return {};
  EXPECT_THAT(examined.error().message, HasSubstr("snap.db"));
  return examined.error().code + ": " + examined.error().message;
}

TEST(Snapshot, TellsEverythingItHolds) {
  const EtcdContent content = etcd_content(100, true);
  const std::string bytes = content.snapshot();
  const auto examined = examine(bytes_of(bytes), "snap.db");
  ASSERT_TRUE(examined) << examined.error().message;
  EXPECT_TRUE(examined->has_trailer);
  EXPECT_TRUE(examined->sha_ok);
  EXPECT_EQ(examined->file_size, bytes.size());
  EXPECT_EQ(examined->database_size, bytes.size() - 32);
  EXPECT_EQ(examined->page_size, 1024u);
  EXPECT_EQ(examined->revision, 101);
  EXPECT_EQ(examined->current_revision, 101);
  EXPECT_EQ(examined->compact_revision, 1);
  EXPECT_EQ(examined->revisions, 100u);
  EXPECT_EQ(examined->total_entries, 100u + 6 + 2 + 1 + 1 + 1 + 1 + 2 + 1);
  ASSERT_EQ(examined->members.size(), 2u);
  EXPECT_EQ(examined->members[0].id, 0xa1u);
  EXPECT_EQ(examined->members[0].name, "old<a1>");
  EXPECT_TRUE(examined->members[0].is_learner);
  EXPECT_EQ(examined->members[1].id, ~std::uint64_t{0});
  EXPECT_THAT(examined->removed_members, testing::ElementsAre(0xb2u));
  ASSERT_EQ(examined->alarms.size(), 1u);
  EXPECT_EQ(examined->alarms[0].kind, AlarmKind::kNoSpace);
  EXPECT_EQ(examined->leases, 1u);
  EXPECT_FALSE(examined->auth_enabled);
  EXPECT_EQ(examined->cluster_version, "3.6.0");
  EXPECT_EQ(examined->storage_version, "3.6.0");
  EXPECT_EQ(examined->consistent_index, 40u);
  EXPECT_EQ(examined->term, 7u);
  EXPECT_THAT(*examined->voters, testing::ElementsAre(1u, 2u, 3u));
}

TEST(Snapshot, ZerosAreSaidToBeWhereTheyAre) {
  const std::string zeros(65536, '\0');
  EXPECT_THAT(examine(bytes_of(zeros), "s.db").error().message, HasSubstr("nothing but zeros"));
  std::string wiped = etcd_content(20).snapshot();
  const std::size_t page = bolt::Database::open(bytes_of(wiped))->meta().page_size;
  std::fill_n(wiped.begin(), 2 * page, '\0');
  const auto refused = examine(bytes_of(wiped), "s.db");
  EXPECT_EQ(refused.error().code, "etcd.not_a_snapshot");
  EXPECT_THAT(refused.error().message,
              AllOf(HasSubstr("its first " + std::to_string(2 * page)), HasSubstr("meta pages"),
                    Not(HasSubstr("nothing but"))));
}

TEST(Snapshot, EachKindOfDamageIsALineAndNamesPagesOnce) {
  EtcdContent content = etcd_content(100);
  for (std::size_t i = 0; i < content.key.size(); i += 2) content.key[i].value = "?";
  std::string bytes = content.database();
  const std::size_t page = content.page_size;
  bytes.replace(2 * page, page, page, '\0');
  const auto refused = examine(bytes_of(bytes), "s.db", kRawFile);
  ASSERT_FALSE(refused);
  const std::string& message = refused.error().message;
  EXPECT_THAT(message, StartsWith("s.db is damaged: page 2: all zeros\n"));
  EXPECT_THAT(message, HasSubstr("\nbucket 'key' cannot be read whole: "));
  EXPECT_EQ(message.find("all zeros"), message.rfind("all zeros"));

  const std::string whole = content.database();
  const std::string entries = examine(bytes_of(whole), "s.db", kRawFile).error().message;
  EXPECT_EQ(std::count(entries.begin(), entries.end(), '\n'), 3) << entries;
  EXPECT_THAT(entries, HasSubstr("bucket 'key': 47 more entries are wrong"));
}

// Those of the tree of bucket `key`: its names have the 17 bytes of a revision.
std::vector<bolt::Page> leaves_of_key(const std::string& bytes) {
  const auto database = bolt::Database::open(bytes_of(bytes));
  std::vector<bolt::Page> leaves;
  for (std::uint64_t id = 2; id < database->meta().high_water_mark; ++id) {
    bolt::Page page;
    if (!database->read_page(id, page).empty() || !page.is(bolt::PageKind::kLeaf)) continue;
    if (bolt::ElementReader(page).first_key().size() == 17) leaves.push_back(std::move(page));
  }
  return leaves;
}

TEST(Snapshot, BehindABrokenPageEverythingElseIsRead) {
  const EtcdContent content = etcd_content(100);
  const std::string whole = content.database();
  const std::uint64_t all = examine(bytes_of(whole), "s.db", kRawFile)->total_entries;
  const auto leaves = leaves_of_key(whole);
  ASSERT_GE(leaves.size(), 5u);
  for (const bolt::Page& leaf : leaves) {
    std::string bytes = whole;
    bytes.replace(leaf.id * content.page_size, content.page_size, content.page_size, '\0');
    const auto refused = examine(bytes_of(bytes), "s.db", kRawFile);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().hint,
                HasSubstr(" keys in " + std::to_string(all - leaf.count) + " entries"));
    EXPECT_THAT(refused.error().message,
                HasSubstr("bucket 'key' cannot be read whole: " +
                          std::to_string(content.key.size() - leaf.count) + " entries were"));
  }
  // A page that refers to itself ends the reading, too.
  std::string bytes = whole;
  const auto database = bolt::Database::open(bytes_of(whole));
  const auto key = database->find_bucket("key");
  bolt::Page root;
  ASSERT_EQ(database->read_page((*key)->root, root), "");
  ASSERT_TRUE(root.is(bolt::PageKind::kBranch));
  std::string circle;
  append_le(circle, root.id);
  for (std::size_t i = 0; i < root.count; ++i) {
    const std::size_t at =
        root.id * content.page_size + bolt::kPageHeaderSize + i * bolt::kElementSize + 8;
    bytes.replace(at, 8, circle);
  }
  EXPECT_FALSE(examine(bytes_of(bytes), "s.db", kRawFile));
}

TEST(Snapshot, OfTooManyBytesIsNotCalledCutOff) {
  const std::string good = etcd_content(20).snapshot();
  const auto one = examine(bytes_of(good + "x"), "s.db");
  EXPECT_EQ(one.error().code, "etcd.snapshot_damaged");
  EXPECT_THAT(one.error().message, StartsWith("s.db is 1 byte too long: behind its pages stand 33 "
                                              "bytes instead of the 32 of its SHA-256"));
  const std::string shorter = good.substr(0, good.size() - 1);
  EXPECT_EQ(examine(bytes_of(shorter), "s.db").error().code, "etcd.snapshot_truncated");
}

// Copied by something that fills up blocks it is no copy of a server's own file: its digest is
// there.
TEST(Snapshot, ThatIsFilledUpWithZerosIsNotTakenForOneWithoutADigest) {
  const EtcdContent content = etcd_content(20);
  const std::string database = content.database();
  const std::string zeros(8 * content.page_size, '\0');
  for (const std::size_t more :
       {std::size_t{480}, std::size_t{content.page_size} - 32, zeros.size() - 32}) {
    const std::string filled = content.snapshot() + zeros.substr(0, more);
    for (const bool raw : {false, true}) {
      const auto refused =
          raw ? examine(bytes_of(filled), "s.db", kRawFile) : examine(bytes_of(filled), "s.db");
      ASSERT_FALSE(refused) << more;
      EXPECT_THAT(refused.error().message,
                  StartsWith("s.db is " + std::to_string(more) + " bytes too long"));
      EXPECT_THAT(refused.error().hint, HasSubstr(std::to_string(database.size() + 32) + " bytes"));
    }
  }
  // What a server's own file may have there: space, and a page that was given up.
  EXPECT_TRUE(examine(bytes_of(database + zeros), "s.db", kRawFile));
  const std::string page = database.substr(3 * content.page_size, content.page_size);
  EXPECT_TRUE(examine(bytes_of(database + page + zeros), "s.db", kRawFile));
}

TEST(Snapshot, OneWholeMetaPageIsEnoughAsItIsForEtcdAndIsTold) {
  EtcdContent content = etcd_content(20);
  std::string bytes = content.database();
  bytes[content.page_size + 20] ^= 1;
  bytes = test::with_digest(bytes);
  const auto examined = examine(bytes_of(bytes), "s.db");
  ASSERT_TRUE(examined) << examined.error().message;
  EXPECT_FALSE(examined->both_metas_valid);
  const std::string good = content.snapshot();
  EXPECT_TRUE(examine(bytes_of(good), "s.db")->both_metas_valid);
}

TEST(Snapshot, StatusHashRunsOverNamesKeysAndValues) {
  EtcdContent content = etcd_content(20, true);
  const std::string bytes = content.database();
  const auto examined = examine(bytes_of(bytes), "db", kRawFile);
  ASSERT_TRUE(examined) << examined.error().message;
  std::string status;
  std::string backend;
  const auto add = [&](std::string_view name, const std::vector<bolt::NewEntry>& entries) {
    status += name;
    backend += name;
    for (const auto& entry : entries) {
      status += entry.key + entry.value;
      const bool ignored =
          entry.key == "consistent_index" || entry.key == "term" || entry.key == "storageVersion";
      if (!ignored) backend += entry.key + entry.value;
    }
  };
  add("alarm", content.alarm);
  add("auth", content.auth);
  add("authRoles", content.auth_roles);
  add("authUsers", content.auth_users);
  add("cluster", content.cluster);
  add("key", content.key);
  add("lease", content.lease);
  add("members", content.members);
  add("members_removed", content.members_removed);
  add("meta", content.meta);
  EXPECT_EQ(examined->status_hash, crc32c(0, bytes_of(status)));
  EXPECT_EQ(examined->backend_hash, crc32c(0, bytes_of(backend)));
  EXPECT_NE(examined->status_hash, examined->backend_hash);

  const auto without =
      examine(bytes_of(bytes), "db", {.require_trailer = false, .sum_entries = false});
  ASSERT_TRUE(without);
  EXPECT_EQ(without->status_hash, 0U);
  EXPECT_EQ(without->live_keys, examined->live_keys);
}

TEST(Snapshot, SmallAndLargeFilesOfEveryAgeAreAccepted) {
  for (const int changes : {0, 1, 3, 50, 700}) {
    for (const bool later : {false, true}) {
      for (const std::uint32_t page_size : {1024u, 4096u, 65536u}) {
        EtcdContent content = etcd_content(changes, later);
        content.page_size = page_size;
        EXPECT_EQ(code_of(content.snapshot()), "") << changes << ' ' << later << ' ' << page_size;
      }
    }
  }
}

TEST(Snapshot, ABareDatabaseIsAcceptedOnlyWhenAllowed) {
  std::string bytes = etcd_content(50).database();
  EXPECT_EQ(code_of(bytes), "etcd.snapshot_no_trailer");
  EXPECT_EQ(code_of(bytes, kRawFile), "");
  bytes.append(std::size_t{1} << 16, '\0');  // space a server allocated ahead
  EXPECT_EQ(code_of(bytes, kRawFile), "");
}

TEST(Snapshot, EveryTruncationIsRefused) {
  const std::string good = etcd_content(30).snapshot();
  for (std::size_t length = 0; length < good.size(); length += length % 1024 < 96 ? 1 : 31) {
    const std::string cut = good.substr(0, length);
    const std::string code = code_of(cut);
    if (length == 0) {
      EXPECT_EQ(code, "etcd.snapshot_empty");
    } else if (length == good.size() - 32) {
      EXPECT_EQ(code, "etcd.snapshot_no_trailer");
    } else if (length >= 80) {
      EXPECT_EQ(code, "etcd.snapshot_truncated") << length;
    } else {
      EXPECT_EQ(code, "etcd.not_a_snapshot") << length;
    }
    if (length != good.size() - 32) {
      EXPECT_NE(code_of(cut, kRawFile), "") << length;
    }
  }
}

TEST(Snapshot, EveryFlippedBitIsFoundByTheDigest) {
  const std::string good = etcd_content(12).snapshot();
  for (std::size_t i = 0; i < good.size(); i += 3) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ (1 << (i % 8)));
    EXPECT_EQ(code_of(bad), "etcd.snapshot_hash_mismatch") << i;
  }
}

// Without the digest only bits nobody reads, and bits that make another valid text or number, pass.
TEST(Snapshot, FlippedBitsThatMatterAreFoundWithoutTheDigest) {
  const std::string good = etcd_content(40).snapshot();
  const ExamineOptions no_hash{.require_trailer = true, .check_hash = false, .canceled = {}};
  const std::string metas = good.substr(0, 2048);
  for (std::size_t bit = 0; bit < metas.size() * 8; ++bit) {
    const bool in_meta = bit / 8 % 1024 >= 16 && bit / 8 % 1024 < 16 + 64;
    if (!in_meta) continue;
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_NE(code_of(bad, no_hash), "") << bit;
  }
  std::size_t passed = 0;
  std::size_t tried = 0;
  for (std::size_t i = 2048; i < good.size() - 32; i += 5) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ (1 << (i % 8)));
    ++tried;
    passed += code_of(bad, no_hash).empty() ? 1 : 0;
  }
  EXPECT_LT(passed, tried);
}

TEST(Snapshot, ForeignFilesAreNamedAsSuch) {
  for (const std::string& bytes :
       {std::string("x"), std::string(100, 'x'), std::string(1 << 16, '\0'),
        std::string("\x7f"
                    "ELF"),
        test::with_digest(std::string(4096, 'x'))}) {
    EXPECT_EQ(code_of(bytes), "etcd.not_a_snapshot");
  }
  test::BoltFile other;
  EXPECT_EQ(code_of(test::with_digest(
                other.finish(other.leaf({{"users", bolt::inline_bucket(0, {}), true}})))),
            "etcd.not_a_snapshot");
}

TEST(Snapshot, BytesBetweenPagesAndDigestAreRefusedUnlessTheDigestCoversThem) {
  const std::string database = etcd_content(10).database();
  const std::string longer = database + std::string(1024, '\0');
  EXPECT_EQ(code_of(test::with_digest(longer)), "");
  const ExamineOptions no_hash{.require_trailer = true, .check_hash = false, .canceled = {}};
  EXPECT_EQ(code_of(test::with_digest(longer), no_hash), "etcd.snapshot_damaged");
}

TEST(Snapshot, EntriesThatEtcdCouldNotReadAreRefused) {
  using Change = std::function<void(EtcdContent&)>;
  const std::vector<std::pair<const char*, Change>> cases = {
      {"not a revision", [](auto& c) { c.key[3].key[8] = '-'; }},
      {"not a revision", [](auto& c) { c.key.back().key += "x"; }},
      {"follows", [](auto& c) { c.key[7].key = c.key[6].key + "t"; }},
      {"says it was changed at", [](auto& c) { c.key.back().key[15] = 1, c.key.back().key[7]++; }},
      {"key-value", [](auto& c) { c.key[1].value.pop_back(); }},
      {"key-value", [](auto& c) { c.key[1].value[0] = 0x12; }},
      {"a deletion that carries", [](auto& c) { c.key[1].key += 't'; }},
      {"is not 8 bytes long", [](auto& c) { c.meta[0].value += 'x'; }},
      {"is not a revision", [](auto& c) { c.meta[1].value[8] = 'x'; }},
      {"is not a name",
       [](auto& c) {
         c.meta.push_back({std::string("term\0", 5), "x", false});
       }},
      {"not a member id", [](auto& c) { c.members[0].key = "0a1"; }},
      {"holds the member", [](auto& c) { c.members[0].key = "a2"; }},
      {"member:", [](auto& c) { c.members[0].value.pop_back(); }},
      {"member:", [](auto& c) { c.members[0].value += '\0'; }},
      {"not a member id", [](auto& c) { c.members_removed[0].key = "xyz"; }},
      {"is not a version", [](auto& c) { c.cluster[0].value = "3.4"; }},
      {"holds the lease", [](auto& c) { c.lease[0].key[7]++; }},
      {"lease:", [](auto& c) { c.lease[0].value.pop_back(); }},
      {"alarm:", [](auto& c) { c.alarm[0].key.pop_back(); }},
      {"is neither 0 nor 1", [](auto& c) { c.auth[0].value = "2"; }},
      {"holds the entry of", [](auto& c) { c.auth_users[0].key = "toor"; }},
      {"a bucket where",
       [](auto& c) {
         c.lease[0] = {"b", bolt::inline_bucket(0, {}), true};
       }},
  };
  for (const auto& [message, change] : cases) {
    EtcdContent content = etcd_content(20);
    change(content);
    EXPECT_THAT(refusal(content), HasSubstr("etcd.snapshot_damaged")) << message;
    EXPECT_THAT(refusal(content), HasSubstr(message));
  }
}

TEST(Snapshot, TheEmptyEntryOfARevisionBumpIsAccepted) {
  EtcdContent content = etcd_content(10);
  content.key.push_back({encode_revision({1'000'000'011, 0}), "", false});
  EXPECT_EQ(refusal(content), "");
  content.key.back().key += 't';
  EXPECT_NE(refusal(content), "");
}

TEST(Snapshot, MissingBucketsAreNamed) {
  test::BoltFile file;
  const auto inline_empty = bolt::inline_bucket(0, {});
  const auto bytes =
      file.finish(file.leaf({{"key", inline_empty, true}, {"members", inline_empty, true}}));
  const auto examined = examine(bytes_of(bytes), "db", kRawFile);
  ASSERT_FALSE(examined);
  EXPECT_THAT(examined.error().message, HasSubstr("no bucket 'meta'"));
}

TEST(Snapshot, AScheduledCompactionRaisesTheRevisionOfTheServer) {
  EtcdContent content = etcd_content(10);
  content.meta[2].value = encode_revision({5000, 0});
  const std::string bytes = content.database();
  const auto examined = examine(bytes_of(bytes), "db", kRawFile);
  ASSERT_TRUE(examined) << examined.error().message;
  EXPECT_EQ(examined->revision, 11);
  EXPECT_EQ(examined->current_revision, 5000);
}

TEST(Snapshot, ExaminationEndsWhenAsked) {
  const std::string bytes = etcd_content(10).snapshot();
  ExamineOptions options;
  options.canceled = [] { return true; };
  EXPECT_EQ(code_of(bytes, options), "etcd.canceled");
}

}  // namespace
}  // namespace etcd
