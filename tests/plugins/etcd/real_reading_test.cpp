// Readings of a file, held against what the server it was taken of answers. Skipped without etcd.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <format/mapped_file.hpp>
#include <fstream>
#include <map>
#include <reading/reading.hpp>
#include <snapcore/support/base64.hpp>

#include "format/bolt_file.hpp"
#include "format/real_server.hpp"

namespace etcd {
namespace {

namespace fs = std::filesystem;
using snapcore::Value;
using test::bytes_in;
using test::must;
using test::new_folder;

// One server with a history: changes, deletions, transactions, a lease, a compaction. What it
// answers at every revision lies beside its snapshot, and so does a copy of its database.
class RealReading : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!test::have_etcd()) return;
    folder = new_folder();
    must("d=" + folder.string() + R"SH(
cluster_create "$d/c" 1; cluster_start "$d/c"
c="etcdctl --endpoints $(cluster_endpoints "$d/c")"
for i in $(seq 1 30); do
  $c put "k/$((i % 7))" "value $i"
  [ $((i % 6)) != 0 ] || $c del "k/$((i % 5))"
done >&2
lease=$($c lease grant 3600 | cut -d' ' -f2)
$c put --lease="$lease" leased v >&2
printf '\nput t/1 one\nput t/2 two\ndel k/3\n\n\n' | $c txn >&2
$c compact --physical 20 >&2
$c del --prefix t/ >&2
$c put k/3 again >&2
head -c 200000 /dev/urandom | $c put binary >&2
$c put last v >&2
current=$($c get last -w json | sed 's/.*"revision":\([0-9]*\).*/\1/')
for r in $(seq 21 "$current"); do
  $c get "" --from-key --rev="$r" -w json >"$d/get.$r"
  $c endpoint hashkv --rev="$r" -w json >"$d/hash.$r"
done
echo "$current" >"$d/current"
$c snapshot save "$d/snap.db" >&2
cluster_kill "$d/c"
)SH");
  }
  static void TearDownTestSuite() {
    if (!folder.empty()) fs::remove_all(folder);
  }
  void SetUp() override { SKIP_WITHOUT_ETCD(); }

  static std::int64_t current() { return std::stoll(bytes_in(folder / "current")); }
  static Value answer(const std::string& what, std::int64_t revision) {
    return Value::parse(bytes_in(folder / (what + "." + std::to_string(revision)))).value();
  }
  static std::vector<fs::path> files() {
    return {folder / "snap.db", folder / "c" / "m1" / "data" / "member" / "snap" / "db"};
  }

  static inline fs::path folder;
};

std::string bytes_of_item(const Value& item, const std::string& member) {
  if (item.has(member)) return item.at(member).text();
  return snapcore::from_base64(item.at(member + "_base64").text()).value_or("");
}

std::string whole(std::int64_t created, std::int64_t modified, std::int64_t version,
                  const std::string& lease, const std::string& value) {
  return std::to_string(created) + " " + std::to_string(modified) + " " + std::to_string(version) +
         " " + lease + " " + value;
}

TEST_F(RealReading, KeysAndValuesAreThoseOfTheServerAtEveryRevision) {
  for (const fs::path& path : files()) {
    const auto file = MappedFile::open(path).value();
    const auto space = KeySpace::open(FileBytes(file.bytes()), "snap.db").value();
    ASSERT_EQ(space.revision(), current());
    ASSERT_EQ(space.compacted(), 20);
    for (std::int64_t revision = 21; revision <= current(); ++revision) {
      std::map<std::string, std::string> theirs, ours;
      const Value answered = answer("get", revision);
      for (const Value& kv : answered.at("kvs").items()) {
        const auto lease = static_cast<std::uint64_t>(kv.at("lease").int_or(0));
        theirs[snapcore::from_base64(kv.at("key").text()).value()] =
            whole(kv.at("create_revision").int_or(0), kv.at("mod_revision").int_or(0),
                  kv.at("version").int_or(0), lease == 0 ? "" : id_text(lease),
                  snapcore::from_base64(kv.at("value").text()).value());
      }
      const Reading reading{.emit = [&](const Value& item) -> Result<> {
        ours[bytes_of_item(item, "key")] = whole(
            item.at("create_revision").int_or(0), item.at("mod_revision").int_or(0),
            item.at("version").int_or(0), item.at("lease").text(), bytes_of_item(item, "value"));
        return {};
      }};
      ASSERT_TRUE(export_keys(space, {.revision = revision}, reading));
      EXPECT_EQ(ours, theirs) << path << " at " << revision;
    }
  }
}

TEST_F(RealReading, HashKvIsThatOfTheServerAtEveryRevision) {
  for (const fs::path& path : files()) {
    const auto file = MappedFile::open(path).value();
    const auto space = KeySpace::open(FileBytes(file.bytes()), "snap.db").value();
    for (std::int64_t revision = 21; revision <= current(); ++revision) {
      const Value theirs = answer("hash", revision).items().at(0).at("HashKV");
      const auto ours = hash_of(space, {.revision = revision}, {});
      ASSERT_TRUE(ours) << ours.error().message;
      EXPECT_EQ(ours->hash, theirs.at("hash").uint_or(0)) << path << " at " << revision;
      EXPECT_EQ(ours->compact_revision, theirs.at("compact_revision").int_or(0));
    }
  }
}

TEST_F(RealReading, TheHistoryOfAKeyIsWhatTheServerShowedOverTime) {
  const auto file = MappedFile::open(folder / "snap.db").value();
  const auto space = KeySpace::open(FileBytes(file.bytes()), "snap.db").value();
  std::map<std::int64_t, std::int64_t> theirs;  // modified at, version
  for (std::int64_t revision = 21; revision <= current(); ++revision) {
    const Value answered = answer("get", revision);
    for (const Value& kv : answered.at("kvs").items()) {
      if (snapcore::from_base64(kv.at("key").text()) == "k/3")
        theirs[kv.at("mod_revision").int_or(0)] = kv.at("version").int_or(0);
    }
  }
  std::map<std::int64_t, std::int64_t> ours;
  int deletions = 0;
  const Reading reading{.emit = [&](const Value& item) -> Result<> {
    if (item.at("change").text() == "delete") {
      ++deletions;
    } else {
      ours[item.at("revision").int_or(0)] = item.at("version").int_or(0);
    }
    return {};
  }};
  ASSERT_TRUE(history_of(space, {.key = "k/3"}, reading));
  EXPECT_EQ(ours, theirs);
  EXPECT_GE(deletions, 1);
}

}  // namespace
}  // namespace etcd
