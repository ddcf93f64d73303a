#include "lease/renewal.hpp"

#include <chrono>
#include <utility>

namespace snapcore {

Renewal::Renewal(Leases& leases, std::vector<Lease> held, Sleeper& sleeper)
    : leases_(leases),
      held_(std::move(held)),
      sleeper_(sleeper),
      thread_([this] { renew_until_stopped(); }) {}

Renewal::~Renewal() {
  stopped_ = true;
  sleeper_.wake();
  thread_.join();
}

void Renewal::renew_until_stopped() {
  const std::chrono::milliseconds pause = std::chrono::milliseconds(leases_.period()) / 3;
  for (;;) {
    // What failed is tried again soon: two whole pauses later no act would be allowed any more.
    sleeper_.sleep(problem() ? pause / 4 : pause);
    if (stopped_) return;
    renew_all();
  }
}

void Renewal::renew_all() {
  std::optional<Error> problem;
  for (const Lease& lease : held_) {
    if (auto renewed = leases_.renew(lease); !renewed && !problem) problem = renewed.error();
  }
  const std::lock_guard lock(mutex_);
  problem_ = std::move(problem);
}

Result<> Renewal::check() {
  for (const Lease& lease : held_) {
    auto checked = leases_.check(lease);
    if (checked) continue;
    Error error = checked.error();
    auto reason = problem();
    if (!error.cause && reason && reason->code != error.code) {
      error.cause = std::make_shared<const Error>(std::move(*reason));
    }
    return fail(std::move(error));
  }
  return {};
}

std::optional<Error> Renewal::problem() const {
  const std::lock_guard lock(mutex_);
  return problem_;
}

}  // namespace snapcore
