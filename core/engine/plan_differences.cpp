// Where two plans differ, for a person.
#include <algorithm>
#include <array>

#include "engine/plan_index.hpp"
#include "engine/plan_meaning.hpp"

namespace snapcore {
namespace {

// As a person reads it: "source backups, ref b.note".
std::string shown(const Value& value) {
  if (value.is_null()) return "absent";
  if (is_later(value)) {
    const Value& later = value.at("$later");
    return "'" + later.at("field").text() + "' of call " + later.at("call").text();
  }
  if (!value.is_object()) return value.dump();
  std::string text;
  for (const auto& [name, member] : value.members()) {
    if (member.is_null()) continue;
    text += (text.empty() ? "" : ", ") + name + " " + shown(member);
  }
  return text.empty() ? "nothing" : text;
}

std::string call_shown(const Value& call) {
  return call.is_null() ? "no call"
                        : call.at("instance").text() + "." + call.at("operation").text() + " " +
                              call.at("args").dump();
}

void tell(std::vector<std::string>& lines, const std::string& where, const std::string& approved,
          const std::string& now) {
  lines.push_back(where + ": approved plan " + approved + ", this run " + now);
}

std::string below(const std::string& path, const std::string& name) {
  const bool begins = path.empty() || path.back() == ' ';
  return path + (begins ? "" : ".") + name;
}

// Compares two values member by member; `path` names where.
void compare(const std::string& path, const Value& approved, const Value& now,
             std::vector<std::string>& lines) {
  if (approved == now) return;
  if (approved.is_object() && now.is_object() && !is_later(approved) && !is_later(now)) {
    for (const auto& [key, member] : approved.members())
      compare(below(path, key), member, now.at(key), lines);
    for (const auto& [key, member] : now.members()) {
      if (!approved.has(key)) compare(below(path, key), Value(), member, lines);
    }
    return;
  }
  if (approved.is_array() && now.is_array() && approved.items().size() == now.items().size()) {
    for (std::size_t i = 0; i < now.items().size(); ++i) {
      compare(path + "[" + std::to_string(i + 1) + "]", approved.items()[i], now.items()[i], lines);
    }
    return;
  }
  tell(lines, path, shown(approved), shown(now));
}

// In the words of a deviation: another call as a whole, or the arguments that are others.
void compare_call(const std::string& id, Value approved, Value now,
                  std::vector<std::string>& lines) {
  const bool same = approved.is_object() && now.is_object() &&
                    approved.at("instance") == now.at("instance") &&
                    approved.at("operation") == now.at("operation");
  if (!same) return tell(lines, "call " + id, call_shown(approved), call_shown(now));
  const std::string where =
      "call " + id + ", " + now.at("instance").text() + "." + now.at("operation").text() + ", ";
  compare(where, approved.at("args"), now.at("args"), lines);
  approved.erase("args");
  now.erase("args");
  compare(where, approved, now, lines);
}

// Lists by a member that names each item, so that one inserted item does not shift the rest.
Value keyed(const Value& list, std::string_view key) {
  Value::Object by_name;
  for (const Value& item : list.items()) {
    Value& entry = by_name[item.at(key).text()];
    entry = item;
    entry.erase(std::string(key));
  }
  return by_name;
}

void compare_keyed(const std::string& what, std::string_view key, const Value& approved,
                   const Value& now, std::vector<std::string>& lines) {
  const Value before = keyed(approved, key);
  const Value after = keyed(now, key);
  const auto each = [&](const std::string& name) {
    compare(what + " " + name, before.at(name), after.at(name), lines);
  };
  for (const auto& [name, item] : before.members()) each(name);
  for (const auto& [name, item] : after.members()) {
    if (!before.has(name)) each(name);
  }
}

// The calls of all phases, and with them the phases' names.
struct Calls {
  explicit Calls(const Value& phases) {
    for (const Value& phase : phases.items()) {
      if (!phase.at("name").view().empty())
        order.push_back("phase '" + phase.at("name").text() + "'");
      for (const Value& call : phase.at("calls").items()) {
        order.push_back(call.at("id").text());
        by_id[call.at("id").text()] = call;
      }
    }
  }
  std::string in_order() const {
    std::string text;
    for (const std::string& name : order) text += (text.empty() ? "" : ", ") + name;
    return text;
  }

  std::vector<std::string> order;
  Value by_id = Value::object();
};

void compare_calls(const Calls& approved, const Calls& now, std::vector<std::string>& lines) {
  const std::size_t before = lines.size();
  for (const auto& [id, call] : approved.by_id.members()) {
    if (call != now.by_id.at(id)) compare_call(id, call, now.by_id.at(id), lines);
  }
  for (const auto& [id, call] : now.by_id.members()) {
    if (!approved.by_id.has(id)) compare_call(id, Value(), call, lines);
  }
  const bool moved = std::is_permutation(approved.order.begin(), approved.order.end(),
                                         now.order.begin(), now.order.end());
  // Where calls came or went, the order has changed with them.
  if (approved.order != now.order && (moved || lines.size() == before))
    tell(lines, "order of the calls", approved.in_order(), now.in_order());
}

}  // namespace

std::vector<std::string> differences(const Plan& approved, const Plan& now) {
  Value before = meaning(approved);
  Value after = meaning(now);
  std::vector<std::string> lines;
  compare_calls(Calls(before.at("phases")), Calls(after.at("phases")), lines);
  constexpr std::array<std::array<std::string_view, 3>, 4> kKeyed = {
      {{"parts", "id", "part"},
       {"code", "name", "text"},
       {"plugins", "id", "plugin"},
       {"restores", "id", "restore"}}};
  for (const auto& [member, key, what] : kKeyed)
    compare_keyed(std::string(what), key, before.at(member), after.at(member), lines);
  for (Value* each : {&before, &after}) {
    each->erase("phases");
    for (const auto& [member, key, what] : kKeyed) each->erase(std::string(member));
  }
  compare("", before, after, lines);
  return lines;
}

}  // namespace snapcore
