#include "cli/text/plan_text.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/text.hpp"
#include "catalog/age.hpp"
#include "cli/text/plan_parts.hpp"
#include "cli/text/words.hpp"
#include "engine/bounds.hpp"
#include "engine/guards.hpp"
#include "engine/room.hpp"
#include "engine/scopes.hpp"

namespace snapcore {
namespace {

constexpr std::size_t kLabel = 12;

// Acts are numbered over the whole plan, so that people can talk about "act 4".
using ActNumbers = std::map<std::string, std::size_t>;

ActNumbers number_acts(const Plan& plan) {
  ActNumbers numbers;
  for (const PlannedCall* call : plan.calls()) {
    if (call->is_act()) numbers.emplace(call->id, numbers.size() + 1);
  }
  return numbers;
}

std::string at_line(const Line& line) {
  return line.file.empty() ? "" : "   (" + line.file + ":" + std::to_string(line.number) + ")";
}

void head(Page& page, const Plan& plan) {
  page.verbatim(0, "Plan: " + (plan.summary.empty() ? "a runbook without a summary" : plan.summary),
                Tone::kBold);
  std::string given;
  for (const auto& [name, value] : plan.params.members()) {
    if (!value.is_null()) given += (given.empty() ? "" : ", ") + name + " = " + plain_text(value);
  }
  page.field(2, "made", kLabel, to_rfc3339(plan.made));
  if (!given.empty()) page.field(2, "with", kLabel, given);
  for (const Choice& choice : plan.choices) {
    if (choice.operation != "ask") continue;
    page.field(2, "asked", kLabel,
               choice.args.at("question").text() + " " + plain_text(choice.answer));
  }
}

std::string artifact_line(const PlannedRestore& restore) {
  const Value& artifact = restore.artifact;
  std::string text =
      artifact.at("kind").is_string() ? artifact.at("kind").text() : "artifact of unknown kind";
  if (artifact.at("size").is_integer()) {
    text += ", " + describe_bytes(artifact.at("size").uint_or(0));
  } else {
    text += ", size not known";
  }
  const Value& created =
      artifact.at("created").is_string() ? artifact.at("created") : artifact.at("modified");
  if (created.is_string()) text += ", from " + created.text();
  if (restore.age_seconds) {
    text += ", " + age_in_words(std::chrono::seconds(*restore.age_seconds));
  } else {
    text += ", age not known";
  }
  return text;
}

std::string digest_line(const PlannedRestore& restore) {
  const std::string sha256 = restore.artifact.at("sha256").text();
  std::string text = sha256.empty() ? "no SHA-256" : "SHA-256 " + short_digest(sha256) + "...";
  if (!restore.digest_from.empty()) text += ", " + restore.digest_from;
  return text;
}

void examination(Page& page, const PlannedRestore& restore) {
  if (!restore.examined) {
    page.field(4, "examined", kLabel,
               "not yet: it is examined while it is staged, before anything live is touched");
  } else if (const Value& unseen = restore.examination.at("unseen"); unseen.is_string()) {
    page.field(4, "examined", kLabel, "while planning; " + unseen.text());
  } else {
    page.field(4, "examined", kLabel, "all of it, while planning: it is whole", Tone::kGood);
  }
  const Value& found = restore.examination;
  std::vector<std::string> facts;
  if (!found.at("version").is_null()) facts.push_back("version " + plain_text(found.at("version")));
  for (const auto& [name, text] : found.at("contents").members())
    facts.push_back(name + " " + plain_text(text));
  if (!facts.empty()) page.field(4, "contents", kLabel, joined(facts));
  if (!found.at("identity").is_null())
    page.field(4, "identity", kLabel, identity_words(found.at("identity")));
  for (const Value& line : found.at("evidence").items()) page.field(4, "", kLabel, line.text());
}

// The engine lists what the examination found behind what the target said of itself.
std::vector<std::string> evidence_of_target(const PlannedRestore& restore) {
  const auto& examined = restore.examination.at("evidence").items();
  std::vector<std::string> list;
  for (const std::string& line : restore.evidence) {
    const bool known = std::any_of(examined.begin(), examined.end(),
                                   [&](const Value& item) { return item.text() == line; });
    if (!known) list.push_back(line);
  }
  return list;
}

std::string keeping(const PlannedRestore& restore) {
  if (restore.keeps == "aside") return "what is live now stays beside the new one";
  if (restore.keeps == "capture") return "what is live now is captured first";
  return "nothing: what is live now is lost";
}

void restores(Page& page, const Plan& plan) {
  if (plan.restores.empty()) return;
  page.heading("What is restored");
  for (const PlannedRestore& restore : plan.restores) {
    page.line(2,
              restore.target + " <- " + restore.artifact.at("source").text() + ":" +
                  restore.artifact.at("ref").text(),
              Tone::kBold);
    page.field(4, "artifact", kLabel, artifact_line(restore));
    page.field(4, "digest", kLabel, digest_line(restore));
    examination(page, restore);
    page.field(4, "target now", kLabel,
               std::string(restore.healthy_before ? "healthy" : "not healthy") + ", " +
                   (restore.readable_before ? "readable" : "not readable"),
               restore.healthy_before ? Tone::kLoud : Tone::kPlain);
    for (const std::string& line : evidence_of_target(restore)) page.field(4, "", kLabel, line);
    const bool lost = restore.keeps != "aside" && restore.keeps != "capture";
    page.field(4, "kept aside", kLabel, keeping(restore), lost ? Tone::kBad : Tone::kPlain);
  }
}

std::string later_words(const Value& later, const ActNumbers& numbers) {
  const Value& inner = later.at("$later");
  const auto found = numbers.find(inner.at("call").text());
  const std::string whose =
      found == numbers.end() ? inner.at("call").text() : "act " + std::to_string(found->second);
  return "'" + inner.at("field").text() + "' of " + whose;
}

void one_call(Page& page, const PlannedCall& call, const ActNumbers& numbers, std::size_t indent) {
  const std::size_t inner = indent + 8;
  const auto number = numbers.find(call.id);
  const std::string label = number != numbers.end() ? "act " + std::to_string(number->second)
                            : call.effect == Effect::kVerify ? "check"
                                                             : "look";
  std::string title = call.instance + "." + call.operation;
  if (call.bytes > 0) title += ", " + describe_bytes(call.bytes);
  const bool final_act = call.is_point_of_no_return();
  if (final_act) title += call.effect == Effect::kDestroy ? ", DESTROYS" : ", CANNOT BE UNDONE";
  page.field(indent, label, 8, title, final_act ? Tone::kBad : Tone::kPlain, Tone::kBold);
  if (!call.condition.is_null()) {
    page.line(inner, "only when " + later_words(call.condition, numbers) + " is true", Tone::kLoud);
  }
  if (call.effects.empty()) page.line(inner, "arguments " + call.args.dump(), Tone::kPlain, 2);
  for (const std::string& effect : call.effects) page.line(inner, "- " + effect, Tone::kPlain, 2);
  for (const NestedCall& nested : call.nested) {
    page.line(inner,
              "- through " + nested.instance + ": " + nested.label + " (" + nested.operation + ")",
              Tone::kPlain, 2);
  }
  for (const std::string& kept : call.keeps) page.field(inner, "keeps", kLabel - 2, kept);
  if (!call.is_act() || is_on_the_way_back(call.id)) return;
  if (final_act) {
    page.field(inner, "way back", kLabel - 2,
               "none: " + (call.undo.reason.empty() ? "it destroys" : call.undo.reason),
               Tone::kBad);
    return;
  }
  if (call.undo_words.empty())
    page.field(inner, "way back", kLabel - 2, "it is undone by its plugin");
  const char* name = "way back";
  for (const std::string& words : call.undo_words) {
    page.field(inner, name, kLabel - 2, words);
    name = "";
  }
}

// The core's own look between stage and activate; a read, and so no call of the plan.
void check_of_staged(Page& page, const Plan& plan, const PlannedCall& call, std::size_t indent) {
  for (const PlannedRestore& restore : plan.restores) {
    if (call.id != restore.id + ".stage") continue;
    page.field(indent, "check", 8, call.instance + ".check", Tone::kPlain, Tone::kBold);
    page.line(indent + 8,
              "- what was staged is whole, and was made from these very bytes; nothing live is "
              "touched before",
              Tone::kPlain, 2);
  }
}

// Says the name of a step where another one begins.
class StepNames {
 public:
  explicit StepNames(Page& page) : page_(page) {}
  void say(const std::string& step, const Line& line) {
    if (last_ && *last_ == step) return;
    page_.line(1, (step.empty() ? "Outside of steps" : "Step: " + step) + at_line(line),
               Tone::kBold);
    last_ = step;
  }
  void forget() { last_.reset(); }

