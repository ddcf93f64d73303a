// The lines for people are run by bash, with stand-ins for etcd's tools in every layout of
// directories.
#include <gmock/gmock.h>
#include <unistd.h>

#include <by_hand.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <snapcore/support/process.hpp>
#include <sstream>

#include "../../fakes/scratch.hpp"

namespace etcd {
namespace {

namespace fs = std::filesystem;
using snapcore::fakes::Scratch;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

enum class Layout { kPlain, kWalBeside, kWalWithin, kMount, kMountsForBoth };

// What `snapshot restore` leaves behind, as far as the swap sees it.
constexpr char kTool[] = R"(#!/bin/bash
echo "$(basename "$0") $*" >>"$CALLS"
case "$*" in
  *"snapshot restore"*)
    while [ $# -gt 0 ]; do
      case $1 in --data-dir) data=$2 ;; --wal-dir) wal=$2 ;; --name) name=$2 ;; esac
      shift
    done
    [ ! -e "$data" ] && [ ! -e "${wal:-/nowhere}" ] || exit 1
    mkdir -p "$data/member/snap" "${wal:=$data/member/wal}"
    echo "new $name" >"$data/member/snap/db"
    echo "new $name" >"$wal/0.wal" ;;
  *hashkv*) printf 'http://a, 77, 1\nhttp://b, %s, 1\n' "${SECOND_HASH:-77}" ;;
esac
)";

class ByHand : public testing::Test {
 protected:
  ByHand() {
    fs::create_directory(folder() / "bin");
    for (const char* tool : {"etcdutl", "etcdctl"}) {
      const fs::path path = folder() / "bin" / tool;
      std::ofstream(path) << kTool;
      fs::permissions(path, fs::perms::owner_all);
    }
  }

  const fs::path& folder() const { return scratch_.path(); }

  // Two members with a blank in their paths; nobody listens on their ports.
  void lay_out(Layout layout) {
    for (const std::string name : {"m1", "m2"}) {
      const fs::path home = folder() / ("home of " + name);
      TargetMember member{.name = name,
                          .peers = {*parse_url("http://127.0.0.1:" + std::to_string(port_++))},
                          .clients = {*parse_url("http://127.0.0.1:" + std::to_string(port_++))},
                          .data_dir = home / "data",
                          .wal_dir = {},
                          .start = {"touch", (home / "started").string()},
                          .stop = {"touch", (home / "stopped").string()},
                          .owner = {}};
      Place place{.member = name,
                  .data_dir = member.data_dir,
                  .data_is_mount = layout == Layout::kMount || layout == Layout::kMountsForBoth,
                  .wal_dir = {},
                  .wal_is_mount = layout == Layout::kMountsForBoth,
                  .wal_within = {},
                  .owner = {.user = ::geteuid(), .group = ::getegid()}};
      if (layout == Layout::kWalBeside || layout == Layout::kMountsForBoth)
        place.wal_dir = home / "wal";
      if (layout == Layout::kWalWithin) place.wal_within = "own/wal";
      fs::create_directories(place.data_dir / "member/snap");
      std::ofstream(place.data_dir / "member/snap/db") << "old";
      fs::create_directories(wal_of(place));
      std::ofstream(wal_of(place) / "0.wal") << "old";
      target_.members.push_back(std::move(member));
      places_.push_back(std::move(place));
    }
    target_.stop_timeout = std::chrono::seconds(1);
    target_.health_timeout = std::chrono::seconds(1);
  }

  static fs::path wal_of(const Place& place) {
    if (place.wal_dir) return *place.wal_dir;
    return place.data_dir / place.wal_within.value_or("member/wal");
  }

  std::string script(const StagingByHand& options = {}) const {
    std::string text = "#!/usr/bin/env bash\nset -eu\nstamp=20260102T030405Z\nartifact=/snap.db\n";
    for (const auto& lines : {stage_by_hand(target_, places_, options),
                              activate_by_hand(target_, places_), health_by_hand(target_)}) {
      for (const std::string& line : lines) text += line + "\n";
    }
    return text;
  }

  // The same script for a snapshot that holds an object.
  std::string of_kubernetes(std::string text) const {
    const fs::path objects = folder() / "objects.db";
    std::ofstream(objects) << "key" << std::string("k8s\0", 4) << "and the object";
    const std::string other = "artifact=/snap.db";
    return text.replace(text.find(other), other.size(),
                        "artifact=" + snapcore::process::shell_line({objects.string()}));
  }

  // The exit status of bash.
  int run(const std::string& text, const std::string& environment = "") {
    const fs::path path = folder() / "script.sh";
    std::ofstream(path) << text;
    const std::string command = environment + " CALLS='" + (folder() / "calls").string() +
                                "' PATH='" + (folder() / "bin").string() + "':\"$PATH\" bash '" +
                                path.string() + "' >'" + (folder() / "said").string() + "' 2>&1";
    return WEXITSTATUS(std::system(command.c_str()));
  }

