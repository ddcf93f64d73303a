// The plan: everything a runbook would do, in the order it would do it, before any of it is done.
//
// A plan is made of phases, a phase of calls. People approve it by its digest; the executor lets
// pass what it holds and nothing else. core/engine/FORMAT.md describes the file.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <snapcore/error.hpp>
#include <snapcore/value.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "engine/gate.hpp"
#include "engine/scopes.hpp"
#include "plugin/manifest.hpp"

namespace snapcore {

// Room that a call needs in one place; entries of one `where` add up.
struct SpaceNeed {
  std::string where;
  std::uint64_t needed = 0;
  std::uint64_t free = UINT64_MAX;  // that: nobody could say
};

// An act that a planned call announces it will make through another instance.
struct NestedCall {
  std::string label;
  std::string instance;
  std::string operation;
  Value args;
};

// One verify or act. Reads do not stand in a plan; what they answered is in `choices` where it
// matters.
struct PlannedCall {
  std::string
      id;  // scope, '#', number in the scope; '.' and the verb inside a restore: "root#1.stage"
  std::string step;  // for people; "" outside of steps
  Line line;
  std::string instance;
  std::string operation;
  Effect effect = Effect::kChange;
  Value args;       // canonical: secrets as references, unknowns as later values
  Value condition;  // null, or the later value of the when() it stands in
  Value predicted;  // what is known of the result
  UndoRule undo;
  std::vector<NestedCall> nested;

  // For people, and for the executor's room check; not part of the digest.
  std::vector<std::string> effects;
  std::vector<std::string> keeps;
  std::vector<std::string> undo_words;
  std::vector<std::string> shell;  // the same by hand, with stock tools
  std::vector<std::string> resources;
  std::vector<std::string> nested_resources;  // of the acts inside of it
  std::vector<SpaceNeed> space;
  std::uint64_t bytes = 0;
  Value result_schema;

  bool is_act() const { return snapcore::is_act(effect); }
  // Cannot be taken back: a destroy, or an act without undo.
  bool is_point_of_no_return() const;
};

// What one restore brings where: the facts people decide by.
struct PlannedRestore {
  std::string id;  // "root#1"; its calls are "root#1.stage", ...
  std::string target;
  Value artifact;           // with source, ref, size, sha256, kind
  std::string digest_from;  // "recorded in its manifest", "computed while planning", "version id"
  std::optional<std::int64_t> age_seconds;
  bool examined = false;  // while planning; else it is examined while staged
  Value examination;      // kind, identity, contents, ...
  bool healthy_before = false;
  bool readable_before = false;
  std::string keeps;                  // aside, capture, none
  Value target_identity;              // as its plugin tells it; null when it cannot
  std::vector<std::string> evidence;  // of the target, as sentences
};

// What a guard said. A refusal that is not waived fails the plan.
struct Concern {
  enum class State { kRefused, kWaived, kAsk, kWarned } state = State::kRefused;
  std::string guard;  // age destroys hash identity healthy lock space version
  std::string target;
  std::string message;
  std::string reason;  // of the waiver
};

struct CodeFile {
  std::string name;  // "full-site.lua", "lib/site"
  std::string path;
  std::string sha256;
  std::string text;
};

struct PluginUse {
  std::string id;
  std::string version;
  std::string path;
  std::string sha256;
};

// An answer that execution gives again: latest, list, stat, now, uuid.
struct Choice {
  std::string id;  // scope, '?', number of the read in the scope
  std::string instance;
  std::string operation;
  Value args;
  Value answer;
  std::optional<Error> error = {};  // what it failed with, in place of an answer
};

// A retry, a wait_until, an attempt, an on_rollback or a phase: the calls in it have its id before
// theirs.
struct PlannedPart {
  std::string id;  // "root/retry[1]"
  PartKind kind = PartKind::kRetry;
  Value rule;  // as in Part
  // Of a phase: why it could not be planned yet. It is planned within its bounds when it is
  // reached.
  std::string outline = {};

  // For people; not part of the digest.
  std::string step = {};
  Line line = {};
  std::size_t calls_before = 0;         // in the whole plan
  std::vector<std::string> notes = {};  // of on_rollback, for the way back
};

// Where a step ends: whoever leaves it before that goes on from there.
struct PlannedStep {
  std::string id;  // "root/step[1]", though what it holds has no scope of its own
  std::string name;
  ScopeCounts end;  // of the scope it stands in
};

// The resource that an instance as a whole is, where an act on it names none.
std::string whole_instance(std::string_view name);

// Does this call belong to what an on_rollback adds to the way back?
bool is_on_the_way_back(std::string_view call_id);

struct PlannedPhase {
  std::string name;  // one of its own; "" for what stands outside of phases
  std::vector<PlannedCall> calls;
};

struct Plan {
  std::string id;  // fresh in each plan; a saved plan is used once
  std::string summary;
  Value params;
  Time made{};
  std::vector<PlannedPhase> phases;
  std::vector<PlannedPart> parts;  // in the order in which they begin
  std::vector<PlannedStep> steps;  // none in a plan of before they were kept
  std::vector<PlannedRestore> restores;
  std::vector<Choice> choices;
  std::vector<Concern> concerns;
  std::vector<std::string> accepted_losses;  // instances
  std::vector<std::string> notes;
  std::vector<CodeFile> code;  // the runbook first
  std::string site_path;
  std::string site_digest;
  std::vector<PluginUse> plugins;
  bool has_fresh_arguments = false;  // now or uuid reached an argument

  std::vector<const PlannedCall*> calls() const;
  const PlannedCall* find(std::string_view wanted) const;
  const PlannedPart* part(std::string_view wanted) const;
  const PlannedStep* step(std::string_view wanted) const;
  std::size_t acts() const;
  // The phases that are not planned yet; one of them by its name, null when it is planned.
  std::vector<const PlannedPart*> outlines() const;
  const PlannedPart* outline(std::string_view phase) const;
  // Acts, or an outline that may hold some.
  bool changes_something() const;

  // SHA-256 over what approval means: see FORMAT.md.
  std::string digest() const;
};

// `plan` with what is in an outline now planned: the calls of `phase` take its place.
Plan with_phase(Plan plan, const std::string& part, const Plan& phase);

// Seed of math.random for every pass over a plan: while planning, when it is planned again, and
// when it is executed.
std::uint64_t seed_of_plan(std::string_view plan_id);

// The items of an array of texts, and such an array.
std::vector<std::string> texts_from(const Value& value);
Value texts_of(const std::vector<std::string>& list);

Value to_value(const Plan& plan);
// "plan.invalid" when it is not a plan of this version, or its own digest does not fit.
Result<Plan> plan_from(const Value& value);

// One line per difference, "what: approved plan / this run". Empty when both mean the same.
std::vector<std::string> differences(const Plan& approved, const Plan& now);

}  // namespace snapcore
