// A state directory that was copied while a run went on, opened on another host.
#include <gmock/gmock.h>

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

}  // namespace
}  // namespace snapcore
