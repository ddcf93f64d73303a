// Runs that share one store of leases, on a clock that only the test moves.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>

#include "fakes/fake_file_system.hpp"
#include "lease/file_store.hpp"
#include "lease/leases.hpp"

namespace snapcore {

inline const Path kLeases = "/state/leases";
inline const std::string kNotes = "notes-dir:db1:/srv/notes";
inline const std::string kMail = "mail-dir:db1:/srv/mail";
inline constexpr std::chrono::seconds kPeriod{120};

// Says of each pid what the test wants it to say; of others that nobody can tell.
class FakeProcesses final : public Processes {
 public:
  Liveness look_for(const LeaseHolder& holder) const override {
    const auto known = processes.find(holder.process.pid);
    return known == processes.end() ? Liveness::kUnknown : known->second;
  }
  std::map<std::int64_t, Liveness> processes;
};

inline LeaseHolder holder(const std::string& run, std::int64_t pid,
                          const std::string& host = "db1") {
  return {.run = run,
          .host = host,
          .process = {.pid = pid, .start_ticks = 5, .boot = "b", .pid_space = "s"},
          .words = "for the test"};
}

class LeaseTest : public testing::Test {
 protected:
  Leases leases_of(const std::string& run, std::int64_t pid, const std::string& host = "db1") {
    return {store_, processes_, clock_, sleeper_, holder(run, pid, host), kPeriod};
  }

  Result<AcquiredLeases> acquire(Leases& leases, std::vector<std::string> keys,
                                 std::vector<std::uint64_t> breaking = {}) {
    return leases.acquire({.keys = std::move(keys), .breaking = std::move(breaking)}, cancelled_);
  }

  // That must succeed: the only lease it takes.
  Lease taken(Leases& leases, const std::string& key = kNotes) {
    auto acquired = acquire(leases, {key});
    EXPECT_TRUE(acquired) << acquired.error().message;
    return acquired ? acquired->leases.at(0) : Lease{};
  }

  Lease stored(const std::string& key = kNotes) {
    const auto lease = store_.read(key);
    EXPECT_TRUE(lease && *lease);
    return lease && *lease ? **lease : Lease{};
  }

  FakeFileSystem fs_;
  FakeClock clock_{*parse_time("2026-01-02T03:04:05Z")};
  FakeSleeper sleeper_{clock_};
  FakeProcesses processes_;
  FileLeaseStore store_{fs_, kLeases, sleeper_};
  std::atomic<bool> cancelled_ = false;
  Leases one_ = leases_of("run-1", 101);
  Leases two_ = leases_of("run-2", 102);
};

}  // namespace snapcore
