// A state directory that was copied while a run went on, opened on another host.
#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

#include "base/real_file_system.hpp"
#include "base/sleeper.hpp"
#include "lease/file_store.hpp"
#include "program_scene.hpp"

namespace snapcore {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class CopiedRunTest : public ProgramScene {
 protected:
  CopiedRunTest() {
    run_ = new_run([&] {
      snapcore({"call", "a.add", "name=one", "fails=after", "--on-failure", "hold", "--yes"});
    });
    // As the copy looks from another host: who holds the lease is elsewhere.
    const auto known = store_.list();
    EXPECT_TRUE(known && known->leases.size() == 1);
    lease_ = known->leases.at(0);
    lease_.holder.host = "elsewhere";
    ++lease_.revision;
    EXPECT_TRUE(store_.write(lease_));
  }

  RealFileSystem fs_;
  RealSleeper sleeper_;
  FileLeaseStore store_{fs_, path("state/leases"), sleeper_};
  std::string run_;
  Lease lease_;
};

TEST_F(CopiedRunTest, ItIsNotTakenOverWhileItsLeaseHasNotExpired) {
  for (const std::string command : {"rollback", "accept"}) {
    const Ended refused = snapcore({command, run_, "--yes"});
    EXPECT_EQ(refused.exit, 3) << command;
    EXPECT_THAT(refused.err, HasSubstr("lease.held"));
    EXPECT_THAT(unbroken(refused.err), HasSubstr("on elsewhere"));
  }
  EXPECT_EQ(snapcore({"resume", run_}).exit, 3);
  EXPECT_EQ(store_.list()->leases, std::vector<Lease>{lease_});
  EXPECT_THAT(names("a"), ElementsAre("calls", "one"));

  clock_.advance(std::chrono::minutes(2));
  EXPECT_EQ(snapcore({"rollback", run_, "--yes"}).exit, 0);
  EXPECT_THAT(names("a"), ElementsAre("calls"));
}

TEST_F(CopiedRunTest, TheNumberOfItsLeaseForcesIt) {
  const std::string number = std::to_string(lease_.fence);
  EXPECT_EQ(snapcore({"rollback", run_, "--yes", "--break-lease", number}).exit, 0);
  EXPECT_THAT(names("a"), ElementsAre("calls"));
}

// A run carries commands, and whoever goes on with it executes them.
TEST_F(CopiedRunTest, ItIsNotGoneOnWithWhereOthersCouldHaveWrittenToIt) {
  clock_.advance(std::chrono::minutes(2));
  const std::string run = "state/runs/" + run_;
  std::vector<std::string> ours = {"state", "state/runs", run};
  for (const char* file : {"journal.jsonl", "plan.json", "site.json"})
    ours.push_back(run + "/" + file);
  for (const std::string& name : ours) {
    const auto before = std::filesystem::status(path(name)).permissions();
    for (const auto others :
         {std::filesystem::perms::group_write, std::filesystem::perms::others_write}) {
      std::filesystem::permissions(path(name), before | others);
      for (const std::string command : {"rollback", "accept", "resume", "replan"}) {
        const Ended refused = snapcore({command, run_});
        EXPECT_EQ(refused.exit, 3) << command << " " << name;
        EXPECT_THAT(unbroken(refused.err), HasSubstr(path(name) + " can be written by"));
        EXPECT_THAT(refused.err, HasSubstr("state.unsafe"));
      }
    }
    std::filesystem::permissions(path(name), before);
  }
  EXPECT_EQ(snapcore({"rollback", run_, "--yes"}).exit, 0);
}

TEST_F(CopiedRunTest, ItIsNotGoneOnWithWhereItBelongsToAnother) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  clock_.advance(std::chrono::minutes(2));
  const std::string site = path("state/runs/" + run_ + "/site.json");
  ASSERT_EQ(::chown(site.c_str(), 65534, 65534), 0);
  const Ended refused = snapcore({"rollback", run_, "--yes"});
  EXPECT_EQ(refused.exit, 3);
  EXPECT_THAT(unbroken(refused.err), HasSubstr(site + " belongs to user 65534"));
  EXPECT_THAT(names("a"), ElementsAre("calls", "one"));
}

}  // namespace
}  // namespace snapcore