  std::string text_of(const fs::path& path) const {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  std::string said() const { return text_of(folder() / "said"); }
  std::string calls() const { return text_of(folder() / "calls"); }

  Scratch scratch_;
  Target target_;
  std::vector<Place> places_;
  int port_ = 1;  // nobody listens there
};

class ByHandInEveryLayout : public ByHand, public testing::WithParamInterface<Layout> {};

TEST_P(ByHandInEveryLayout, TheNewDataIsInAndTheOldAside) {
  lay_out(GetParam());
  ASSERT_EQ(run(script()), 0) << said() << script();
  for (const Place& place : places_) {
    EXPECT_EQ(text_of(place.database()), "new " + place.member + "\n");
    EXPECT_EQ(text_of(wal_of(place) / "0.wal"), "new " + place.member + "\n");
    std::vector<std::string> old;
    const fs::path home = place.data_dir.parent_path();
    for (const auto& entry : fs::recursive_directory_iterator(home)) {
      EXPECT_THAT(entry.path().string(), Not(HasSubstr("by-hand")));
      if (entry.is_regular_file() && text_of(entry.path()) == "old") {
        EXPECT_THAT(entry.path().string(), HasSubstr(".backup-20260102T030405Z/"));
        old.push_back(entry.path().filename());
      }
    }
    EXPECT_THAT(old, testing::UnorderedElementsAre("db", "0.wal"));
    EXPECT_TRUE(fs::exists(home / "stopped") && fs::exists(home / "started"));
  }
}

TEST_P(ByHandInEveryLayout, BashAndShellcheckHaveNothingToSay) {
  lay_out(GetParam());
  const fs::path path = folder() / "script.sh";
  std::ofstream(path) << script(
      {.token = "it's mine", .bump_revision = 5, .skip_hash_check = true});
  EXPECT_EQ(std::system(("bash -n '" + path.string() + "'").c_str()), 0);
  if (std::system("command -v shellcheck >/dev/null") != 0) GTEST_SKIP() << "no shellcheck here";
  EXPECT_EQ(std::system(("shellcheck '" + path.string() + "'").c_str()), 0) << script();
}

INSTANTIATE_TEST_SUITE_P(All, ByHandInEveryLayout,
                         testing::Values(Layout::kPlain, Layout::kWalBeside, Layout::kWalWithin,
                                         Layout::kMount, Layout::kMountsForBoth));

TEST_F(ByHand, TheToolIsToldTheClusterTheTokenAndTheBump) {
  lay_out(Layout::kPlain);
  ASSERT_EQ(run(script({.token = "it's mine", .bump_revision = 5, .skip_hash_check = true})), 0)
      << said();
  EXPECT_THAT(calls(), HasSubstr("etcdutl snapshot restore /snap.db --name m1 --data-dir "));
  EXPECT_THAT(calls(), HasSubstr(" --initial-cluster m1=http://127.0.0.1:1,m2=http://127.0.0.1:3 "
                                 "--initial-cluster-token it's mine "
                                 "--initial-advertise-peer-urls http://127.0.0.1:3 "
                                 "--bump-revision 5 --mark-compacted --skip-hash-check\n"));
}

TEST_F(ByHand, WithoutATokenAFreshOneIsMadeAndOtherDataIsLeftAtItsRevision) {
  lay_out(Layout::kPlain);
  ASSERT_EQ(run(script()), 0) << said();
  EXPECT_THAT(calls(), testing::ContainsRegex("--initial-cluster-token snapcore-[0-9a-f]{32} "));
  EXPECT_THAT(calls(), Not(HasSubstr("--bump-revision")));
  EXPECT_THAT(stage_by_hand(target_, places_, {.bump_revision = 0}),
              Not(Contains(HasSubstr("Kubernetes"))));
}

TEST_F(ByHand, DataOfKubernetesIsRaised) {
  lay_out(Layout::kPlain);
  ASSERT_EQ(run(of_kubernetes(script())), 0) << said();
  EXPECT_THAT(calls(), HasSubstr("--bump-revision 1000000000 --mark-compacted"));
}

TEST_F(ByHand, DataOfKubernetesIsRaisedAboveWhatTheMembersAreAt) {
  lay_out(Layout::kPlain);
  ASSERT_EQ(run(of_kubernetes(script({.newest_revision = 1000000032}))), 0) << said();
  EXPECT_THAT(calls(), HasSubstr("--bump-revision 2000000032 --mark-compacted"));
}

TEST_F(ByHand, APasswordThatIsMissingEndsItBeforeAnythingIsStaged) {
  lay_out(Layout::kPlain);
  target_.login = std::make_shared<Login>("root");
  EXPECT_NE(run(script(), "ETCDCTL_PASSWORD="), 0);
  EXPECT_THAT(said(), HasSubstr("must be the password of user root"));
  EXPECT_EQ(calls(), "");
  EXPECT_EQ(run(script(), "ETCDCTL_PASSWORD=known"), 0) << said();
}

TEST_F(ByHand, ADirectoryThatIsNotThereIsNoTrouble) {
  lay_out(Layout::kPlain);
  for (const Place& place : places_) fs::remove_all(place.data_dir);
  EXPECT_EQ(run(script()), 0) << said();
}

TEST_F(ByHand, NothingIsMovedWhenAMemberStillAnswers) {
  lay_out(Layout::kPlain);
  // A test of its own cannot listen on port 1, so the file that bash looks for answers instead.
  std::string text = script();
  const std::string port = "/dev/tcp/$1/$2";
  for (auto at = text.find(port); at != std::string::npos; at = text.find(port, at))
    text.replace(at, port.size(), "/dev/null");
  EXPECT_NE(run(text), 0);
  EXPECT_THAT(said(), HasSubstr("m1 still answers"));
  EXPECT_EQ(text_of(places_[0].database()), "old");
}

TEST_F(ByHand, MembersThatHoldOtherDataAreNotHealthy) {
  lay_out(Layout::kPlain);
  EXPECT_NE(run(script(), "SECOND_HASH=78"), 0);
}

TEST_F(ByHand, AStopThatFailsDoesNotEndItIfNobodyAnswers) {
  lay_out(Layout::kPlain);
  target_.members[0].stop = {"false"};
  EXPECT_EQ(run(script()), 0) << said();
  EXPECT_THAT(said(), HasSubstr("the stop of m1 says that it failed"));
}

}  // namespace
}  // namespace etcd
