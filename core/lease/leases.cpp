// All or nothing without a transaction: everything is read first, and when anything is held nothing
// is written. Then the keys are taken in sorted order, each only if it still is as it was read. Who
// comes too late at one of them gives back those before it; two who want the same keys meet at the
// first, so one of them gets on.
#include "lease/leases.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "lease/words.hpp"

namespace snapcore {
namespace {

constexpr std::chrono::seconds kPoll{1};
constexpr int kSafetyPart = 4;
constexpr std::size_t kMaxKeyBytes = 4096;
constexpr std::size_t kMaxWordsBytes = 1024;
// Each time somebody else got on: with more than a few tries something is broken.
constexpr int kAttempts = 100;

Result<std::vector<std::string>> sorted_keys(std::vector<std::string> keys) {
  for (const std::string& key : keys) {
    // A key must read back as the same bytes, or it would be somebody else's.
    if (key.empty() || key.size() > kMaxKeyBytes || valid_utf8(key) != key) {
      return fail({.code = "lease.invalid_key",
                   .message = "'" + printable(key) + "' cannot name a resource: a key has 1 to " +
                              describe_number(kMaxKeyBytes) + " bytes of UTF-8",
                   .category = Category::kInternal});
    }
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

Error interrupted() {
  return {.code = "run.interrupted",
          .message = "interrupted while waiting for leases; nothing was begun",
          .hint = "give the command again when you are ready",
          .category = Category::kTransient};
}

Error in_vain(Error held, std::chrono::seconds waited) {
  if (waited.count() > 0) held.message += "; waited " + describe_age(waited);
  return held;
}

LeaseHolder fit_to_store(LeaseHolder holder) {
  holder.words = printable(holder.words, kMaxWordsBytes);
  return holder;
}

}  // namespace

Leases::Leases(LeaseStore& store, const Processes& processes, const Clock& clock, Sleeper& sleeper,
               LeaseHolder self, std::chrono::seconds period)
    : store_(store),
      processes_(processes),
      clock_(clock),
      sleeper_(sleeper),
      self_(fit_to_store(std::move(self))),
      period_(period) {}

Result<AcquiredLeases> Leases::acquire(const LeaseRequest& request,
                                       const std::atomic<bool>& cancelled) {
  const auto keys = sorted_keys(request.keys);
  if (!keys) return fail(keys.error());
  const Time start = clock_.now();
  for (;;) {
    if (cancelled) return fail(interrupted());
    auto acquired = try_all(*keys, request);
    if (acquired || acquired.error().code != "lease.held") return acquired;
    const auto waited = clock_.now() - start;
    if (waited >= request.wait) return fail(in_vain(acquired.error(), waited));
    (void)sleeper_.sleep(std::min<std::chrono::milliseconds>(kPoll, request.wait - waited),
                         cancelled);
  }
}

Result<AcquiredLeases> Leases::try_all(const std::vector<std::string>& keys,
                                       const LeaseRequest& request) {
  for (int attempt = 1;; ++attempt) {
    auto acquired = try_once(keys, request);
    if (acquired || acquired.error().code != "lease.changed" || attempt == kAttempts) {
      return acquired;
    }
  }
}

Result<AcquiredLeases> Leases::try_once(const std::vector<std::string>& keys,
                                        const LeaseRequest& request) {
  std::vector<Wanted> wanted;
  AcquiredLeases acquired;
  std::uint64_t highest = request.above;
  for (const std::string& key : keys) {
    auto stored = store_.read(key);
    if (!stored) return fail(stored.error());
    if (*stored) {
      const Lease& lease = **stored;
      const Liveness process = processes_.look_for(lease.holder);
      const bool may_have = is_free(lease, process, request);
      const Remains remains = !may_have && process == Liveness::kGone && request.remains_of
                                  ? request.remains_of(lease.holder.run)
                                  : Remains::kSomething;
      if (!may_have && remains != Remains::kNothing) {
        return fail(held_error(lease, process, clock_.now(), self_.run,
                               {.breaking = request.breaking, .remains = remains}));
      }
      if (!lease.released && lease.holder.run != self_.run)
        (may_have ? acquired.broken : acquired.left).push_back(lease);
      highest = std::max(highest, lease.fence);
    }
    wanted.push_back({key, std::move(*stored)});
  }
  if (wanted.empty()) return acquired;
  const auto fence = store_.draw_fence(highest);
  if (!fence) return fail(fence.error());
  for (std::size_t at = 0; at < wanted.size(); ++at) {
    auto taken = take(wanted[at], *fence);
    if (taken) {
      acquired.leases.push_back(std::move(*taken));
      continue;
    }
    Error error = taken.error();
    // The one that failed, too: an error does not prove that nothing was written.
    for (std::size_t back = at + 1; back-- > 0;) {
      if (give_back(wanted[back], *fence)) continue;
      error.hint += (error.hint.empty() ? "" : "; ") +
                    ("lease " + std::to_string(*fence) + " of " + printable(wanted[back].key) +
                     " may be left behind: run " + printable(self_.run, 128) + " can take it back");
    }
    return fail(std::move(error));
  }
  return acquired;
}

bool Leases::is_free(const Lease& lease, Liveness process, const LeaseRequest& request) const {
  if (lease.released) return true;
  if (lease.holder.process == self_.process && lease.holder.host == self_.host &&
      lease.holder.run == self_.run) {
    return true;
  }
  // Also of our own run: one that is being executed must not be resumed beside itself.
  if (process == Liveness::kRunning) return false;
  // What another host still has a right to may be at work there, on the original of a copied store.
  const bool may_go_on = process == Liveness::kUnknown && lease.holder.host != self_.host &&
                         lease.expires > clock_.now();
  if (lease.holder.run == self_.run && !may_go_on) return true;
  return std::find(request.breaking.begin(), request.breaking.end(), lease.fence) !=
         request.breaking.end();
}

Result<Lease> Leases::take(const Wanted& wanted, std::uint64_t fence) {
  const Time now = clock_.now();
  Lease lease{.key = wanted.key,
              .holder = self_,
              .acquired = now,
              .renewed = now,
              .expires = now + period_,
              .fence = fence,
              .revision = wanted.before ? wanted.before->revision + 1 : 1};
  if (auto written = store_.write(lease); !written) return fail(written.error());
  return lease;
}

// As it was before, but under the new number: numbers only grow.
Result<> Leases::give_back(const Wanted& wanted, std::uint64_t fence) {
  const auto stored = store_.read(wanted.key);
  if (!stored) return fail(stored.error());
  if (!*stored || (*stored)->fence != fence) return {};
  Lease lease = wanted.before.value_or(**stored);
  if (!wanted.before) lease.released = clock_.now();
  lease.fence = fence;
  lease.revision = (*stored)->revision + 1;
  return store_.write(lease);
}

Result<Lease> Leases::still_ours(const Lease& lease) {
  auto stored = store_.read(lease.key);
  if (!stored) return fail(stored.error());
  if (!*stored) return fail(lost_error(lease, "is gone from where leases are kept"));
  if ((*stored)->fence != lease.fence) {
    return fail(lost_error(
        lease, "was taken away: there is now " +
                   describe_lease(**stored, processes_.look_for((*stored)->holder), clock_.now())));
  }
  return std::move(**stored);
}

Result<> Leases::check(const Lease& lease) {
  const auto stored = still_ours(lease);
  if (!stored) return fail(stored.error());
  if (stored->released) return fail(lost_error(lease, "was released"));
  if (stored->expires - clock_.now() >= period_ / kSafetyPart) return {};
  return fail(lost_error(lease, "was not renewed since " + to_rfc3339(stored->renewed) +
                                    "; it expires at " + to_rfc3339(stored->expires) +
                                    ", too soon to begin anything"));
}

template <class Change>
Result<> Leases::rewrite(const Lease& lease, Change change) {
  for (int attempt = 1;; ++attempt) {
    auto stored = still_ours(lease);
    if (!stored) return fail(stored.error());
    const Lease before = *stored;
    if (auto allowed = change(*stored); !allowed) return allowed;
    if (*stored == before) return {};
    ++stored->revision;
    auto written = store_.write(*stored);
    if (written || written.error().code != "lease.changed" || attempt == kAttempts) return written;
  }
}

Result<> Leases::renew(const Lease& lease) {
  return rewrite(lease, [&](Lease& stored) -> Result<> {
    const Time now = clock_.now();
    if (stored.released) return fail(lost_error(lease, "was released"));
    // Whoever looked since then was told that it has expired, and may rely on it.
    if (stored.expires <= now) {
      return fail(lost_error(lease, "expired at " + to_rfc3339(stored.expires)));
    }
    stored.renewed = now;
    stored.expires = now + period_;
    return {};
  });
}

Result<> Leases::release(const Lease& lease) {
  return rewrite(lease, [&](Lease& stored) -> Result<> {
    if (!stored.released) stored.released = clock_.now();
    return {};
  });
}

Result<> Leases::release(const std::vector<Lease>& leases) {
  Result<> first;
  for (const Lease& lease : leases) {
    if (auto released = release(lease); !released && first) first = std::move(released);
  }
  return first;
}

}  // namespace snapcore
