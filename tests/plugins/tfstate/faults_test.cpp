// Disks that fail, at every operation there is: the old state or the new one, and a way to either.
#include "../../fakes/failing_disk.hpp"
#include "working_directory.hpp"

namespace tfstate {
namespace {

using snapcore::fakes::FailingDisk;
using snapcore::fakes::Fault;
using test::instance;
using test::resource;
using test::state_with;
using test::WorkingDirectory;

constexpr std::size_t kFarTooMany = 1000;

std::string state_of(std::string_view name, std::uint64_t serial) {
  return state_with(resource("cloud_vm", name, instance(R"({"id": "1"})")), "{}", serial);
}

TEST(Faults, AStageThatFailsLeavesNothing) {
  const WorkingDirectory directory;
  directory.write(state_of("old", 12));
  const auto untouched = directory.names();
  std::size_t nth = 1;
  for (const Fault fault : {Fault::kFullDisk, Fault::kInputOutput}) {
    for (nth = 1; nth < kFarTooMany; ++nth) {
      bool hit = false, staged = false;
      std::string operation;
      {
        const FailingDisk disk(directory.path(), fault, nth);
        staged = directory.stage(state_of("copy", 7)).has_value();
        hit = disk.hit();
        operation = disk.operation();
      }
      if (!hit) break;
      // What it could not remove the way back removes.
      if (!staged && fault == Fault::kFullDisk) {
        EXPECT_EQ(directory.names(), untouched) << operation;
      }
      EXPECT_EQ(directory.live(), state_of("old", 12)) << operation;
    }
    EXPECT_GT(nth, 5u);
    EXPECT_LT(nth, kFarTooMany);
    ASSERT_TRUE(directory.stage(state_of("copy", 7)));
    std::filesystem::remove(directory.path() /
                            "terraform.tfstate.staged-20260102T030405Z-aaaaaaaa");
  }
}

TEST(Faults, AnActivationThatFailsCanBeFinishedAndTakenBack) {
  const std::string before = state_of("old", 12), after = state_of("copy", 13);
  for (const Fault fault : {Fault::kFullDisk, Fault::kInputOutput}) {
    for (const bool finish : {true, false}) {
      std::size_t nth = 1;
      for (; nth < kFarTooMany; ++nth) {
        WorkingDirectory directory;
        directory.write(before);
        const auto staged = directory.stage(state_of("copy", 7));
        ASSERT_TRUE(staged);
        bool hit = false;
        std::string operation;
        std::optional<Result<ActivationResult>> done;
        {
          const FailingDisk disk(directory.path(), fault, nth);
          done = directory.activate(staged->handle);
          hit = disk.hit();
          operation = disk.operation();
        }
        if (!hit) break;
        const std::string where = operation + ", operation " + std::to_string(nth);
        if (!*done && (*done).error().outcome == snapcore::Outcome::kNothingHappened) {
          EXPECT_EQ(directory.live(), before) << where;
        }
        if (finish) {
          const auto again = directory.activate(staged->handle);
          ASSERT_TRUE(again) << where << ": " << again.error().message;
          EXPECT_EQ(directory.live(), after) << where;
          ASSERT_TRUE(again->kept) << where;
        }
        if (!directory.back) continue;
        const auto taken = directory.take_back();
        ASSERT_TRUE(taken) << where << ": " << taken.error().message;
        EXPECT_EQ(directory.live(), before) << where;
      }
      EXPECT_GT(nth, 5u);
      EXPECT_LT(nth, kFarTooMany);
      std::printf("failed at each of %zu operations\n", nth - 1);
    }
  }
}

std::string long_state(char letter, std::uint64_t serial) {
  const std::string id(300'000, letter);
  return state_with(resource("cloud_vm", "long", instance(R"({"id": ")" + id + "\"}")), "{}",
                    serial);
}

// The new state was removed when it had become the live one; the way back has both while it writes.
TEST(Faults, AWayBackThatFailsCanBeGoneOnWith) {
  const std::string before = long_state('o', 12);
  for (const Fault fault : {Fault::kFullDisk, Fault::kInputOutput}) {
    std::size_t nth = 1;
    int torn = 0;
    for (; nth < kFarTooMany; ++nth) {
      WorkingDirectory directory;
      directory.write(before);
      const auto staged = directory.stage(long_state('c', 7));
      ASSERT_TRUE(staged) << staged.error().message;
      ASSERT_TRUE(directory.activate(staged->handle));
      const std::string after = directory.live();
      bool hit = false;
      std::string operation;
      {
        const FailingDisk disk(directory.path(), fault, nth);
        (void)directory.take_back();
        hit = disk.hit();
        operation = disk.operation();
      }
      if (!hit) break;
      const std::string left = directory.live();
      torn += left != before && left != after ? 1 : 0;
      const auto taken = directory.take_back();
      ASSERT_TRUE(taken) << operation << ", operation " << nth << ": " << taken.error().message;
      EXPECT_EQ(directory.live(), before) << operation;
      EXPECT_EQ(directory.names(), (std::vector<std::string>{"terraform.tfstate"})) << operation;
    }
    EXPECT_GT(torn, 0);
    EXPECT_LT(nth, kFarTooMany);
  }
}

}  // namespace
}  // namespace tfstate
