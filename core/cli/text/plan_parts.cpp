#include "cli/text/plan_parts.hpp"

#include <algorithm>

#include "cli/text/words.hpp"
#include "engine/scopes.hpp"

namespace snapcore {
namespace {

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

// The handlers that this stands in, each said where it begins.
void PartLines::say_ways(const std::string& id, std::vector<PartLine>& lines) {
  for (const PlannedPart& part : plan_.parts) {
    const std::string handler = part.id + "/on[";
    if (part.kind != PartKind::kAttempt || id.rfind(handler, 0) != 0) continue;
    const std::string code =
        id.substr(handler.size(), id.find(']', handler.size()) - handler.size());
    if (!said_.insert(handler + code).second) continue;
    lines.push_back({depth(part.id), "If it fails with " + code + ":", &part});
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
