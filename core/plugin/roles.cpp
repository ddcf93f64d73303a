#include "plugin/roles.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <vector>

#include "plugin/schema.hpp"

namespace snapcore {
namespace {

using Names = std::vector<std::string_view>;

struct Verb {
  Role role;
  std::string_view name;
  std::vector<Effect> effects;
  bool required = true;
  std::vector<bool> ports_in = {};    // one entry a port: does the plugin read it?
  Names args = {};                    // must be there
  Names optional_args = {};           // may be there; the core can fill in no others
  Names results = {};                 // must be there
  bool concurrent = false;            // must run beside other calls of its instance
  bool open_args = false;             // takes arguments of its own: those of `restore`
  bool without_instance_too = false;  // may be asked of the plugin alone
};

const std::vector<Verb>& verbs() {
  using enum Effect;
  static const std::vector<Verb> all = {
      {.role = Role::kSource, .name = "list", .effects = {kRead}, .optional_args = {"prefix"}},
      {.role = Role::kSource,
       .name = "stat",
       .effects = {kRead},
       .args = {"ref"},
       .results = {"ref"}},
      {.role = Role::kSource,
       .name = "open",
       .effects = {kRead},
       .ports_in = {false},
       .args = {"ref", "offset", "length"},
       .optional_args = {"version_id"},
       .concurrent = true},
      {.role = Role::kSource,
       .name = "store",
       .effects = {kChange},
       .required = false,
       .ports_in = {true},
       .args = {"name"},
       .optional_args = {"manifest"},
       .results = {"ref"}},
      {.role = Role::kSource,
       .name = "remove",
       .effects = {kDestroy},
       .required = false,
       .args = {"ref"}},
      {.role = Role::kTarget,
       .name = "inspect",
       .effects = {kRead},
       .results = {"healthy", "readable", "keeps", "resources"}},
      {.role = Role::kTarget,
       .name = "examine",
       .effects = {kRead},
       .args = {"artifact"},
       .results = {"kind"},
       .without_instance_too = true},
      {.role = Role::kTarget,
       .name = "capture",
       .effects = {kRead},
       .required = false,
       .ports_in = {false},
       .results = {"kind"}},
      {.role = Role::kTarget,
       .name = "stage",
       .effects = {kChange},
       .args = {"from"},
       .results = {"handle"},
       .open_args = true},
      {.role = Role::kTarget,
       .name = "check",
       .effects = {kRead},
       .args = {"staged"},
       .open_args = true},
      {.role = Role::kTarget,
       .name = "activate",
       .effects = {kChange, kDestroy},
       .args = {"staged"},
       .results = {"kept"},
       .open_args = true},
      {.role = Role::kTarget,
       .name = "health",
       .effects = {kVerify},
       .args = {"expected"},
       .optional_args = {"deadline"},
       .open_args = true},
      {.role = Role::kTarget, .name = "discard", .effects = {kDestroy}, .args = {"staged"}},
      {.role = Role::kTarget,
       .name = "release",
       .effects = {kDestroy},
       .required = false,
       .args = {"kept"}},
  };
  return all;
}

bool contains(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string list_of(const std::vector<Effect>& effects) {
  std::string list;
  for (const Effect effect : effects)
    list += (list.empty() ? "" : " or ") + std::string(to_text(effect));
  return list;
}

std::optional<std::string> find_port_problem(const Verb& verb, const Operation& operation) {
  const bool fits =
      std::equal(operation.ports.begin(), operation.ports.end(), verb.ports_in.begin(),
                 verb.ports_in.end(), [](const Port& port, bool in) { return port.in == in; });
  if (fits) return std::nullopt;
  if (verb.ports_in.empty()) return "has ports, and must have none";
  return std::string("must have one port, ") + (verb.ports_in.front() ? "in" : "out");
}

std::optional<std::string> find_argument_problem(const Verb& verb, const Operation& operation) {
  const std::vector<std::string> names = property_names(operation.args);
  for (const std::string_view wanted : verb.args) {
    if (std::find(names.begin(), names.end(), wanted) == names.end()) {
      return "lacks the argument \"" + std::string(wanted) + "\"";
    }
  }
  if (verb.open_args) return std::nullopt;
  for (const std::string& name : names) {
    const bool known = contains(verb.args, name) || contains(verb.optional_args, name);
    if (!known && is_required(operation.args, name)) {
      return "demands the argument \"" + name + "\", which nobody will give";
    }
  }
  return std::nullopt;
}

std::optional<std::string> find_result_problem(const Verb& verb, const Operation& operation) {
  if (verb.name == "list" && operation.item.is_null()) return "has no schema for its items";
  const std::vector<std::string> names = property_names(operation.result);
  if (names.empty() && operation.result.at("additionalProperties") != Value(false))
    return std::nullopt;
  for (const std::string_view wanted : verb.results) {
    if (std::find(names.begin(), names.end(), wanted) == names.end()) {
      return "lacks \"" + std::string(wanted) + "\" in its result";
    }
  }
  return std::nullopt;
}

std::optional<std::string> find_verb_problem(const Verb& verb, const Operation& operation) {
  if (std::find(verb.effects.begin(), verb.effects.end(), operation.effect) == verb.effects.end()) {
    return "has the effect " + std::string(to_text(operation.effect)) + " and must have " +
           list_of(verb.effects);
  }
  if (!operation.needs_instance && !verb.without_instance_too) return "must need an instance";
  if (verb.concurrent && !operation.concurrent) {
    return "must be concurrent: targets read at several places at the same time";
  }
  if (auto problem = find_port_problem(verb, operation)) return problem;
  if (auto problem = find_argument_problem(verb, operation)) return problem;
  return find_result_problem(verb, operation);
}

// `restore` takes the arguments of four verbs under one name each, so they must agree.
std::optional<std::string> find_restore_conflict(const Manifest& manifest) {
  struct Seen {
    std::string verb;
    std::string type;
    std::string mark;
  };
  std::map<std::string, Seen> seen;
  for (const char* verb : {"stage", "check", "activate", "health"}) {
    const Operation* operation = manifest.find(verb);
    for (const auto& [name, schema] : operation->args.at("properties").members()) {
      const Seen here{
          verb, schema.at("type").is_array() ? schema.at("type").dump() : schema.at("type").text(),
          schema.at("x-type").text()};
      const auto& first = seen.emplace(name, here).first->second;
      if (first.type == here.type && first.mark == here.mark) continue;
      return "the argument \"" + name + "\" of restore has one type in " + first.verb +
             " and another in " + here.verb;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> find_role_problem(const Manifest& manifest) {
  for (const Verb& verb : verbs()) {
    if (!manifest.has_role(verb.role)) continue;
    const std::string who =
        "the " + std::string(to_text(verb.role)) + " verb " + std::string(verb.name);
    const Operation* operation = manifest.find(verb.name);
    if (!operation && verb.required) return who + " is missing";
    if (!operation) continue;
    if (auto problem = find_verb_problem(verb, *operation)) return who + " " + *problem;
  }
  if (manifest.has_role(Role::kTarget)) return find_restore_conflict(manifest);
  return std::nullopt;
}

}  // namespace snapcore
