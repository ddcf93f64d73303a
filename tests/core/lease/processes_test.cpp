// What this machine can tell of real processes.
#include "lease/processes.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace snapcore {
namespace {

// A child that waits for its end.
class Child {
 public:
  Child() : pid_(::fork()) {
    if (pid_ == 0) {
      for (;;) ::pause();
    }
  }
  ~Child() {
    end();
    ::waitpid(pid_, nullptr, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void end() {
    ::kill(pid_, SIGKILL);
    // Until it has ended; it stays a zombie.
    siginfo_t ended;
    ::waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOWAIT);
  }
  pid_t pid() const { return pid_; }

 private:
  const pid_t pid_;
};

TEST(ProcessesTest, ThisProcessIsRunning) {
  const LeaseHolder self = this_process("run-1", "words");
  EXPECT_EQ(self.run, "run-1");
  EXPECT_EQ(self.words, "words");
  EXPECT_EQ(self.process.pid, ::getpid());
  EXPECT_EQ(RealProcesses().look_for(self), Liveness::kRunning);
}

TEST(ProcessesTest, AReusedPidIsAnotherProcess) {
  LeaseHolder before = this_process("run-1", "");
  --before.process.start_ticks;
  EXPECT_EQ(RealProcesses().look_for(before), Liveness::kGone);
}

TEST(ProcessesTest, AProcessThatEndedIsGoneAlsoAsAZombie) {
  LeaseHolder holder = this_process("run-1", "");
  {
    Child child;
    holder.process.pid = child.pid();
    child.end();
    EXPECT_EQ(RealProcesses().look_for(holder), Liveness::kGone);
  }
  EXPECT_EQ(RealProcesses().look_for(holder), Liveness::kGone);
}

TEST(ProcessesTest, OfOtherHostsContainersAndBootsNobodyCanTell) {
  const LeaseHolder self = this_process("run-1", "");
  for (const auto& change : {+[](LeaseHolder& holder) { holder.host += "x"; },
                             +[](LeaseHolder& holder) { holder.process.boot += "x"; },
                             +[](LeaseHolder& holder) { holder.process.boot = ""; },
                             +[](LeaseHolder& holder) { holder.process.pid_space += "x"; },
                             +[](LeaseHolder& holder) { holder.process.pid_space = ""; },
                             +[](LeaseHolder& holder) { holder.process.pid = 0; },
                             +[](LeaseHolder& holder) { holder.process.pid = -1; },
                             +[](LeaseHolder& holder) { holder.process.pid = INT64_MAX; }}) {
    LeaseHolder other = self;
    change(other);
    EXPECT_EQ(RealProcesses().look_for(other), Liveness::kUnknown);
  }
}

}  // namespace
}  // namespace snapcore