 private:
  Page& page_;
  std::optional<std::string> last_;
};

// A phase that is planned when it is reached.
void outline(Page& page, const PlannedPart& part) {
  page.line(2, "Not planned yet: " + part.outline, Tone::kLoud);
  page.line(2,
            "It is planned exactly when it is reached. Within these bounds it goes on by itself, "
            "beyond them somebody is asked:");
  if (const auto bounds = bounds_from(part.rule.at("within")); bounds)
    page.line(4, "- " + in_words(*bounds), Tone::kPlain, 2);
}

void steps(Page& page, const Plan& plan, const ActNumbers& numbers) {
  page.heading("What happens, in this order");
  if (plan.calls().empty() && plan.parts.empty()) {
    page.line(2, "nothing: the runbook neither changes nor checks anything");
    return;
  }
  PartLines parts(plan);
  StepNames step(page);
  std::size_t index = 0;
  const auto say_parts = [&](const PlannedCall* next) {
    for (const PartLine& line : parts.before(index, next)) {
      step.say(line.part->step, line.part->line);
      page.line(2 + 2 * line.depth, line.text, Tone::kPlain, 2);
    }
  };
  bool behind_a_phase = false;
  for (const PlannedPhase& phase : plan.phases) {
    const PlannedPart* not_yet = plan.outline(phase.name);
    if (phase.calls.empty() && !not_yet) continue;
    if (!phase.name.empty())
      page.line(0, "Phase: " + phase.name + (not_yet ? at_line(not_yet->line) : ""), Tone::kBold);
    if (phase.name.empty() && behind_a_phase) page.line(0, "After the phase", Tone::kBold);
    if (not_yet) outline(page, *not_yet);
    behind_a_phase = !phase.name.empty();
    step.forget();
    for (const PlannedCall& call : phase.calls) {
      say_parts(&call);
      step.say(call.step, call.line);
      const std::size_t indent = 2 + 2 * parts.depth(call.id);
      one_call(page, call, numbers, indent);
      check_of_staged(page, plan, call, indent);
      ++index;
    }
  }
  say_parts(nullptr);
}

void bytes_and_room(Page& page, const Plan& plan, double margin) {
  std::uint64_t bytes = 0;
  for (const PlannedCall* call : plan.calls()) bytes += call->bytes;
  const auto places = room_needed(plan);
  if (bytes == 0 && places.empty()) return;
  page.heading("Bytes and room");
  page.field(2, "to move", kLabel, describe_bytes(bytes));
  for (const auto& [where, room] : places) {
    const auto wanted =
        static_cast<std::uint64_t>(static_cast<double>(room.needed) * (1.0 + margin));
    const bool fits = wanted <= room.free;
    char percent[16];
    std::snprintf(percent, sizeof percent, "%.0f %%", margin * 100);
    page.field(2, fits ? "room" : "NO ROOM", kLabel,
               where + ": needs " + describe_bytes(room.needed) + " (" + describe_bytes(wanted) +
                   " with the margin of " + percent + "); " + describe_bytes(room.free) + " free",
               fits ? Tone::kPlain : Tone::kBad, fits ? Tone::kDim : Tone::kBad);
  }
}

void no_return(Page& page, const Plan& plan, const ActNumbers& numbers) {
  if (!plan.changes_something()) return;
  page.blank();
  const PlannedCall* first = nullptr;
  std::size_t count = 0;
  std::set<std::string> accepted(plan.accepted_losses.begin(), plan.accepted_losses.end());
  for (const PlannedCall* call : plan.calls()) {
    if (!call->is_point_of_no_return() || is_on_the_way_back(call->id)) continue;
    if (!first) first = call;
    ++count;
  }
  if (!first) {
    page.verbatim(0,
                  plan.outlines().empty()
                      ? "No point of no return: every act can be undone."
                      : "No point of no return among the acts that are planned now.",
                  Tone::kGood);
    return;
  }
  const std::string name = first->instance + "." + first->operation;
  page.line(0,
            "FIRST POINT OF NO RETURN: act " + std::to_string(numbers.at(first->id)) + ", " + name,
            Tone::kBad);
  page.line(2, "After it this run cannot be undone: " +
                   (first->undo.reason.empty() ? "what it removes is gone" : first->undo.reason) +
                   ".");
  if (count > 1)
    page.line(2,
              std::to_string(count) + " acts of this plan cannot be undone; each is marked above.");
  page.line(2,
            accepted.count(first->instance)
                ? "Accepted by name: --accept-loss " + first->instance + "."
                : "Not accepted. It needs --accept-loss " + first->instance + ".",
            Tone::kLoud);
}

// A step that begins inside of what makes it again, or undoes it.
bool some_step_is_not_left(const Plan& plan) {
  const auto calls = plan.calls();
  return std::any_of(plan.parts.begin(), plan.parts.end(), [&](const PlannedPart& part) {
    const bool goes_first = part.kind == PartKind::kRetry || part.kind == PartKind::kAttempt;
    return goes_first && part.step.empty() &&
           std::any_of(calls.begin(), calls.end(), [&](const PlannedCall* call) {
             return !call->step.empty() && stands_in(call->id, part.id);
           });
  });
}

void if_it_fails(Page& page, const Plan& plan, OnFailure on_failure) {
  if (!plan.changes_something()) return;
  switch (on_failure) {
    case OnFailure::kRollback:
      page.line(0,
                "If it fails: what it did is undone, newest act first; a target that is dead now "
                "is held and shown.");
      break;
    case OnFailure::kHold:
      page.line(0, "If it fails: it stops there, and everything is held and shown.", Tone::kLoud);
      break;
    case OnFailure::kContinue:
      page.line(0,
                "If a step fails: it is left as it is, and what comes behind it begins. What fails "
                "outside of steps" +
                    std::string(some_step_is_not_left(plan)
                                    ? ", or in a step inside of a retry or an attempt,"
                                    : "") +
                    " ends the run, and everything is held and shown.",
                Tone::kLoud);
      break;
  }
}

void concerns(Page& page, const Plan& plan) {
  if (plan.concerns.empty()) return;
  page.heading("What needs your attention", Tone::kLoud);
  for (const Concern& concern : plan.concerns) {
    const std::string about = concern.guard + " of " + concern.target + ": " + concern.message;
    switch (concern.state) {
      case Concern::State::kRefused:
        page.field(2, "REFUSED", 9, about, Tone::kBad, Tone::kBad);
        break;
      case Concern::State::kWaived:
        page.field(2, "WAIVED", 9, about, Tone::kLoud, Tone::kBad);
        page.field(2, "", 9, "reason given: " + concern.reason, Tone::kLoud);
        break;
      case Concern::State::kAsk:
        page.field(2, "CONFIRM", 9, about, Tone::kLoud, Tone::kLoud);
        break;
      case Concern::State::kWarned:
        page.field(2, "warning", 9, about, Tone::kPlain, Tone::kLoud);
        break;
    }
  }
}

void origins(Page& page, const Plan& plan) {
  page.heading("Where it comes from");
  const char* what = "runbook";
  for (const CodeFile& file : plan.code) {
    page.field(2, what, kLabel,
               short_digest(file.sha256) + "  " + (file.path.empty() ? file.name : file.path));
    what = "module";
  }
  if (!plan.site_path.empty())
    page.field(2, "site", kLabel, short_digest(plan.site_digest) + "  " + plan.site_path);
  for (const PluginUse& use : plan.plugins) {
    page.field(2, "plugin", kLabel,
               short_digest(use.sha256) + "  " + use.id + " " + use.version + ", " + use.path);
  }
}

}  // namespace

std::string plan_text(const Plan& plan, const PlanTextOptions& options, const Style& style) {
  Page page(style);
  const ActNumbers numbers = number_acts(plan);
  const bool whole = options.phase.empty();
  if (whole) {
    head(page, plan);
  } else {
    page.verbatim(0, "Phase '" + options.phase + "' is reached, and planned now", Tone::kBold);
  }
  restores(page, plan);
  steps(page, plan, numbers);
  if (!plan.notes.empty()) page.heading("Notes");
  for (const std::string& note : plan.notes) page.line(2, "- " + note, Tone::kPlain, 2);
  bytes_and_room(page, plan, options.space_margin);
  if (whole) origins(page, plan);
  concerns(page, plan);
  no_return(page, plan, numbers);
  if_it_fails(page, plan, options.on_failure);
  page.blank();
  page.verbatim(0, (whole ? "Plan digest " : "Phase digest ") + plan.digest(), Tone::kBold);
  if (!whole) return page.text();
  if (plan.has_fresh_arguments) {
    page.line(0,
              "It holds fresh values (now, uuid) and is another one each time: save it with plan "
              "-o to approve it by digest.");
  }
  page.line(0, "Nothing has been changed yet.", Tone::kGood);
  if (!options.next.empty()) page.line(0, "Next:");
  for (const std::string& command : options.next) page.verbatim(2, command);
  return page.text();
}

}  // namespace snapcore
