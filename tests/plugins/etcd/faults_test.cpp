// Staging on disks that fail, at every operation there is.
#include <gmock/gmock.h>

#include "../../fakes/failing_disk.hpp"
#include "disk_cluster.hpp"
#include "staged_check.hpp"

namespace etcd {
namespace {

using snapcore::fakes::FailingDisk;
using snapcore::fakes::Fault;
using test::DiskCluster;
using test::Layout;

constexpr std::size_t kFarTooMany = 5000;

// How many operations there were until staging got through.
std::size_t fail_at_each(DiskCluster& cluster, Fault fault) {
  const std::string snapshot = DiskCluster::snapshot(8);
  const auto untouched = cluster.tree();
  for (std::size_t nth = 1; nth < kFarTooMany; ++nth) {
    std::optional<Result<StagedData>> staged;
    bool hit = false;
    std::string operation;
    {
      const FailingDisk disk(cluster.folder(), fault, nth);
      staged = cluster.stage(snapshot, 'a');
      hit = disk.hit();
      operation = disk.operation();
    }
    if (!hit) {
      EXPECT_TRUE(*staged) << staged->error().message;
      EXPECT_TRUE(discard((*staged)->handle));
      return nth - 1;
    }
    EXPECT_FALSE(*staged) << operation;
    if (*staged) return nth;
    const snapcore::Error& error = staged->error();
    EXPECT_NE(error.message.find(cluster.folder().string()), std::string::npos)
        << operation << ": " << error.message;
    EXPECT_THAT(error.hint, testing::HasSubstr("nothing live was touched")) << operation;
    if (fault == Fault::kFullDisk) {
      EXPECT_EQ(error.code, "files.no_space") << operation << ": " << error.message;
    }
    EXPECT_EQ(cluster.tree(), untouched) << operation;

    const auto again = cluster.stage(snapshot, 'a');
    EXPECT_TRUE(again) << operation << ": " << again.error().message;
    if (!again) return nth;
    EXPECT_TRUE(check_staged(cluster.target, again->handle, {})) << operation;
    EXPECT_TRUE(discard(again->handle));
  }
  return kFarTooMany;
}

TEST(Faults, AtWhateverOperationTheDiskFailsStagingSaysSoAndLeavesNothing) {
  for (const Layout layout : {Layout::kPlain, Layout::kWalBeside, Layout::kWalWithin}) {
    for (const Fault fault : {Fault::kFullDisk, Fault::kInputOutput}) {
      DiskCluster cluster({.members = 2, .layout = layout});
      const std::size_t operations = fail_at_each(cluster, fault);
      EXPECT_GT(operations, 20u);
      EXPECT_LT(operations, kFarTooMany);
      std::printf("%s, layout %d: failed at each of %zu operations\n",
                  fault == Fault::kFullDisk ? "full disk" : "EIO", static_cast<int>(layout),
                  operations);
    }
  }
}

TEST(Faults, ShortWritesAreCarriedOn) {
  DiskCluster cluster({.members = 2});
  const std::string snapshot = DiskCluster::snapshot(8);
  const auto whole = cluster.stage(snapshot, 'a');
  ASSERT_TRUE(whole) << whole.error().message;
  for (std::size_t nth = 1; nth < kFarTooMany; ++nth) {
    const FailingDisk disk(cluster.folder(), Fault::kShortWrites, nth);
    const auto staged = cluster.stage(snapshot, 'b');
    ASSERT_TRUE(staged) << disk.operation() << ": " << staged.error().message;
    EXPECT_TRUE(check_staged(cluster.target, staged->handle, {})) << disk.operation();
    EXPECT_TRUE(discard(staged->handle));
    if (!disk.hit()) {
      EXPECT_GT(nth, 5u);
      return;
    }
  }
  FAIL() << "writes without an end";
}

}  // namespace
}  // namespace etcd
