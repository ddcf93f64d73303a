#include "engine/bounds.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "base/text.hpp"

namespace snapcore {
namespace {

Error bad(const std::string& message) {
  return {.code = "runbook.bad_argument",
          .message = "phase: within." + message,
          .category = Category::kPrecondition};
}

Result<std::vector<std::string>> names_from(const Value& given, const std::string& name) {
  std::set<std::string> names;
  const Value& list = given.at(name);
  if (!list.is_null() && !list.is_array())
    return fail(bad(name + " is a list of names, not " + list.dump()));
  for (const Value& item : list.items()) {
    if (!item.is_string() || item.view().empty())
      return fail(bad(name + " is a list of names, and " + item.dump() + " is none"));
    names.insert(item.text());
  }
  return std::vector<std::string>(names.begin(), names.end());
}

Result<std::uint64_t> number_from(const Value& given, const std::string& name) {
  const Value& number = given.at(name);
  if (number.is_null()) return 0;
  if (number.is_integer() && number.int_or(-1) >= 0) return number.uint_or(0);
  return fail(bad(name + " is a number, 0 or more, not " + number.dump()));
}

Result<std::optional<std::uint64_t>> bytes_from(const Value& given) {
  const Value& bytes = given.at("bytes");
  if (bytes.is_null()) return std::nullopt;
  if (bytes.is_integer() && bytes.int_or(-1) >= 0) return bytes.uint_or(0);
  const auto parsed = bytes.is_string() ? parse_bytes(bytes.view()) : std::nullopt;
  if (parsed) return parsed;
  return fail(bad("bytes is a number of bytes, or a text like \"20 GB\", not " + bytes.dump()));
}

bool holds(const std::vector<std::string>& sorted, const std::string& name) {
  return std::binary_search(sorted.begin(), sorted.end(), name);
}

// The verbs of a restore have the number of the restore, and their own name behind a dot.
bool is_of_a_restore(const Plan& phase, const PlannedCall& call) {
  return std::any_of(
      phase.restores.begin(), phase.restores.end(),
      [&](const PlannedRestore& restore) { return call.id.rfind(restore.id + ".", 0) == 0; });
}

}  // namespace

Result<Bounds> bounds_from(const Value& given) {
  constexpr std::array<std::string_view, 5> kNames = {"instances", "operations", "acts", "destroys",
                                                      "bytes"};
  for (const auto& [name, value] : given.members()) {
    if (std::find(kNames.begin(), kNames.end(), name) != kNames.end()) continue;
    return fail(bad(name + ": there is no such bound; there is instances, operations, acts, "
                           "destroys, bytes"));
  }
  Bounds bounds;
  auto instances = names_from(given, "instances");
  auto operations = names_from(given, "operations");
  const auto acts = number_from(given, "acts");
  const auto destroys = number_from(given, "destroys");
  const auto bytes = bytes_from(given);
  if (!instances) return fail(instances.error());
  if (!operations) return fail(operations.error());
  if (!acts) return fail(acts.error());
  if (!destroys) return fail(destroys.error());
  if (!bytes) return fail(bytes.error());
  if (given.at("acts").is_null()) return fail(bad("acts is missing: how many, at most"));
  if (instances->empty() && *acts > 0)
    return fail(bad("instances is missing: on which of them it may act"));
  bounds.instances = std::move(*instances);
  bounds.operations = std::move(*operations);
  bounds.acts = *acts;
  bounds.destroys = *destroys;
  bounds.bytes = *bytes;
  return bounds;
}

Value to_value(const Bounds& bounds) {
  Value value = Value::object({{"instances", texts_of(bounds.instances)},
                               {"acts", bounds.acts},
                               {"destroys", bounds.destroys}});
  if (!bounds.operations.empty()) value["operations"] = texts_of(bounds.operations);
  if (bounds.bytes) value["bytes"] = *bounds.bytes;
  return value;
}

std::string in_words(const Bounds& bounds) {
  if (bounds.acts == 0) return "no acts: it only looks and checks";
  std::string text = "at most " + describe_count(bounds.acts, "act");
  if (!bounds.operations.empty()) text += " (" + joined(bounds.operations) + ")";
  text += " on " + joined(bounds.instances);
  text += bounds.destroys == 0
              ? ", all of which can be undone"
              : ", of which at most " + describe_number(bounds.destroys) + " cannot be undone";
  if (bounds.bytes) text += ", moving at most " + describe_bytes(*bounds.bytes);
  return text;
}

std::vector<std::string> beyond(const Bounds& bounds, const Plan& phase) {
  std::vector<std::string> sentences;
  std::uint64_t acts = 0, destroys = 0, bytes = 0;
  for (const PlannedCall* call : phase.calls()) {
    bytes += call->bytes;
    if (!call->is_act()) continue;
    const std::string what = call->instance + "." + call->operation;
    ++acts;
    if (call->is_point_of_no_return()) ++destroys;
    if (!holds(bounds.instances, call->instance))
      sentences.push_back(what + " acts on " + call->instance + ", which is not among them");
    const bool named = holds(bounds.operations, call->operation) ||
                       (holds(bounds.operations, "restore") && is_of_a_restore(phase, *call));
    if (!bounds.operations.empty() && !named)
      sentences.push_back(what + " is none of the operations it may make");
  }
  if (acts > bounds.acts)
    sentences.push_back("it has " + describe_count(acts, "act") + ", and may have " +
                        describe_number(bounds.acts));
  if (destroys > bounds.destroys)
    sentences.push_back(describe_count(destroys, "act") + " cannot be undone, and " +
                        describe_number(bounds.destroys) + " may");
  if (bounds.bytes && bytes > *bounds.bytes)
    sentences.push_back("it moves " + describe_bytes(bytes) + ", and may move " +
                        describe_bytes(*bounds.bytes));
  return sentences;
}

}  // namespace snapcore
