#include "cli/run_leases.hpp"

#include <set>

#include "cli/run_records.hpp"

namespace snapcore {
namespace {

std::string whole(const std::string& instance) { return "instance:" + instance; }

Value lease_body(const Lease& lease, std::string_view state) {
  return Value::object({{"resource", lease.key},
                        {"state", state},
                        {"fence", lease.fence},
                        {"run", lease.holder.run},
                        {"expires", to_rfc3339(lease.expires)}});
}

}  // namespace

std::vector<std::string> lease_keys(const Plan& plan) {
  std::set<std::string> keys;
  for (const PlannedCall* call : plan.calls()) {
    if (!call->is_act()) continue;
    keys.insert(call->resources.begin(), call->resources.end());
    if (call->resources.empty()) keys.insert(whole(call->instance));
    for (const NestedCall& nested : call->nested) keys.insert(whole(nested.instance));
  }
  return {keys.begin(), keys.end()};
}

RunLeases::RunLeases(Invocation& invocation, FileSystem& fs, const Path& state,
                     const std::string& run)
    : store_(fs, state / "leases", pause_),
      leases_(store_, processes_, invocation.clock, pause_, this_process(run, operator_name())) {}

Result<std::unique_ptr<RunLeases>> RunLeases::take(Invocation& invocation, FileSystem& fs,
                                                   const Path& state, const std::string& run,
                                                   const Plan& plan, const LeaseWish& wish) {
  std::unique_ptr<RunLeases> taken(new RunLeases(invocation, fs, state, run));
  const LeaseRequest request{
      .keys = lease_keys(plan), .breaking = wish.breaking, .wait = wish.wait};
  if (request.keys.empty()) return taken;
  auto acquired = taken->leases_.acquire(request, invocation.cancelled);
  if (!acquired) return fail(acquired.error());
  taken->acquired_ = std::move(*acquired);
  taken->renewal_.emplace(taken->leases_, taken->acquired_.leases, taken->renewal_pause_);
  return taken;
}

Result<> RunLeases::record(Journal& journal) const {
  for (const Lease& lease : acquired_.broken) {
    auto written = journal.append_later(record::kLease, lease_body(lease, "broken"));
    if (!written) return fail(written.error());
  }
  for (const Lease& lease : acquired_.leases) {
    auto written = journal.append_later(record::kLease, lease_body(lease, "taken"));
    if (!written) return fail(written.error());
  }
  return {};
}

RunLeases::~RunLeases() {
  renewal_.reset();
  // One that cannot be released is held until it is broken by its number, which its refusal prints.
  if (!kept_) (void)leases_.release(acquired_.leases);
}

}  // namespace snapcore
