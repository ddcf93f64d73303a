#include "cli/border.hpp"

#include "cli/approval.hpp"
#include "cli/audiences.hpp"
#include "cli/planning.hpp"
#include "cli/text/plan_text.hpp"
#include "cli/text/words.hpp"
#include "engine/bounds.hpp"

namespace snapcore {
namespace {

std::string resume_command(const BorderPost& post, const Border& border) {
  return "snapcore" + post.invocation.globals.typed + " resume " + shell_word(border.run_id);
}

void show(const BorderPost& post, const std::string& name, const Plan& phase) {
  Output& output = post.invocation.output;
  output.clear_live();
  output.event(
      "phase",
      Value::object({{"name", name}, {"digest", phase.digest()}, {"plan", to_value(phase)}}));
  const PlanTextOptions options{.space_margin = post.site.site.policy.space_margin,
                                .on_failure = post.on_failure,
                                .phase = name};
  output.say("\n" + plan_text(phase, options, output.err_style()) + "\n");
}

Error beyond_its_bounds(const std::string& name, const Bounds& bounds,
                        const std::vector<std::string>& sentences) {
  Error error{.code = "approval.beyond_bounds",
              .message = "phase '" + name + "' goes beyond what was approved: " + in_words(bounds),
              .category = Category::kPrecondition};
  for (const std::string& sentence : sentences) error.message += "\n  - " + sentence;
  return error;
}

bool wants_an_answer(const Plan& phase) {
  for (const Concern& concern : phase.concerns) {
    if (concern.state == Concern::State::kAsk) return true;
  }
  return false;
}

Result<> check_guards(const BorderPost& post, const Border& border, const Plan& phase) {
  auto kept = check_promises(phase);
  if (kept) return kept;
  // The option stands at the end of the hint.
  const auto option = kept.error().hint.find("--");
  kept.error().hint = "the run is held before this phase. To go on all the same:\n" +
                      resume_command(post, border) +
                      (option == std::string::npos ? "" : " " + kept.error().hint.substr(option));
  return kept;
}

Result<std::string> have_it_approved(const BorderPost& post, const Border& border,
                                     const Plan& phase) {
  const std::string name = border.phase.rule.at("name").text();
  const auto bounds = bounds_from(border.phase.rule.at("within"));
  if (!bounds) return fail(bounds.error());
  const auto sentences = beyond(*bounds, phase);
  if (sentences.empty() && !wants_an_answer(phase)) return "within its bounds";
  const Error why = beyond_its_bounds(name, *bounds, sentences);
  if (!sentences.empty()) post.invocation.output.say(why.message + "\n\n");
  PersonAtTerminal person(post.invocation.output, post.invocation.cancelled);
  // --yes was said of a plan with bounds, and says nothing of what lies beyond them.
  const ApprovalWish wish{.digest = post.approve,
                          .policy = post.site.site.policy.approval,
                          .targets = targets_of(phase, post.site.instances),
                          .again = resume_command(post, border)};
  const auto approval = approve(phase, wish, person);
  if (approval) return approval->how;
  Error error = approval.error();
  if (!sentences.empty() && error.code == "approval.missing") error.message = why.message;
  if (error.code == "approval.declined" || error.code == "approval.digest_differs")
    error.hint = "the run is held before this phase; to approve what it is planned as now:\n" +
                 resume_command(post, border) + " --approve " + short_digest(phase.digest());
  return fail(std::move(error));
}

}  // namespace

Result<Admitted> pass_border(const BorderPost& post, const Border& border) {
  LogAudience audience(post.invocation.output);
  PersonAtTerminal person(post.invocation.output, post.invocation.cancelled);
  const PlanRequest request{.instances = post.site.instances,
                            .clock = post.invocation.clock,
                            .waivers = post.waivers,
                            .accept_loss = post.accept_loss,
                            .audience = &audience,
                            .cancelled = &post.invocation.cancelled,
                            .person = &person,
                            .answers = post.answers};
  auto phase = plan_phase(request, border, post.runbook, post.params);
  if (!phase) return fail(phase.error());
  show(post, border.phase.rule.at("name").text(), *phase);
  if (auto kept = check_guards(post, border, *phase); !kept) return fail(kept.error());
  const auto how = have_it_approved(post, border, *phase);
  if (!how) return fail(how.error());
  if (auto held = post.leases.add(post.invocation, *phase, post.lease_wish, post.journal); !held)
    return fail(held.error());
  return Admitted{std::move(*phase), *how};
}

}  // namespace snapcore
