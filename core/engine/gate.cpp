#include "engine/gate.hpp"

#include <algorithm>
#include <array>

namespace snapcore {
namespace {

constexpr std::string_view kLater = "$later";

constexpr std::array<std::string_view, 6> kPartWords = {"retry",       "wait_until", "attempt",
                                                        "on_rollback", "phase",      "parallel"};

}  // namespace

std::string to_text(const Line& line) {
  if (line.number == 0) return line.file;
  return line.file + ":" + std::to_string(line.number);
}

Value later_value(std::string_view call, std::string_view field, std::string_view type) {
  return Value::object(
      {{kLater, Value::object({{"call", call}, {"field", field}, {"type", type}})}});
}

bool is_later(const Value& value) {
  return value.members().size() == 1 && value.at(kLater).is_object();
}

bool holds_what_nobody_knows(const Value& value) {
  if (value.is_string()) return value.view().find(kNobodyKnows) != std::string_view::npos;
  const auto& items = value.items();
  const auto& members = value.members();
  return std::any_of(items.begin(), items.end(), holds_what_nobody_knows) ||
         std::any_of(members.begin(), members.end(),
                     [](const auto& member) { return holds_what_nobody_knows(member.second); });
}

Value to_value(const Question& question) {
  Value value = Value::object({{"question", question.text}});
  if (!question.name.empty()) value["name"] = question.name;
  if (question.otherwise) value["default"] = *question.otherwise;
  Value::Array choices;
  for (const std::string& choice : question.choices) choices.emplace_back(choice);
  if (!choices.empty()) value["choices"] = std::move(choices);
  return value;
}

std::string_view to_text(PartKind kind) { return kPartWords[static_cast<std::size_t>(kind)]; }

std::optional<PartKind> part_kind_from(std::string_view text) {
  for (std::size_t i = 0; i < kPartWords.size(); ++i) {
    if (kPartWords[i] == text) return static_cast<PartKind>(i);
  }
  return std::nullopt;
}

}  // namespace snapcore
