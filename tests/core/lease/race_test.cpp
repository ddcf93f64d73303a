// Two processes, one lease, a thousand times.
#include <gtest/gtest.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <new>

#include "base/real_file_system.hpp"
#include "lease/file_store.hpp"
#include "lease/leases.hpp"

namespace snapcore {
namespace {

constexpr int kRounds = 1000;
// On a machine with other work the racers seldom meet in the last moment; they go on until they
// did.
constexpr int kMostRounds = 20 * kRounds;
constexpr int kRacers = 2;

// Memory that processes share.
struct Arena {
  std::atomic<std::uint32_t> arrived = 0;
  std::atomic<std::uint32_t> generation = 0;
  std::atomic<bool> broken = false;  // a racer failed: nobody shall wait for it
  std::atomic<int> holders = 0;
  std::atomic<int> rounds_without_one_holder = 0;
  std::array<std::atomic<int>, kRacers> wins = {};
  std::atomic<int> lost_at_the_last_moment = 0;
  std::atomic<std::uint64_t> highest_fence = 0;
  std::atomic<int> fences_that_did_not_grow = 0;
  std::atomic<int> rounds = 0;

  bool exercised() const {
    return wins[0] >= kRounds / 10 && wins[1] >= kRounds / 10 &&
           lost_at_the_last_moment >= kRounds / 20;
  }
  bool over() const { return rounds >= (exercised() ? kRounds : kMostRounds); }

  // Returns once all racers are here.
  void meet() {
    const std::uint32_t now = generation;
    if (++arrived == kRacers) {
      arrived = 0;
      wake();
      return;
    }
    while (generation == now && !broken) futex(FUTEX_WAIT, now);
  }
  void give_up() {
    broken = true;
    wake();
  }

 private:
  void wake() {
    ++generation;
    futex(FUTEX_WAKE, kRacers);
  }
  void futex(int operation, std::uint32_t value) {
    static_assert(sizeof(generation) == sizeof(std::uint32_t));
    ::syscall(SYS_futex, &generation, operation, value, nullptr, nullptr, 0);
  }
};

class SharedArena {
 public:
  SharedArena()
      : memory_(::mmap(nullptr, sizeof(Arena), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                       -1, 0)) {
    if (memory_ != MAP_FAILED) arena_ = new (memory_) Arena;
  }
  ~SharedArena() {
    if (arena_) ::munmap(memory_, sizeof(Arena));
  }
  SharedArena(const SharedArena&) = delete;
  SharedArena& operator=(const SharedArena&) = delete;
  Arena* operator->() { return arena_; }
  Arena& operator*() { return *arena_; }
  explicit operator bool() const { return arena_ != nullptr; }

 private:
  void* memory_;
  Arena* arena_ = nullptr;
};

// Counts who found the lease free and was overtaken before it was written.
class WatchedStore final : public LeaseStore {
 public:
  WatchedStore(LeaseStore& store, Arena& arena) : store_(store), arena_(arena) {}
  Result<std::optional<Lease>> read(const std::string& key) override { return store_.read(key); }
  Result<> write(const Lease& lease) override {
    auto written = store_.write(lease);
    if (!written && written.error().code == "lease.changed") ++arena_.lost_at_the_last_moment;
    return written;
  }
  Result<std::uint64_t> draw_fence(std::uint64_t after) override {
    return store_.draw_fence(after);
  }
  Result<KnownLeases> list() override { return store_.list(); }

 private:
  LeaseStore& store_;
  Arena& arena_;
};

Result<> race_once(Arena& arena, std::size_t racer, Leases& leases) {
  const std::atomic<bool> cancelled = false;
  arena.meet();
  const auto acquired = leases.acquire({.keys = {"the-one"}}, cancelled);
  if (!acquired && acquired.error().code != "lease.held") return fail(acquired.error());
  if (acquired) {
    ++arena.holders;
    ++arena.wins[racer];
    const std::uint64_t fence = acquired->leases[0].fence;
    if (arena.highest_fence.exchange(fence) >= fence) ++arena.fences_that_did_not_grow;
  }
  arena.meet();  // who has it keeps it until both have tried
  if (racer == 0 && arena.holders != 1) ++arena.rounds_without_one_holder;
  arena.meet();
  if (!acquired) return {};
  --arena.holders;
  return leases.release(acquired->leases);
}

// 0 when every round could be run.
int race(Arena& arena, std::size_t racer, const Path& directory) {
  RealFileSystem fs;
  RealSleeper sleeper;
  FileLeaseStore files(fs, directory, sleeper);
  WatchedStore store(files, arena);
  const RealProcesses processes;
  const SystemClock clock;
  Leases leases(store, processes, clock, sleeper, this_process("run-" + std::to_string(racer), ""));
  for (bool over = false; !over && !arena.broken;) {
    if (auto done = race_once(arena, racer, leases); !done) {
      fprintf(stderr, "racer %zu: %s\n", racer, done.error().message.c_str());
      arena.give_up();
      return 1;
    }
    // Whoever released comes here last; meeting once more, nobody has a start.
    if (racer == 0) ++arena.rounds;
    arena.meet();
    over = arena.over();
    arena.meet();
  }
  return arena.broken ? 1 : 0;
}

// Memory, when there is such a place: what is raced for is the lease, not the disk.
std::string place_to_race() {
  return ::access("/dev/shm", W_OK) == 0 ? std::string("/dev/shm/") : testing::TempDir();
}

TEST(LeaseRaceTest, OfTwoProcessesExactlyOneHoldsALeaseAThousandTimes) {
  std::string directory = place_to_race() + "snapcore-race-XXXXXX";
  ASSERT_NE(::mkdtemp(directory.data()), nullptr);
  SharedArena arena;
  ASSERT_TRUE(arena);
  std::array<pid_t, kRacers> racers{};
  for (std::size_t racer = 0; racer < kRacers; ++racer) {
    racers[racer] = ::fork();
    ASSERT_GE(racers[racer], 0);
    if (racers[racer] == 0) ::_exit(race(*arena, racer, directory));
  }
  for (int ended = 0; ended < kRacers; ++ended) {
    int status = 0;
    ASSERT_GT(::wait(&status), 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
    if (status != 0) arena->give_up();
  }

  EXPECT_EQ(arena->rounds_without_one_holder, 0);
  EXPECT_EQ(arena->fences_that_did_not_grow, 0);
  EXPECT_EQ(arena->wins[0] + arena->wins[1], arena->rounds);
  EXPECT_GE(arena->rounds, kRounds);
  EXPECT_TRUE(arena->exercised()) << "race not exercised: " << arena->wins[0] << " and "
                                  << arena->wins[1] << " wins, " << arena->lost_at_the_last_moment
                                  << " at the last moment";
  RecordProperty("wins_of_the_first", arena->wins[0]);
  RecordProperty("lost_at_the_last_moment", arena->lost_at_the_last_moment);
  RealFileSystem fs;
  EXPECT_TRUE(remove_tree(fs, directory));
}

}  // namespace
}  // namespace snapcore
