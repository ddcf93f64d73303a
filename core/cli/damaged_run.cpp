#include "cli/damaged_run.hpp"

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "cli/run_state.hpp"
#include "cli/text/words.hpp"

namespace snapcore {
namespace {

bool is_lost(const RunSummary& run) { return run.problem->code == "journal.lost"; }
// Of the header nothing can be read either.
bool has_no_beginning(const RunSummary& run) { return run.head.hash.empty(); }

std::string behind_the_damage(const RunSummary& run) {
  return run.records == 0 ? "" : " behind record " + std::to_string(run.records);
}

std::string instances_of(const DamagedRun& damaged) {
  std::set<std::string> names;
  for (const PlannedCall* call : damaged.plan.calls()) {
    if (call->is_act()) names.insert(call->instance);
  }
  for (const PastCall& call : damaged.history.calls()) {
    if (call.is_act) names.insert(call.instance);
  }
  return joined({names.begin(), names.end()});
}

std::string resources_of(const std::vector<Lease>& held) {
  std::vector<std::string> keys;
  for (const Lease& lease : held) keys.push_back(printable(lease.key));
  return joined(keys);
}

std::string break_options(const std::vector<Lease>& held) {
  std::set<std::uint64_t> numbers;
  for (const Lease& lease : held) numbers.insert(lease.fence);
  std::string options;
  for (const std::uint64_t number : numbers) options += " --break-lease " + std::to_string(number);
  return options;
}

class WayOut {
 public:
  WayOut(Page& page, const DamagedRun& damaged) : page_(page), damaged_(damaged) {}

  void read_the_rest() {
    const RunSummary& run = damaged_.run;
    if (is_lost(run)) return;
    step("Read what stands behind the damage. Nobody can vouch for it:");
    const std::uint64_t line = run.records + (has_no_beginning(run) ? 1 : 2);
    page_.verbatim(5, "tail -n +" + std::to_string(line) + " " +
                          shell_word((run.directory / "journal.jsonl").string()));
  }

  void look_at_the_targets() {
    const std::string names = instances_of(damaged_);
    step("Look at each target it acted upon" + (names.empty() ? "" : " (" + names + ")") +
         ", and put right by hand what the lines above do not cover: what stands behind the damage "
         "is not known.");
    if (!damaged_.held.empty())
      page_.line(5, "It still holds " + resources_of(damaged_.held) + ".");
  }

  void start_anew() {
    const std::string again = damaged_.history.run().at("again").text();
    const std::string options = break_options(damaged_.held);
    step(std::string("Only then start anew") +
         (options.empty() ? "" : ", which takes away from this run what it holds") +
         (again.empty() ? not_known(!options.empty()) : ":"));
    if (!again.empty()) page_.verbatim(5, again + options);
    if (again.empty() && !options.empty()) page_.verbatim(5, options.substr(1));
  }

  void give_free() {
    if (damaged_.held.empty()) return;
    step("The next run on " + resources_of(damaged_.held) + " takes that away from this one with");
    page_.verbatim(5, break_options(damaged_.held).substr(1));
  }

 private:
  std::string not_known(bool asks_for_options) const {
    const auto& code = damaged_.plan.code;
    return ". The command that it was begun with is not known: it stood in the journal" +
           (code.empty() ? "" : ". Its runbook was " + printable(code.front().path)) +
           (asks_for_options ? ". Give with it:" : ".");
  }

  void step(const std::string& text) {
    page_.field(2, std::to_string(++number_) + ".", 3, text, Tone::kPlain, Tone::kPlain);
  }

  Page& page_;
  const DamagedRun& damaged_;
  int number_ = 0;
};

}  // namespace

bool is_damaged(const RunSummary& run) {
  return run.problem && run.problem->category == Category::kCorrupt && !never_began(run);
}

void show_what_may_have_been_done(Page& page, const DamagedRun& damaged) {
  std::vector<const PlannedCall*> perhaps;
  for (const PlannedCall* call : damaged.plan.calls()) {
    if (call->is_act() && !is_on_the_way_back(call->id) && !damaged.history.find(call->id))
      perhaps.push_back(call);
  }
  const auto outlines = damaged.plan.outlines();
  if (perhaps.empty() && outlines.empty()) return;
  page.heading("Perhaps done besides: look, and take that back first", Tone::kLoud);
  page.line(2,
            "It is planned, and not in the records that can be read. What comes last in the plan "
            "stands first.");
  for (const PlannedPart* phase : outlines)
    page.line(2, "phase '" + phase->rule.at("name").text() + "', which was to be planned later");
  std::reverse(perhaps.begin(), perhaps.end());
  for (const PlannedCall* call : perhaps) {
    page.line(2,
              call->instance + "." + call->operation +
                  (call->effects.empty() ? "" : ": " + joined(call->effects, "; ")),
              Tone::kPlain, 2);
    if (!call->undo_words.empty())
      page.line(4, "way back: " + joined(call->undo_words, "; "), Tone::kDim, 2);
  }
}

void show_way_out(Page& page, const DamagedRun& damaged) {
  const RunSummary& run = damaged.run;
  page.heading("Next", Tone::kLoud);
  page.line(2,
            std::string("The journal is ") + (is_lost(run) ? "lost" : "damaged") +
                ": snapcore can neither go on with it nor take it back, and what it did" +
                behind_the_damage(run) + " is not known.",
            Tone::kLoud);
  WayOut way(page, damaged);
  way.read_the_rest();
  if (is_over(run)) {
    page.line(2, "Before the damage it had ended: " + run.ending +
                     ". Unless it was taken back or gone on with later, nothing is left to do.");
    return way.give_free();
  }
  way.look_at_the_targets();
  way.start_anew();
}

}  // namespace snapcore
