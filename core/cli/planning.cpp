#include "cli/planning.hpp"

#include <algorithm>

#include "engine/border_gate.hpp"

namespace snapcore {
namespace {

std::string in_words(const PlannedCall* call) {
  if (!call) return "no call";
  const std::string where = to_text(call->line);
  return call->instance + "." + call->operation + " " + call->args.dump() +
         (where.empty() ? "" : " at " + where);
}

// The first place where two passes went apart.
Error differ(const Plan& first, const Plan& second) {
  const auto calls = first.calls(), again = second.calls();
  std::string where = "the two plans differ, though not in a call";
  for (std::size_t i = 0; i < std::max(calls.size(), again.size()); ++i) {
    const PlannedCall* one = i < calls.size() ? calls[i] : nullptr;
    const PlannedCall* other = i < again.size() ? again[i] : nullptr;
    if (one && other && one->id == other->id && one->instance == other->instance &&
        one->operation == other->operation && one->args == other->args &&
        one->condition == other->condition) {
      continue;
    }
    where = "first pass: " + in_words(one) + "\nsecond pass: " + in_words(other);
    break;
  }
  return {.code = "plan.not_deterministic",
          .message = "the runbook does not do the same twice\n" + where,
          .hint = "let it decide only on its parameters, on reads, and on now() and uuid()"};
}

std::vector<CodeFile> code_of(const Runbook& runbook) {
  std::vector<CodeFile> code;
  for (const Runbook::Source& source : runbook.sources()) {
    code.push_back({source.name, source.path, source.sha256, source.text});
  }
  return code;
}

// Beside the binary, in an installed prefix as in a build folder; empty when there are none.
std::filesystem::path shipped_runbooks() {
  std::error_code problem;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", problem);
  if (problem) return {};
  const auto shipped = self.parent_path().parent_path() / "share" / "snapcore" / "lua";
  return std::filesystem::is_directory(shipped, problem) ? shipped : std::filesystem::path();
}

}  // namespace

Result<Plan> make_plan(const PlanRequest& request, const Runbook& runbook,
                       const std::map<std::string, std::string>& params) {
  Planner first(request);
  if (auto ended = runbook.run(first, params); !ended) return fail(ended.error());

  PlanRequest quiet = request;
  quiet.audience = nullptr;
  Planner second(quiet, first.learned());
  if (auto ended = runbook.run(second, params); !ended) return fail(ended.error());

  Plan plan = first.take();
  Plan again = second.take();
  plan.code = again.code = code_of(runbook);
  if (plan.digest() != again.digest()) return fail(differ(plan, again));
  return plan;
}

Result<Plan> plan_phase(const PlanRequest& request, const Border& border, const Runbook& runbook,
                        const std::map<std::string, std::string>& params) {
  BorderGate first(request, border);
  auto phase = first.take(runbook.run(first, params));
  if (!phase) return phase;

  PlanRequest quiet = request;
  quiet.audience = nullptr;
  BorderGate second(quiet, border, first.learned());
  const auto again = second.take(runbook.run(second, params));
  if (!again) return again;
  if (phase->digest() != again->digest()) return fail(differ(*phase, *again));
  return phase;
}

Result<Runbook> runbook_of(const Plan& plan) {
  std::vector<Runbook::Source> sources;
  for (const CodeFile& file : plan.code)
    sources.push_back({file.name, file.path, file.sha256, file.text});
  return Runbook::from_sources(std::move(sources));
}

Result<Runbook> find_runbook(const std::filesystem::path& word) {
  const auto shipped = shipped_runbooks();
  std::error_code problem;
  std::filesystem::path path = word;
  if (!shipped.empty() && !std::filesystem::exists(path, problem) && !path.has_parent_path() &&
      std::filesystem::exists(shipped / path, problem)) {
    path = shipped / path;
  }
  // As it is found later, whatever directory `apply` starts in.
  path = std::filesystem::absolute(path, problem).lexically_normal();
  return Runbook::load(
      path, shipped.empty() ? std::vector<std::filesystem::path>{} : std::vector{shipped});
}

}  // namespace snapcore
