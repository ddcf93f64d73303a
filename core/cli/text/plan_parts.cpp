#include "cli/text/plan_parts.hpp"

#include <algorithm>

#include "cli/text/words.hpp"
#include "engine/scopes.hpp"

namespace snapcore {
namespace {

std::string words_of_parallel(const Value& rule) {
  const std::string branches = rule.at("branches").dump();
  if (rule.at("branches").uint_or(0) == 1) return "One branch:";
  if (rule.at("limit") == rule.at("branches"))
    return "At the same time, " + branches + " branches:";
  return "At the same time, at most " + rule.at("limit").dump() + " of " + branches + " branches:";
}

std::string words_of(const PlannedPart& part) {
  const Value& rule = part.rule;
  switch (part.kind) {
    case PartKind::kRetry:
      return "Tried at most " + rule.at("times").dump() + " times, " + rule.at("wait").text() +
             " apart, while it fails with what may go away by itself:";
    case PartKind::kWaitUntil:
      return "Waits until it is so: looks every " + rule.at("every").text() + ", for " +
             rule.at("timeout").text() + " at most";
    case PartKind::kAttempt:
      return "Attempted; a failure with " + joined(texts_from(rule.at("codes"))) +
             " is undone and taken another way:";
    case PartKind::kParallel: return words_of_parallel(rule);
    case PartKind::kPhase:  // has a heading of its own
    case PartKind::kOnRollback: break;
  }
  return "If this is taken back, before what stands above is undone:";
}

bool forks(const PlannedPart& part) {
  return part.kind == PartKind::kParallel || part.kind == PartKind::kAttempt;
}

// Its branches by their numbers, or its handlers by their codes.
std::vector<std::string> ways_of(const PlannedPart& part) {
  if (part.kind == PartKind::kAttempt) return texts_from(part.rule.at("codes"));
  std::vector<std::string> names;
  for (std::uint64_t i = 1; i <= part.rule.at("branches").uint_or(0); ++i)
    names.push_back(std::to_string(i));
  return names;
}

// As ids have it; without a name what all of them begin with.
std::string way_of(const PlannedPart& part, const std::string& name) {
  const std::string word = part.kind == PartKind::kParallel ? "/branch[" : "/on[";
  return part.id + word + name + (name.empty() ? "" : "]");
}

std::string words_of_way(const PlannedPart& part, const std::string& name) {
  return (part.kind == PartKind::kParallel ? "Branch " : "If it fails with ") + name;
}

}  // namespace

std::size_t PartLines::depth(std::string_view id) const {
  return static_cast<std::size_t>(
      std::count_if(plan_.parts.begin(), plan_.parts.end(), [&](const PlannedPart& part) {
        return part.kind != PartKind::kPhase && stands_in(id, part.id);
      }));
}

// The handlers and branches that this stands in, each said where it begins.
void PartLines::say_ways(const std::string& id, std::vector<PartLine>& lines) {
  for (const PlannedPart& part : plan_.parts) {
    if (!forks(part) || id.rfind(way_of(part, ""), 0) != 0) continue;
    const auto begin = way_of(part, "").size();
    const std::string name = id.substr(begin, id.find(']', begin) - begin);
    const auto names = ways_of(part);
    const auto place = std::find(names.begin(), names.end(), name);
    say_empty_ways(part, static_cast<std::size_t>(place - names.begin()), lines);
    if (!said_.insert(way_of(part, name)).second) continue;
    lines.push_back({depth(part.id), words_of_way(part, name) + ":", &part});
  }
}

// What nothing stands in is said as well, so that every way that was written can be found.
void PartLines::say_empty_ways(const PlannedPart& part, std::size_t before,
                               std::vector<PartLine>& lines) {
  const auto names = ways_of(part);
  for (std::size_t i = 0; i < std::min(before, names.size()); ++i) {
    if (!said_.insert(way_of(part, names[i])).second) continue;
    lines.push_back(
        {depth(part.id), words_of_way(part, names[i]) + ": nothing is changed or checked", &part});
  }
}

void PartLines::leave_parts(std::string_view next, std::vector<PartLine>& lines) {
  while (!open_.empty() && !stands_in(next, open_.back()->id)) {
    const PlannedPart& part = *open_.back();
    open_.pop_back();
    say_empty_ways(part, ways_of(part).size(), lines);
  }
}

std::vector<PartLine> PartLines::before(std::size_t index, const PlannedCall* call) {
  std::vector<PartLine> lines;
  for (const PlannedPart& part : plan_.parts) {
    if (part.calls_before != index || part.kind == PartKind::kPhase) continue;
    leave_parts(part.id, lines);
    say_ways(part.id, lines);
    lines.push_back({depth(part.id), words_of(part), &part});
    if (forks(part)) open_.push_back(&part);
    for (const std::string& note : part.notes)
      lines.push_back({depth(part.id) + 1, "- " + note, &part});
  }
  leave_parts(call ? call->id : "", lines);
  if (call) say_ways(call->id, lines);
  return lines;
}

}  // namespace snapcore
