// One run at a time on a resource, among the runs that share a store.
//
// A run takes all its resources before its first act, has its leases renewed (Renewal) while it
// works, asks check() before every act, and releases them at its end. A lease that is not released
// is held until somebody breaks it by its number, however long ago it expired: what its run left
// behind on the resource is known to that run only. That the run itself stops before the lease
// expires is what makes breaking an expired one safe. Only a run that is known to have left
// nothing, and whose process is gone, loses it to whoever comes.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <snapcore/error.hpp>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/sleeper.hpp"
#include "lease/processes.hpp"
#include "lease/store.hpp"

namespace snapcore {

// Renewed every third of it, and more often after a failure.
inline constexpr std::chrono::seconds kLeasePeriod{120};

// What a run whose process is gone left of its work, as far as whoever keeps the runs can tell.
enum class Remains {
  kSomething,  // it stands half way, or that cannot be told
  kNothing,    // it is over, or never began
  kNoRun,      // nobody knows such a run
};

struct LeaseRequest {
  std::vector<std::string> keys = {};  // in any order, repetitions count once
  // Numbers as "lease.held" printed them: a lease with exactly this fence is broken, unless its
  // process is running on this machine.
  std::vector<std::uint64_t> breaking = {};
  std::chrono::seconds wait{0};  // for leases that others hold
  std::uint64_t above = 0;       // the number that is drawn is higher than this
  // Asked of holders whose process is gone. Without it each may have left something.
  std::function<Remains(const std::string& run)> remains_of = {};
};

struct AcquiredLeases {
  std::vector<Lease> leases = {};  // sorted by key; all have the same fence
  std::vector<Lease> broken = {};  // as they were before, for the journal
  std::vector<Lease> left = {};    // so, too: of runs that had left nothing else
};

// Thread-safe as far as what it is made of.
class Leases {
 public:
  // `self` takes them: this_process(run, words). `period` is at least a minute where clocks of
  // several machines are compared.
  Leases(LeaseStore& store, const Processes& processes, const Clock& clock, Sleeper& sleeper,
         LeaseHolder self, std::chrono::seconds period = kLeasePeriod);

  // All of them or none; durable. What the same run held before is taken back with a new fence,
  // unless another process of that run is running, or may be on another host whose lease has not
  // expired.
  //
  // "lease.held" (Category::kConflict) tells of the first that is not free, after waiting as long
  // as was asked for; "run.interrupted" once `cancelled`; "lease.invalid_key"; those of the store.
  // After an error the hint tells when a lease could not be given back.
  Result<AcquiredLeases> acquire(const LeaseRequest& request, const std::atomic<bool>& cancelled);

  // Whether an act may begin now. "lease.lost" when the lease is another's, or not long enough
  // ours to begin anything: less than a quarter of the period is left.
  Result<> check(const Lease& lease);

  // The lease lasts a period from now. "lease.lost" when it is no longer ours or has expired.
  Result<> renew(const Lease& lease);

  // Free for others from now on; the fence stays. Released twice is no error. "lease.lost".
  Result<> release(const Lease& lease);
  // Each, whatever happens to the others; the first error.
  Result<> release(const std::vector<Lease>& leases);

  std::chrono::seconds period() const { return period_; }

 private:
  struct Wanted {
    std::string key;
    std::optional<Lease> before;  // as stored
  };

  Result<AcquiredLeases> try_all(const std::vector<std::string>& keys, const LeaseRequest& request);
  Result<AcquiredLeases> try_once(const std::vector<std::string>& keys,
                                  const LeaseRequest& request);
  Result<Lease> take(const Wanted& wanted, std::uint64_t fence);
  Result<> give_back(const Wanted& wanted, std::uint64_t fence);
  // Without what is known of the run that holds it.
  bool is_free(const Lease& lease, Liveness process, const LeaseRequest& request) const;
  Result<Lease> still_ours(const Lease& lease);
  // Applies `change` to the lease as it is stored now.
  template <class Change>
  Result<> rewrite(const Lease& lease, Change change);

  LeaseStore& store_;
  const Processes& processes_;
  const Clock& clock_;
  Sleeper& sleeper_;
  const LeaseHolder self_;
  const std::chrono::seconds period_;
};

}  // namespace snapcore
