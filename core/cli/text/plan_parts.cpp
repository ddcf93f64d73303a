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
    const bool forks = part.kind == PartKind::kParallel;
    if (part.kind != PartKind::kAttempt && !forks) continue;
    const std::string way = part.id + (forks ? "/branch[" : "/on[");
    if (id.rfind(way, 0) != 0) continue;
    const std::string name = id.substr(way.size(), id.find(']', way.size()) - way.size());
    if (!said_.insert(way + name).second) continue;
    lines.push_back(
        {depth(part.id), forks ? "Branch " + name + ":" : "If it fails with " + name + ":", &part});
  }
}

std::vector<PartLine> PartLines::before(std::size_t index, const PlannedCall* call) {
  std::vector<PartLine> lines;
  for (const PlannedPart& part : plan_.parts) {
    if (part.calls_before != index || part.kind == PartKind::kPhase) continue;
    say_ways(part.id, lines);
    lines.push_back({depth(part.id), words_of(part), &part});
    for (const std::string& note : part.notes)
      lines.push_back({depth(part.id) + 1, "- " + note, &part});
  }
  if (call) say_ways(call->id, lines);
  return lines;
}

}  // namespace snapcore
