#include "base/real_file_system.hpp"
#include "catalog/age.hpp"
#include "cli/command.hpp"
#include "cli/conduct.hpp"
#include "cli/text/words.hpp"
#include "journal/runs.hpp"
#include "journal/state_directory.hpp"

namespace snapcore {
namespace {

constexpr std::chrono::hours kOldestPlan(24);

std::string name_of(const Invocation& invocation) {
  return "the plan " + invocation.words().front();
}

// Of what the runbook asked, by the names that --answer has for it.
std::map<std::string, std::string> answers_of(const Plan& plan) {
  std::map<std::string, std::string> answers;
  std::size_t number = 0;
  for (const Choice& choice : plan.choices) {
    if (choice.operation != "ask") continue;
    const Value& named = choice.args.at("name");
    answers[named.is_string() ? named.text() : std::to_string(++number)] = choice.answer.text();
  }
  return answers;
}

std::string asked_again(const SavedPlan& saved) {
  return typed_again({.params = saved.params,
                      .waivers = saved.waivers,
                      .accept_loss = saved.plan.accepted_losses,
                      .answers = answers_of(saved.plan)});
}

Error plan_again(std::string code, std::string message, const SavedPlan& saved) {
  const std::string path = saved.plan.code.empty() ? "" : saved.plan.code.front().path;
  std::error_code problem;
  const bool there = std::filesystem::exists(path, problem);
  return {.code = std::move(code),
          .message = std::move(message),
          .hint = std::string(there ? "" : "its runbook is not where it was; ") +
                  "make a new plan and read it:\nsnapcore plan " +
                  (there ? shell_word(path) : "RUNBOOK") + asked_again(saved) + " -o FILE",
          .category = Category::kConflict};
}

Result<> check_unused_and_fresh(Invocation& invocation, const SavedPlan& saved) {
  const Plan& plan = saved.plan;
  const auto age = invocation.clock.now() - plan.made;
  if (age > kOldestPlan) {
    return fail(plan_again("plan.expired",
                           name_of(invocation) + " was made " + describe_age(age) +
                               " ago; a plan is applied within 24 hours",
                           saved));
  }
  if (is_ahead(age)) {
    return fail(plan_again("plan.expired",
                           name_of(invocation) + " says that it was made at " +
                               to_rfc3339(plan.made) + ", which is " + describe_age(-age) +
                               " from now: nobody can tell how old it is",
                           saved));
  }
  RealFileSystem fs;
  const auto state =
      find_state_directory(invocation.globals.state, StateEnvironment::of_this_process());
  if (!state) return fail(state.error());
  const auto used = Runs(fs, invocation.clock, *state).plan_used_by(plan.id);
  if (!used) return fail(used.error());
  if (!*used) return {};
  return fail(plan_again("plan.already_used",
                         name_of(invocation) + " was used already, by run " + **used, saved));
}

Error changed(const Invocation& invocation, const SavedPlan& saved, const std::string& what) {
  return plan_again("plan.changed", name_of(invocation) + " is not what would happen now\n" + what,
                    saved);
}

// What does not even give a plan any more has changed, too.
Error cannot_plan(const Invocation& invocation, const SavedPlan& saved, Error cause) {
  if (cause.code == "run.interrupted") return cause;
  Error error = plan_again(
      "plan.changed", name_of(invocation) + " cannot be made again: what it rests on has changed",
      saved);
  return caused_by(std::move(error), std::move(cause));
}

Result<ExitCode> apply(Invocation& invocation) {
  RealFileSystem fs;
  const auto saved = read_plan_file(fs, invocation.words().front());
  if (!saved) return fail(saved.error());
  const Plan& approved = saved->plan;
  if (auto fit = check_unused_and_fresh(invocation, *saved); !fit) return fail(fit.error());
  auto wish = run_wish(invocation.options);
  if (!wish) return fail(wish.error());
  wish->params = saved->params;
  wish->waivers = saved->waivers;
  wish->accept_loss = approved.accepted_losses;

  Globals globals = invocation.globals;
  if (!globals.site && !approved.site_path.empty()) globals.site = approved.site_path;
  auto site = open_site(globals);
  if (!site) return fail(site.error());
  const std::string path = approved.code.empty() ? "" : approved.code.front().path;
  auto runbook = find_runbook(path);
  if (!runbook) return fail(cannot_plan(invocation, *saved, runbook.error()));
  const Errand errand{.runbook = std::move(*runbook),
                      .asked = path,
                      .wish = std::move(*wish),
                      .again = "snapcore" + invocation.globals.typed + " apply " +
                               shell_word(invocation.words().front())};
  auto plan = plan_errand(invocation, **site, errand, &approved);
  if (!plan)
    return fail((*site)->instances.secrets().mask(cannot_plan(invocation, *saved, plan.error())));
  if (const auto lines = differences(approved, *plan); !lines.empty()) {
    return fail(
        (*site)->instances.secrets().mask(changed(invocation, *saved, joined(lines, "\n"))));
  }
  // What was chosen while planning is what was approved; ages and free space are those of now.
  plan->id = approved.id;
  plan->choices = approved.choices;
  show_plan(invocation, **site, errand, *plan, ShowPlanOn::kStderr, {});
  return approve_and_execute(invocation, **site, errand, *plan, PlanIs::kSaved);
}

}  // namespace

const Command kApplyCommand = {
    .name = "apply",
    .words = "FILE",
    .summary = "do what a saved plan says, if nothing has changed",
    .group = CommandGroup::kRestore,
    .min_words = 1,
    .max_words = 1,
    .shared_options = kApprovalOptions,
    .details =
        "The plan is made again from its runbook and compared. A changed artifact, runbook, "
        "module, site, plugin "
        "or call is named and refused; so is a plan that was edited, is older than 24 hours, or "
        "was used before. That it was used is known in the state directory it was used with.",
    .run = apply};

}  // namespace snapcore
