#include "cli/run_leases.hpp"

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "cli/run_records.hpp"
#include "cli/run_state.hpp"

namespace snapcore {
namespace {

Value lease_body(const Lease& lease, std::string_view state) {
  return Value::object({{"resource", lease.key},
                        {"state", state},
                        {"fence", lease.fence},
                        {"run", lease.holder.run},
                        {"expires", to_rfc3339(lease.expires)}});
}

void tell_of_left(Output& output, const std::vector<Lease>& left) {
  std::set<std::string> told;
  for (const Lease& lease : left) {
    if (!told.insert(lease.holder.run).second) continue;
    output.say("run " + printable(lease.holder.run, 128) +
               " left its leases behind, and nothing else: they are taken over\n");
  }
}

// The highest number of all that the journals of runs tell.
std::uint64_t highest_on_record(FileSystem& fs, Runs& runs) {
  std::uint64_t highest = 0;
  const auto ids = runs.ids();
  if (!ids) return highest;
  for (const std::string& id : *ids) {
    // What stands before a damage counts.
    (void)read_journal(fs, runs.directory(id) / "journal.jsonl", [&](const Record& record) {
      if (record.type == record::kLease)
        highest = std::max(highest, record.body.at("fence").uint_or(0));
      return Result<>();
    });
  }
  return highest;
}

}  // namespace

std::vector<std::string> lease_keys(const PlannedCall& call) {
  if (!call.is_act()) return {};
  std::vector<std::string> keys = call.resources;
  keys.insert(keys.end(), call.nested_resources.begin(), call.nested_resources.end());
  if (call.resources.empty()) keys.push_back(whole_instance(call.instance));
  return keys;
}

std::vector<std::string> lease_keys(const Plan& plan) {
  std::set<std::string> keys;
  for (const PlannedCall* call : plan.calls()) {
    for (std::string& key : lease_keys(*call)) keys.insert(std::move(key));
  }
  return {keys.begin(), keys.end()};
}

RunLeases::RunLeases(Invocation& invocation, FileSystem& fs, const Path& state,
                     const std::string& run)
    : fs_(fs),
      runs_(fs, invocation.clock, state),
      store_(fs, state / "leases", sleeper_),
      leases_(store_, processes_, invocation.clock, sleeper_, this_process(run, operator_name())) {}

Result<std::unique_ptr<RunLeases>> RunLeases::take(Invocation& invocation, FileSystem& fs,
                                                   const Path& state, const std::string& run,
                                                   const Plan& plan, const LeaseWish& wish) {
  std::unique_ptr<RunLeases> taken(new RunLeases(invocation, fs, state, run));
  const LeaseRequest request{
      .keys = lease_keys(plan), .breaking = wish.breaking, .wait = wish.wait};
  if (request.keys.empty()) return taken;
  auto acquired = taken->acquire(invocation, request);
  if (!acquired) return fail(acquired.error());
  taken->acquired_ = std::move(*acquired);
  taken->alive_.emplace_back(taken->leases_, taken->acquired_);
  return taken;
}

Result<> RunLeases::add(Invocation& invocation, const Plan& phase, const LeaseWish& wish,
                        Journal& journal) {
  LeaseRequest request{.keys = {}, .breaking = wish.breaking, .wait = wish.wait};
  for (std::string& key : lease_keys(phase)) {
    const auto& held = acquired_.leases;
    if (std::none_of(held.begin(), held.end(),
                     [&](const Lease& lease) { return lease.key == key; }))
      request.keys.push_back(std::move(key));
  }
  if (request.keys.empty()) return {};
  auto more = acquire(invocation, std::move(request));
  if (!more) return fail(more.error());
  auto noted = record(*more, journal);
  acquired_.leases.insert(acquired_.leases.end(), more->leases.begin(), more->leases.end());
  alive_.emplace_back(leases_, *more);
  return noted;
}

Result<AcquiredLeases> RunLeases::acquire(Invocation& invocation, LeaseRequest request) {
  request.remains_of = [this](const std::string& run) { return remains_of(runs_, run); };
  // Numbers that began anew, because somebody removed the leases, would tell the order of runs
  // wrongly.
  if (const auto known = store_.list(); known && known->leases.empty())
    request.above = highest_on_record(fs_, runs_);
  auto acquired = leases_.acquire(request, invocation.cancelled);
  if (acquired) tell_of_left(invocation.output, acquired->left);
  return acquired;
}

Result<> RunLeases::record(const AcquiredLeases& acquired, Journal& journal) {
  for (const Lease& lease : acquired.left) {
    auto written = journal.append_later(record::kLease, lease_body(lease, "left"));
    if (!written) return fail(written.error());
  }
  for (const Lease& lease : acquired.broken) {
    auto written = journal.append_later(record::kLease, lease_body(lease, "broken"));
    if (!written) return fail(written.error());
  }
  for (const Lease& lease : acquired.leases) {
    auto written = journal.append_later(record::kLease, lease_body(lease, "taken"));
    if (!written) return fail(written.error());
  }
  return {};
}

Result<> RunLeases::may_act() {
  for (KeptAlive& alive : alive_) {
    if (auto may = alive.renewal.check(); !may) return may;
  }
  return {};
}

RunLeases::~RunLeases() {
  alive_.clear();
  // One that cannot be released is held until it is broken by its number, which its refusal prints.
  if (!kept_) (void)leases_.release(acquired_.leases);
}

}  // namespace snapcore
