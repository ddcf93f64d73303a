// Databases made by real servers of every version, held against that version's own `snapshot
// status`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <format/bolt.hpp>
#include <format/key_value.hpp>
#include <format/snapshot.hpp>
#include <map>
#include <set>
#include <snapcore/value.hpp>

#include "real_server.hpp"

namespace etcd {
namespace {

namespace fs = std::filesystem;
using snapcore::Value;
using testing::IsEmpty;

// Servers sync every request; memory is quicker at that than a disk.
[[maybe_unused]] const bool kScratchInMemory =
    ::access("/dev/shm", W_OK) == 0 && ::setenv("TMPDIR", "/dev/shm", 1) == 0;

// One member goes through everything a database can come to hold; after each step a snapshot is
// taken, $1.db, and the tool's opinion of it, $1.json.
constexpr const char* kLife = R"SH(
member=$folder/member
cluster_create "$member" 1
sed -i 's/--heartbeat-interval/--quota-backend-bytes 33554432 &/' "$member/m1/ctl"
trap 'cluster_kill "$member"' EXIT
cluster_start "$member"
url=$(cluster_endpoints "$member")
fill() { python3 "$SNAPCORE_SOURCE/tests/servers/fill_etcd.py" "$url" "$@"; }
ctl() { cluster_ctl "$member" "$@" >&2; }
keep() {
  ctl snapshot save "$folder/$1.db" 2>/dev/null
  "$tool" snapshot status "$folder/$1.db" --write-out=json >"$folder/$1.json" 2>/dev/null
}
keep empty
ctl put a 1
keep inline
cluster_put "$member" k/ 1 25
keep leaf
cluster_put "$member" k/ 1 2000
cluster_put "$member" k/ 501 900
ctl del --prefix k/0001
keep levels
fill large 6 1400000
keep large
fill leases 2000
keep leases
fill accounts 60
keep accounts
ctl member add learner --learner --peer-urls http://127.0.0.1:1
keep learner
ctl member remove "$(cluster_ctl "$member" member list | sed -n 's/^\([0-9a-f]*\), unstarted.*/\1/p')"
keep removed
ctl compact 20
ctl del k/000700
keep compacted
ctl defrag
keep defragmented
fill until-full
keep full
)SH";

constexpr const char* kSteps[] = {"empty",   "inline",    "leaf",         "levels",
                                  "large",   "leases",    "accounts",     "learner",
                                  "removed", "compacted", "defragmented", "full"};

// Keys that are there at the end of the history: what `totalKey` counts from 3.6 on.
std::uint64_t live_keys(const bolt::Database& database) {
  std::set<std::string> keys;
  bolt::Cursor cursor(database, database.find_bucket("key").value().value());
  for (bolt::LeafElement entry; cursor.next(entry);) {
    const auto change = decode_key_value(entry.value).value();
    if (decode_revision(entry.key)->tombstone) {
      keys.erase(std::string(change.key));
    } else {
      keys.insert(std::string(change.key));
    }
  }
  return keys.size();
}

class Versions : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const std::string version = GetParam();
    std::string programs;
    if (version == "3.4") {
      if (!test::have_etcd()) GTEST_SKIP() << "needs etcd and etcdctl (Debian: etcd-server)";
    } else {
      constexpr int kMissing = 77;
      const auto built =
          test::shell("\"$SNAPCORE_SOURCE/tests/servers/build.sh\" etcd-" + version + " 2>&1");
      if (built.code == kMissing) GTEST_SKIP() << built.text;
      ASSERT_EQ(built.code, 0) << built.text;
      programs = built.text.substr(0, built.text.size() - 1);
      programs.erase(0, programs.rfind('\n') + 1);
    }
    folder_ = test::new_folder();
    test::must("folder=" + folder_.string() + "\nETCD_BIN_DIR=" + programs +
               "\ntool=" + (programs.empty() ? "etcdctl" : programs + "/etcdutl") + kLife);
  }
  void TearDown() override {
    if (!folder_.empty()) fs::remove_all(folder_);
  }

  bool counts_live_keys() const { return std::string_view(GetParam()) >= "3.6"; }

  fs::path folder_;
};

TEST_P(Versions, ExaminationAgreesWithTheToolThroughoutTheLifeOfAMember) {
  std::map<std::string, Examined> all;
  for (const std::string step : kSteps) {
    SCOPED_TRACE(step);
    std::ifstream text(folder_ / (step + ".json"));
    const std::string json(std::istreambuf_iterator<char>(text), {});
    const auto status = Value::parse(json);
    ASSERT_TRUE(status) << status.error().message;
    const auto file = MappedFile::open(folder_ / (step + ".db"));
    ASSERT_TRUE(file) << file.error().message;
    const auto examined = examine(file->bytes(), step);
    ASSERT_TRUE(examined) << examined.error().message;
    EXPECT_TRUE(examined->sha_ok);
    EXPECT_EQ(status->at("hash").uint_or(0), examined->status_hash);
    EXPECT_EQ(status->at("revision").int_or(-1), examined->revision);
    EXPECT_EQ(status->at("totalSize").uint_or(0), examined->database_size);
    EXPECT_EQ(status->at("version").text(), examined->storage_version);
    const auto database = bolt::Database::open(file->bytes()).value();
    EXPECT_EQ(status->at("totalKey").uint_or(0),
              counts_live_keys() ? live_keys(database) : examined->total_entries);
    all.emplace(step, *examined);
  }
  // That each step made what it is named after.
  EXPECT_EQ(all["empty"].revisions, 0u);
  EXPECT_GT(all["large"].database_size, 6u * 1400000);
  EXPECT_EQ(all["leases"].leases, 2000u);
  ASSERT_EQ(all["learner"].members.size(), 2u);
  EXPECT_TRUE(all["learner"].members[0].is_learner || all["learner"].members[1].is_learner);
  EXPECT_EQ(all["removed"].members.size(), 1u);
  EXPECT_EQ(all["removed"].removed_members.size(), 1u);
  EXPECT_EQ(all["compacted"].compact_revision, 20);
  EXPECT_LE(all["defragmented"].database_size, all["compacted"].database_size);
  EXPECT_THAT(all["accounts"].alarms, IsEmpty());
  ASSERT_EQ(all["full"].alarms.size(), 1u);
  EXPECT_EQ(all["full"].alarms[0].kind, AlarmKind::kNoSpace);
}

INSTANTIATE_TEST_SUITE_P(Etcd, Versions, testing::Values("3.4", "3.5", "3.6", "3.7"),
                         [](const auto& version) {
                           std::string name = "v" + std::string(version.param);
                           name[2] = '_';
                           return name;
                         });

}  // namespace
}  // namespace etcd
