#include "cli/text/report_text.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "cli/text/back_text.hpp"
#include "cli/text/error_text.hpp"
#include "cli/text/words.hpp"

namespace snapcore {
namespace {

constexpr std::size_t kLabel = 9;

struct Verdict {
  std::string_view text;
  Tone tone;
};

int exit_before(const RunEnd& end) { return static_cast<int>(end.outcome.at("exit").int_or(0)); }

// It was accepted when everything it did had been taken back.
bool nothing_stands(const RunEnd& end) {
  const auto exit = static_cast<Ending>(exit_before(end));
  return exit == Ending::kUndone || exit == Ending::kFailedUntouched;
}

Verdict verdict(const RunReport& report, const RunEnd& end) {
  if (end.was == RunEnd::Was::kRollback && !report.rollback_error)
    return {"Taken back", Tone::kGood};
  if (end.was == RunEnd::Was::kAccept)
    return report.rollback_error
               ? Verdict{"Accepted, but not everything could be let go", Tone::kBad}
           : nothing_stands(end) ? Verdict{"Accepted, and nothing of it stands", Tone::kLoud}
                                 : Verdict{"Accepted", Tone::kGood};
  if (end.was == RunEnd::Was::kRollback && report.ending == Ending::kInterrupted)
    return {"Interrupted on the way back", Tone::kLoud};
  switch (report.ending) {
    case Ending::kDone: return {"Done", Tone::kGood};
    case Ending::kDoneWithWarnings: return {"Done, with warnings", Tone::kLoud};
    case Ending::kFailedUntouched: return {"Failed before anything live was touched", Tone::kBad};
    case Ending::kUndone: return {"Failed, and undone", Tone::kBad};
    case Ending::kInterrupted: return {"Interrupted, and can be resumed", Tone::kLoud};
    case Ending::kNeedsPerson: break;
  }
  return {
      report.rollback_error ? "HELD: the way back stopped half way" : "HELD: this needs a person",
      Tone::kBad};
}

std::string cost(const RunReport::Done& done) {
  if (done.before) return done.undone ? "before this, and undone then" : "before this";
  std::string text = describe_seconds(done.seconds);
  if (done.bytes > 0) text += ", " + describe_bytes(done.bytes);
  if (done.bytes > 0 && done.seconds >= 0.1) {
    text +=
        ", " +
        describe_bytes(static_cast<std::uint64_t>(static_cast<double>(done.bytes) / done.seconds)) +
        "/s";
  }
  return text;
}

void what_was_done(Page& page, const RunReport& report) {
  page.heading("What was done");
  if (report.done.empty()) page.line(2, "nothing");
  const std::string* step = nullptr;
  for (const RunReport::Done& done : report.done) {
    if (!step || *step != done.step) {
      page.line(1, done.step.empty() ? "Outside of steps" : "Step: " + done.step, Tone::kBold);
      step = &done.step;
    }
    page.field(2, done.act ? "did" : "verified", kLabel,
               done.instance + "." + done.operation + "   " + cost(done), Tone::kPlain,
               done.act ? Tone::kBold : Tone::kGood);
    for (const std::string& words : done.words)
      page.line(2 + kLabel, "- " + words, Tone::kPlain, 2);
  }
}

void what_was_undone(Page& page, const RunReport& report, const RunEnd& end) {
  if (report.undone.empty()) return;
  const bool both = !report.made.empty();
  page.heading(end.was == RunEnd::Was::kAccept ? "What was let go"
               : both                          ? "The way back, in this order"
                                               : "What was undone");
  for (std::size_t place = 0; place < report.undone.size(); ++place) {
    const bool made = std::find(report.made.begin(), report.made.end(), place) != report.made.end();
    page.line(2,
              (!both  ? "- "
               : made ? "- done: "
                      : "- undone: ") +
                  report.undone[place],
              Tone::kPlain, 2);
  }
}

void what_went_wrong(Page& page, const RunReport& report) {
  if (report.error) {
    page.heading("What failed", Tone::kBad);
    error_lines(page, 2, *report.error);
  }
  if (report.rollback_error) {
    page.heading("What stopped the way back", Tone::kBad);
    error_lines(page, 2, *report.rollback_error);
  }
  if (report.warnings.empty()) return;
  page.heading("Warnings", Tone::kLoud);
  for (const std::string& warning : report.warnings) page.line(2, "- " + warning, Tone::kLoud, 2);
}

bool any_kept(const RunReport& report) {
  return std::any_of(report.standing.begin(), report.standing.end(),
                     [](const Standing& standing) { return !standing.kept.is_null(); });
}

bool any_shell(const RunReport& report) {
  return std::any_of(report.way_back.begin(), report.way_back.end(),
                     [](const BackStep& step) { return !step.shell.empty(); });
}

void what_is_kept(Page& page, const RunReport& report) {
  const bool held = stands_half_way(report);
  bool any = false;
  for (const Standing& standing : report.standing) {
    if (!held && standing.kept.is_null()) continue;
    if (!any) page.heading(held ? "Still in effect" : "Kept aside");
    any = true;
    page.line(2,
              standing.instance + "." + standing.operation +
                  (standing.half_undone ? ", half taken back: see what stopped it. It had" : ""),
              Tone::kBold);
    for (const std::string& words : standing.words) page.line(4, "- " + words, Tone::kPlain, 2);
    if (!standing.kept.is_null() && standing.words.empty())
      page.line(4, "kept: " + plain_text(standing.kept), Tone::kPlain, 6);
  }
  const bool is_over =
      report.ending == Ending::kFailedUntouched || report.ending == Ending::kUndone;
  if (!is_over && (held || any_shell(report))) by_hand(page, report.way_back, held);
}

// A finished run can still be taken back, or what it kept be let go.
void what_can_follow(Page& page, const RunReport& report, const RunEnd& end) {
  if (stands_half_way(report) || !any_kept(report)) return;
  const std::string snapcore = "snapcore" + end.typed;
  const std::string run = shell_word(end.run_id);
  page.heading("Later");
  page.verbatim(2, snapcore + " accept " + run + "     # it is good: remove what is kept aside");
  offer_rollback(page, 2, report.way_back, snapcore + " rollback " + run, "put the old back");
}

std::string state_now(const RunReport& report) {
  switch (report.ending) {
    case Ending::kDone:
    case Ending::kDoneWithWarnings: return "";
    case Ending::kFailedUntouched: return "every target is as it was; what was staged is removed";
    case Ending::kUndone: return "the old state is back: everything this run changed was undone";
    case Ending::kInterrupted:
      if (report.standing.empty())
        return "nothing live was touched; of what was staged, something may still be there";
      break;
    case Ending::kNeedsPerson:
      if (report.standing.empty())
        return "no act of this run stands; what exactly the failed call left is not known";
      break;
  }
  const bool half = !report.standing.empty() && report.standing.front().half_undone;
  return std::string("what is under 'Still in effect' stands") +
         (half ? ", where it is not half taken back" : "") + "; nothing more happens by itself";
}

// What to type, each with what it does.
void choices(Page& page, const RunReport& report, const RunEnd& end) {
  const std::string snapcore = "snapcore" + end.typed;
  const std::string run = shell_word(end.run_id);
  const bool half_back = report.rollback_error.has_value();
  page.field(0, "Next", 11,
             report.ending != Ending::kInterrupted ? "look at what is there, then decide:"
             : half_back                           ? "go on with the way back, or forward again:"
                                                   : "go on, or take back what was done:",
             Tone::kPlain, Tone::kBold);
  page.verbatim(11, snapcore + " runs " + run + "       # what happened");
  if (!report.went_on)
    page.verbatim(11, snapcore + " resume " + run + "     # " + words_of_resume(half_back));
  if (report.error && report.error->code == "run.deviation")
    page.verbatim(11, snapcore + " replan " + run + "     # plan anew what is left");
  offer_rollback(page, 11, report.way_back, snapcore + " rollback " + run,
                 words_of_rollback(half_back));
  if (report.went_on || !any_way_back(report.way_back))
    page.verbatim(11,
                  snapcore + " accept " + run + "     # keep what was done, and let it be over");
  if (report.went_on)
    page.line(11,
              "A step that was left is not tried again by this run: accept it, or take it back, "
              "and start anew.");
}

void next(Page& page, const RunReport& report, const RunEnd& end) {
  const std::string state = state_now(report);
  if (state.empty()) return;
  page.blank();
  page.field(0, "State now", 11, state, Tone::kPlain, Tone::kBold);
  if (end.was == RunEnd::Was::kAccept) {
    page.field(0, "Next", 11, "repair the cause, then accept it again:", Tone::kPlain, Tone::kBold);
    return page.verbatim(11, "snapcore" + end.typed + " accept " + shell_word(end.run_id));
  }
  if (stands_half_way(report)) return choices(page, report, end);
  if (end.again.empty() || end.was != RunEnd::Was::kRun) return;
  page.field(0, "Next", 11, "repair the cause, then start again:", Tone::kPlain, Tone::kBold);
  page.verbatim(11, end.again);
}

}  // namespace

ExitCode exit_of(const RunReport& report, const RunEnd& end) {
  const bool taken_back =
      report.ending == Ending::kUndone || report.ending == Ending::kFailedUntouched;
  if (end.was == RunEnd::Was::kRollback && taken_back) return ExitCode::kDone;
  return static_cast<ExitCode>(report.ending);
}

bool stands_half_way(const RunReport& report) {
  return report.ending == Ending::kNeedsPerson || report.ending == Ending::kInterrupted;
}

std::string_view to_text(Ending ending) {
  switch (ending) {
    case Ending::kDone: return "done";
    case Ending::kDoneWithWarnings: return "done_with_warnings";
    case Ending::kFailedUntouched: return "failed_untouched";
    case Ending::kUndone: return "undone";
    case Ending::kInterrupted: return "interrupted";
    case Ending::kNeedsPerson: break;
  }
  return "needs_person";
}

std::string report_text(const Plan& plan, const RunReport& report, const RunEnd& end,
                        const Style& style) {
  Page page(style);
  const Verdict said = verdict(report, end);
  page.line(
      0,
      std::string(said.text) + ": " + (plan.summary.empty() ? "run " + end.run_id : plan.summary),
      said.tone);
  page.field(2, "run", kLabel, end.run_id + ", " + describe_seconds(end.seconds));
  if (end.was == RunEnd::Was::kRun) what_was_done(page, report);
  what_went_wrong(page, report);
  what_was_undone(page, report, end);
  what_is_kept(page, report);
  if (end.was == RunEnd::Was::kRun) what_can_follow(page, report, end);
  next(page, report, end);
  page.blank();
  page.field(0, "Journal", 11, end.journal.string(), Tone::kPlain, Tone::kBold);
  page.verbatim(11, "head " + std::to_string(end.head.seq) + " " + end.head.hash);
  const bool accepted = end.was == RunEnd::Was::kAccept && report.ending == Ending::kDone;
  std::string ended = "Ended " + std::string(accepted ? "accepted" : to_text(report.ending)) +
                      ", exit " + std::to_string(static_cast<int>(exit_of(report, end)));
  if (exit_before(end) != 0) {
    ended += "; the run itself: " + end.outcome.at("ending").text() + ", exit " +
             std::to_string(exit_before(end));
  }
  page.verbatim(0, ended, said.tone);
  return page.text();
}

}  // namespace snapcore
