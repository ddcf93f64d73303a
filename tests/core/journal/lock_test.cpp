// The lock of a run between real processes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "base/real_file_system.hpp"
#include "journal/runs.hpp"

namespace snapcore {
namespace {

using testing::HasSubstr;

class LockTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "snapcore-lock-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { EXPECT_TRUE(remove_tree(fs_, root_)); }

  RealFileSystem fs_;
  SystemClock clock_;
  Path root_;
};

// A process that takes the lock, says whether it has it, and keeps it until it is killed.
class Holder {
 public:
  Holder(const Path& state, const std::string& run) {
    int said[2];
    EXPECT_EQ(::pipe(said), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      RealFileSystem fs;
      const SystemClock clock;
      Runs runs(fs, clock, state);
      (void)make_directories(fs, runs.directory(run));
      const auto lock = runs.lock(run);
      const char answer = lock ? 'y' : 'n';
      if (::write(said[1], &answer, 1) != 1) ::_exit(1);
      if (!lock) ::_exit(0);
      for (;;) ::pause();
    }
    ::close(said[1]);
    char answer = 0;
    EXPECT_EQ(::read(said[0], &answer, 1), 1);
    ::close(said[0]);
    holds_ = answer == 'y';
  }
  ~Holder() { kill(); }

  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  pid_t pid() const { return pid_; }
  bool holds() const { return holds_; }

 private:
  pid_t pid_ = 0;
  bool holds_ = false;
};

TEST_F(LockTest, AnotherProcessIsTurnedAwayAndToldWhoIsIn) {
  Runs runs(fs_, clock_, root_ / "state");
  const Holder holder(root_ / "state", "20260102T030405Z-abcd");
  ASSERT_TRUE(holder.holds());

  const auto lock = runs.lock("20260102T030405Z-abcd");

  ASSERT_FALSE(lock);
  EXPECT_EQ(lock.error().code, "state.locked");
  EXPECT_EQ(lock.error().category, Category::kConflict);
  EXPECT_THAT(lock.error().message, HasSubstr("20260102T030405Z-abcd"));
  EXPECT_THAT(lock.error().message, HasSubstr("process " + std::to_string(holder.pid())));
}

TEST_F(LockTest, TheLockOfAKilledProcessIsFree) {
  Holder holder(root_ / "state", "one");
  ASSERT_TRUE(holder.holds());
  holder.kill();
  EXPECT_TRUE(Runs(fs_, clock_, root_ / "state").lock("one"));
}

TEST_F(LockTest, OfTwoProcessesTheOneThatCameSecondDoesNotHoldIt) {
  Runs runs(fs_, clock_, root_ / "state");
  ASSERT_TRUE(make_directories(fs_, runs.directory("one")));
  auto mine = runs.lock("one");
  ASSERT_TRUE(mine);
  EXPECT_FALSE(Holder(root_ / "state", "one").holds());
  mine->reset();
  EXPECT_TRUE(Holder(root_ / "state", "one").holds());
}

TEST_F(LockTest, DifferentRunsDoNotHinderEachOther) {
  const Holder holder(root_ / "state", "one");
  ASSERT_TRUE(holder.holds());
  EXPECT_TRUE(Holder(root_ / "state", "two").holds());
}

}  // namespace
}  // namespace snapcore
