#include "cli/lua_text.hpp"

#include <cstdio>

#include "cli/arguments.hpp"

namespace snapcore {
namespace {

std::string quoted(std::string_view text) {
  std::string literal = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      literal += '\\';
      literal += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\%03u", static_cast<unsigned>(byte));
      literal += escape;
    } else {
      literal += c;
    }
  }
  return literal + "\"";
}

// The arguments of a call: "{ a = 1 }" for people where the name allows it.
std::string members(const Value& value) {
  std::string text;
  for (const auto& [name, member] : value.members()) {
    text += (text.empty() ? "[" : ", [") + quoted(name) + "] = " + lua_literal(member);
  }
  return text;
}

}  // namespace

std::string lua_literal(const Value& value) {
  if (value.is_null()) return "null";
  if (value.is_string()) return quoted(value.text());
  if (is_artifact_to_ask_for(value)) {
    const Value& asked = value.at("$stat");
    return "source(" + quoted(asked.at("source").text()) +
           "):stat { ref = " + quoted(asked.at("ref").text()) + " }";
  }
  if (value.is_array()) {
    std::string items;
    for (const Value& item : value.items())
      items += (items.empty() ? "" : ", ") + lua_literal(item);
    return items.empty() ? "{}" : "{ " + items + " }";
  }
  if (value.is_object()) return value.members().empty() ? "{}" : "{ " + members(value) + " }";
  return value.dump();  // numbers and booleans are written alike in both
}

std::string restore_runbook(const RestoreWish& wish) {
  std::string choose;
  if (wish.ref) {
    choose = "stat { ref = " + quoted(*wish.ref) + " }";
  } else {
    std::string filter;
    if (!wish.kind.empty()) filter += "kind = " + quoted(wish.kind);
    if (wish.before)
      filter += (filter.empty() ? "before = " : ", before = ") + quoted(*wish.before);
    choose = filter.empty() ? "latest {}" : "latest { " + filter + " }";
  }
  const std::string more = members(wish.args);
  return "runbook { summary = " + quoted("Restore " + wish.target + " from " + wish.source) +
         " }\n\n" + "local from, to = source(" + quoted(wish.source) + "), target(" +
         quoted(wish.target) + ")\n" + "local artifact = from:" + choose + "\n\n" + "step(" +
         quoted("Restore " + wish.target) + ", function()\n" + "  to:restore { from = artifact" +
         (more.empty() ? "" : ", " + more) + " }\n" + "end)\n";
}

std::string call_runbook(std::string_view instance_name, std::string_view operation,
                         const Value& args) {
  const std::string name = std::string(instance_name) + "." + std::string(operation);
  const std::string arguments = members(args);
  return "runbook { summary = " + quoted("Call " + name) + " }\n\n" + "local it = instance(" +
         quoted(instance_name) + ")\n\n" + "step(" + quoted("Call " + name) + ", function()\n" +
         "  it:" + std::string(operation) + " {" +
         (arguments.empty() ? "" : " " + arguments + " ") + "}\n" + "end)\n";
}

}  // namespace snapcore
