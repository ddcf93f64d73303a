#include "cli/approval.hpp"

#include <algorithm>

#include "cli/text/words.hpp"

namespace snapcore {
namespace {

constexpr std::size_t kShortestDigest = 12;

std::vector<const Concern*> to_confirm(const Plan& plan) {
  std::vector<const Concern*> list;
  for (const Concern& concern : plan.concerns) {
    if (concern.state == Concern::State::kAsk) list.push_back(&concern);
  }
  return list;
}

std::string approve_option(const Plan& plan, const ApprovalWish& wish) {
  return wish.again + " --approve " + short_digest(plan.digest());
}

Error missing(const Plan& plan, const ApprovalWish& wish, std::string why) {
  return {.code = "approval.missing",
          .message = std::move(why),
          .hint = "read the plan, then run:\n" + approve_option(plan, wish),
          .category = Category::kPrecondition};
}

Error declined(std::string_view wanted) {
  return {.code = "approval.declined",
          .message = "not approved: the answer was not '" + std::string(wanted) + "'",
          .hint = "give the command again to be asked again",
          .category = Category::kPrecondition};
}

Result<> ask_for(Person& person, std::string_view question, std::string_view wanted) {
  const auto answer = person.ask(question);
  if (!answer && person.interrupted()) return fail(interrupted_at_the_question());
  if (!answer || *answer != wanted) return fail(declined(wanted));
  return {};
}

Result<std::vector<std::string>> confirm_concerns(const std::vector<const Concern*>& concerns,
                                                  Person& person) {
  std::vector<std::string> confirmed;
  for (const Concern* concern : concerns) {
    const std::string question = concern->guard + " of " + concern->target + ": " +
                                 concern->message +
                                 ". If it is right all the same, type 'confirm':";
    if (auto sure = ask_for(person, question, "confirm"); !sure) return fail(sure.error());
    confirmed.push_back(concern->guard + " of " + concern->target);
  }
  return confirmed;
}

Result<> name_targets(const ApprovalWish& wish, Person& person) {
  if (wish.targets.empty()) return ask_for(person, "To approve this plan, type 'yes':", "yes");
  for (const std::string& target : wish.targets) {
    const std::string question = "To approve what happens to " + target + ", type its name:";
    if (auto named = ask_for(person, question, target); !named) return named;
  }
  return {};
}

}  // namespace

std::vector<std::string> targets_of(const Plan& plan, Instances& instances) {
  std::vector<std::string> targets;
  const auto add = [&](const std::string& name) {
    if (std::find(targets.begin(), targets.end(), name) != targets.end()) return;
    const auto instance = instances.open(name);
    if (instance && (*instance)->manifest().has_role(Role::kTarget)) targets.push_back(name);
  };
  for (const PlannedCall* call : plan.calls()) {
    if (call->is_act()) add(call->instance);
  }
  for (const PlannedPart* part : plan.outlines()) {
    for (const Value& name : part->rule.at("within").at("instances").items()) add(name.text());
  }
  return targets;
}

Result<> check_approved_digest(const Plan& plan, std::string_view typed) {
  const std::string digest = plan.digest();
  const bool hex = typed.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  if (!hex || typed.size() < kShortestDigest || typed.size() > digest.size()) {
    return fail({.code = "approval.bad_digest",
                 .message = "'" + std::string(typed) +
                            "' is not a plan digest: it has 12 to 64 hexadecimal digits",
                 .hint = "the last lines of the plan show its digest",
                 .category = Category::kPrecondition});
  }
  if (digest.compare(0, typed.size(), typed) == 0) return {};
  return fail({.code = "approval.digest_differs",
               .message = "this is not the plan that was approved\n  approved plan: " +
                          std::string(typed) + "\n  this run: " + digest,
               .hint = plan.has_fresh_arguments
                           ? "the plan holds now or uuid and is another one each time: save it "
                             "with 'snapcore plan RUNBOOK "
                             "-o FILE' and use 'snapcore apply FILE'"
                           : "something changed since: read the new plan, then approve its digest",
               .category = Category::kPrecondition});
}

Error interrupted_at_the_question() {
  return {.code = "run.interrupted",
          .message = "interrupted at the question: nothing was approved, and nothing was done",
          .hint = "give the command again to be asked again",
          .category = Category::kTransient};
}

Result<Approval> approve(const Plan& plan, const ApprovalWish& wish, Person& person) {
  if (wish.digest) {
    if (auto same = check_approved_digest(plan, *wish.digest); !same) return fail(same.error());
    return Approval{"digest", {}};
  }
  const auto concerns = to_confirm(plan);
  if (!plan.changes_something() && concerns.empty()) return Approval{"not_needed", {}};
  if (wish.policy == Policy::Approval::kDigest) {
    return fail(missing(plan, wish, "the site's policy wants this plan approved by its digest"));
  }
  if (!person.present()) {
    if (!wish.yes)
      return fail(
          missing(plan, wish, "this plan needs an approval, and there is no terminal to ask at"));
    if (!concerns.empty()) {
      return fail(missing(plan, wish, "--yes does not answer this: " + concerns.front()->message));
    }
  }
  auto confirmed = confirm_concerns(concerns, person);
  if (!confirmed) return fail(confirmed.error());
  if (wish.yes) return Approval{"yes", std::move(*confirmed)};
  if (auto named = name_targets(wish, person); !named) return fail(named.error());
  return Approval{"prompt", std::move(*confirmed)};
}

}  // namespace snapcore
