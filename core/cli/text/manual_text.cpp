#include "cli/text/manual_text.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "cli/text/words.hpp"

namespace snapcore {
namespace {

// Control characters in a script would reach the terminal it is read on.
bool is_printable(const std::string& text) { return printable(text, text.size() * 4) == text; }

class Script {
 public:
  // Whatever the words hold, they stay on one line behind the sign of a comment.
  void comment(const std::string& words) {
    const std::string line = printable(words, words.size() * 4);
    text_ += line.empty() ? "#\n" : "# " + line + "\n";
  }
  void blank() { text_ += "\n"; }
  void command(const std::string& line) { text_ += line + "\n"; }

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

const PlannedRestore* restore_of(const Plan& plan, const PlannedCall& call) {
  for (const PlannedRestore& restore : plan.restores) {
    if (call.id.rfind(restore.id + ".", 0) == 0) return &restore;
  }
  return nullptr;
}

bool mentions(const std::vector<std::string>& lines, std::string_view word) {
  return std::any_of(lines.begin(), lines.end(),
                     [&](const std::string& line) { return line.find(word) != std::string::npos; });
}

// The code of the failure that a call is the answer to; empty for one that happens without any.
std::string only_after(const PlannedCall& call) {
  constexpr std::string_view kHandler = "/on[";
  const auto begin = call.id.find(kHandler);
  if (begin == std::string::npos) return "";
  const auto name = begin + kHandler.size();
  return call.id.substr(name, call.id.find(']', name) - name);
}

// Its commands are comments: whether it happens nobody knows yet.
bool is_perhaps(const PlannedCall& call) {
  return !call.condition.is_null() || !only_after(call).empty();
}

// Commands that are comments need nothing.
bool needs(const PlannedCall& call, std::string_view word) {
  return !is_perhaps(call) && !is_on_the_way_back(call.id) && mentions(call.shell, word);
}

bool any_needs(const Plan& plan, std::string_view word) {
  const auto calls = plan.calls();
  return std::any_of(calls.begin(), calls.end(),
                     [&](const PlannedCall* call) { return needs(*call, word); });
}

void head(Script& script, const Plan& plan) {
  script.command("#!/usr/bin/env bash");
  script.comment(plan.summary.empty() ? "A runbook without a summary" : plan.summary);
  script.comment("");
  script.comment("By hand, with stock tools, what this plan of snapcore does:");
  script.comment("  plan digest " + plan.digest());
  script.comment("  made        " + to_rfc3339(plan.made));
  if (!plan.code.empty()) {
    const CodeFile& runbook = plan.code.front();
    script.comment("  runbook     " + short_digest(runbook.sha256) + "  " +
                   (runbook.path.empty() ? runbook.name : runbook.path));
  }
  for (const PlannedPart* part : plan.outlines())
    script.comment("  not in here phase '" + part->rule.at("name").text() + "'");
  for (const PlannedRestore& restore : plan.restores) {
    const Value& artifact = restore.artifact;
    script.comment("  restores    " + restore.target + " from " + artifact.at("source").text() +
                   ":" + artifact.at("ref").text() + ", " +
                   describe_bytes(artifact.at("size").uint_or(0)));
  }
  script.comment("");
  script.comment(
      "Read it before it is run. It ends at the first command that fails; what was done");
  script.comment(
      "until then stays, and nothing is undone by itself. It is for bash, as a file or pasted.");
  // Pasted, it is read as a whole before anything of it is done: a question is not answered by the
  // line behind it.
  script.command("(");
  script.command("set -eu");
  if (any_needs(plan, "$stamp")) script.command("stamp=$(date -u +%Y%m%dT%H%M%SZ)");
}

// Where the artifact's bytes lie on this machine; empty when its source does not say.
std::string path_of(const PlannedRestore& restore) {
  std::string path = restore.artifact.at("path").text();
  return is_printable(path) ? path : "";
}

// "$artifact" for the commands to come, with its digest compared. `number` counts those that a
// person must name.
void fetch(Script& script, const PlannedRestore& restore, std::size_t& number) {
  const Value& artifact = restore.artifact;
  const std::string path = path_of(restore);
  script.blank();
  script.comment("The artifact " + artifact.at("source").text() + ":" + artifact.at("ref").text() +
                 ", as a file on this machine.");
  if (!path.empty()) {
    script.command("artifact=" + shell_word(path));
  } else {
    const std::string place = std::to_string(++number);
    script.comment("Copy it here first; its place is argument " + place + " of this script.");
    script.command("artifact=${" + place + ":?the place of a copy of the artifact}");
  }
  const std::string sha256 = artifact.at("sha256").text();
  if (!sha256.empty())
    script.command("printf '%s  %s\\n' " + shell_word(sha256) + " \"$artifact\" | sha256sum -c -");
}

void commands(Script& script, const PlannedCall& call) {
  for (const std::string& line : call.shell) {
    // What cannot be printed as it is would not be what the plan means.
    if (!is_printable(line)) {
      script.comment("a command with control characters is not shown; the plan's file holds it");
      script.command("false");
    } else if (!is_perhaps(call)) {
      script.command(line);
    } else {
      script.command("# " + line);
    }
  }
}

// An act without commands is a person's. What follows may rest on it, so the script waits.
void by_hand(Script& script, const PlannedCall& call) {
  script.comment("There are no commands for this: it must be done by hand.");
  if (call.effects.empty()) script.comment("- arguments: " + call.args.dump());
  for (const std::string& effect : call.effects) script.comment("- " + effect);
  for (const NestedCall& nested : call.nested)
    script.comment("- through " + nested.instance + ": " + nested.label + " (" + nested.operation +
                   ")");
  if (!call.is_act() || is_perhaps(call)) return;
  script.command("read -r -p " +
                 shell_word("Now " + call.instance + "." + call.operation +
                            " is to be done by hand; press Enter when it is. ") +
                 " _");
}

void one_call(Script& script, const PlannedCall& call) {
  script.blank();
  std::string title = call.instance + "." + call.operation;
  if (!call.step.empty()) title += " (step: " + call.step + ")";
  script.comment(title);
  if (!call.condition.is_null()) {
    const Value& later = call.condition.at("$later");
    script.comment("Only when '" + later.at("field").text() + "' of " + later.at("call").text() +
                   " is true; so it is a comment here.");
  }
  if (const std::string code = only_after(call); !code.empty())
    script.comment("Only after a failure with " + code +
                   ", when what the attempt did is undone; so it is a comment here.");
  if (call.shell.empty()) return by_hand(script, call);
  for (const std::string& effect : call.effects) script.comment("- " + effect);
  commands(script, call);
}

std::string words_back(const PlannedCall& call) {
  const std::string name = call.instance + "." + call.operation + ": ";
  if (is_on_the_way_back(call.id))
    return name + "the runbook adds it here" +
           (call.effects.empty() ? "" : ": " + joined(call.effects, "; "));
  if (call.is_point_of_no_return())
    return name + "cannot be taken back" +
           (call.undo.reason.empty() ? "" : ": " + call.undo.reason);
  if (call.undo.kind == UndoRule::Kind::kNested) {
    std::vector<std::string> inner;
    for (auto nested = call.nested.rbegin(); nested != call.nested.rend(); ++nested)
      inner.push_back(nested->instance + "." + nested->operation);
    return name + "what it did through others is taken back: " + joined(inner);
  }
  if (call.undo_words.empty()) return name + "no command; its plugin alone knows how";
  return name + joined(call.undo_words, "; ");
}

// What an on_rollback adds stands behind the acts that were made after it, all of it in its order.
std::vector<const PlannedCall*> in_the_order_back(const Plan& plan) {
  std::vector<const PlannedCall*> acts;
  for (const PlannedCall* call : plan.calls()) {
    if (call->is_act() || is_on_the_way_back(call->id)) acts.push_back(call);
  }
  std::reverse(acts.begin(), acts.end());
  const auto scope = [](const PlannedCall* call) { return call->id.substr(0, call->id.find('#')); };
  for (auto begin = acts.begin(); begin != acts.end();) {
    auto end = std::next(begin);
    if (is_on_the_way_back((*begin)->id)) {
      while (end != acts.end() && scope(*end) == scope(*begin)) ++end;
      std::reverse(begin, end);
    }
    begin = end;
  }
  return acts;
}

// Commands would name what only the run itself knows, such as what it kept where.
void way_back(Script& script, const Plan& plan) {
  const auto acts = in_the_order_back(plan);
  if (acts.empty()) return;
  script.blank();
  script.comment("The way back, in this order, of those that were done:");
  for (const PlannedCall* call : acts) script.comment("- " + words_back(*call));
}

// Nobody knows its commands yet, and what follows may rest on it.
void not_planned(Script& script, const PlannedPart& outline) {
  const std::string name = "phase '" + outline.rule.at("name").text() + "'";
  script.blank();
  script.comment("The " + name + " cannot be planned yet: " + outline.outline);
  script.comment("When what stands above is done, make this script again for what it holds.");
  script.command(
      "read -r -p " +
      shell_word("Now the " + name + " is to be done by hand; press Enter when it is. ") + " _");
}

}  // namespace

std::string manual_text(const Plan& plan) {
  Script script;
  head(script, plan);
  const PlannedRestore* fetched = nullptr;
  std::size_t number = 0;
  for (const PlannedPhase& phase : plan.phases) {
    if (const PlannedPart* outline = plan.outline(phase.name)) not_planned(script, *outline);
    for (const PlannedCall& call : phase.calls) {
      if (is_on_the_way_back(call.id)) continue;
      const PlannedRestore* restore = restore_of(plan, call);
      if (restore && restore != fetched && needs(call, "$artifact")) {
        fetch(script, *restore, number);
        fetched = restore;
      }
      one_call(script, call);
    }
  }
  script.command(")");
  way_back(script, plan);
  if (plan.calls().empty() && !plan.changes_something()) {
    script.blank();
    script.comment("Nothing is to be done: the runbook neither changes nor checks anything.");
  }
  return script.text();
}

}  // namespace snapcore
