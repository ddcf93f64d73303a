// Keeps the leases of a run alive while it works.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <snapcore/error.hpp>
#include <thread>
#include <vector>

#include "lease/leases.hpp"

namespace snapcore {

// A thread renews every third of the period, sooner after a failure; the destructor stops it. The
// leases are not released: that is for who knows how the run ended.
class Renewal {
 public:
  // `leases` and `sleeper` must live longer. The sleeper is this thread's alone: it is woken at the
  // end.
  Renewal(Leases& leases, std::vector<Lease> held, Sleeper& sleeper);
  ~Renewal();
  Renewal(const Renewal&) = delete;
  Renewal& operator=(const Renewal&) = delete;

  // Before every act, on any thread: Leases::check() of each. Below the error stands why renewing
  // failed, when it did.
  Result<> check();

  // Why the last round failed. Reason for a warning: the run may go on while check() lets it.
  std::optional<Error> problem() const;

 private:
  void renew_until_stopped();
  void renew_all();

  Leases& leases_;
  const std::vector<Lease> held_;
  Sleeper& sleeper_;
  std::atomic<bool> stopped_ = false;
  mutable std::mutex mutex_;
  std::optional<Error> problem_;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace snapcore
