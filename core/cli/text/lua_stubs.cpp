#include "cli/text/lua_stubs.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "base/text.hpp"
#include "cli/lua_text.hpp"
#include "engine/core_operations.hpp"

namespace snapcore {
namespace {

// What does not come from a manifest: the words of a runbook (core/runbook/words.cpp) and what they
// give. A test compares the names with those that a runbook sees.
constexpr std::string_view kWords = R"lua(
---What a step gives that is known only after it ran: passed on as an argument, or to when().
---@class snapcore.Later

---An instance of the site.
---@class snapcore.Instance
---@field name string its name in the site
---@field plugin string

---@class snapcore.Source: snapcore.Instance
---@class snapcore.Target: snapcore.Instance

---One restorable thing in a source.
---@class snapcore.Artifact
---@field source string
---@field ref string
---@field name string
---@field size integer
---@field kind string?
---@field sha256 string?
---@field created string?
---@field modified string?
---@field path string? the file on this machine that holds its bytes

---What pcall() catches of an operation.
---@class snapcore.Error
---@field code string
---@field message string
---@field hint string?
---@field step string?
---@field plugin string?
---@field retryable boolean

---@class snapcore.Parameter
---@field type "string"|"integer"|"number"|"boolean"|"time"|"duration"|"list"|"object"
---@field default any
---@field optional boolean?
---@field enum any[]?
---@field help string?

---@class snapcore.Declaration
---@field summary string what it does, in one line
---@field params table<string, snapcore.Parameter>?

---What this runbook is for; gives its parameters, read-only. Comes once, before anything else.
---@param declaration snapcore.Declaration
---@return table<string, any>
function runbook(declaration) end

---A named part, for people. Gives what the function gives.
---@generic T
---@param name string
---@param body fun(): T
---@return T
function step(name, body) end

---A part that is planned, and done only if the value is neither false nor null once it is known.
---@param condition snapcore.Later
---@param body fun()
function when(condition, body) end

---Made again when it fails with what may go away by itself. Gives what the function gives.
---@generic T
---@param rule { times: integer?, wait: string? } 3 and "5s" when left out
---@param body fun(): T
---@return T
function retry(rule, body) end

---Looks until the function, which only asks, gives something that is neither false nor nil.
---@param rule { timeout: string?, every: string? } "5m" and "2s" when left out
---@param body fun(): any
function wait_until(rule, body) end

---When it fails with one of these codes, what it did is undone, and the handler takes over.
---@param body fun(): any
---@param handlers table<string, fun(err: table): any>
function attempt(body, handlers) end

---Planned as a whole when it is reached, where that is not possible before; asked about only beyond its bounds.
---@param name string
---@param rule { within: { instances: string[]?, operations: string[]?, acts: integer, destroys: integer?, bytes: (integer|string)? }? }
---@param body fun()
function phase(name, rule, body) end

---Adds to the way back: done when the run is taken back, at its place among what it did.
---@param body fun()
function on_rollback(body) end

---Functions that are run at the same time, at most `limit` of them. Gives what each gave first.
---@param work { limit: integer?, [integer]: fun(): any } all of them, up to 16, when left out
---@return any[]
function parallel(work) end

---A field's value, to be passed on before it is known.
---@param result table
---@param field string
---@return snapcore.Later
function later(result, field) end

---What a person answers while the run is planned; the same ever after.
---@param question string
---@param options { choices: string[]?, default: string?, name: string? }?
---@return string
function ask(question, options) end

---A line in plan and report.
---@param text any
function note(text) end

---Ends the run, unless it is caught.
---@param message any
---@param hint string? what to do
function fail(message, hint) end

---The time as text; the same while executing as it was while planning.
---@return string
function now() end

---A fresh one; the same while executing as it was while planning.
---@return string
function uuid() end

---What NAME.lua returns, beside the runbook or in a folder there; it runs once.
---@param name string
---@return any
function require(name) end

---The null of JSON.
---@type userdata
null = nil

---What the site says, read-only.
---@class snapcore.Site
---@field values table<string, any>
---@type snapcore.Site
site = {}

-- What Lua has and a runbook has not.
---@deprecated a runbook has no such function
load = nil
---@deprecated a runbook has no such function
loadfile = nil
---@deprecated a runbook has no such function
dofile = nil
---@deprecated a runbook has no such function
collectgarbage = nil
---@deprecated a runbook has no such function
rawget = nil
---@deprecated a runbook has no such function
rawset = nil
)lua";

constexpr std::array<std::string_view, 22> kKeywords = {
    "and",      "break",  "do",   "else", "elseif", "end",  "false", "for",
    "function", "goto",   "if",   "in",   "local",  "nil",  "not",   "or",
    "repeat",   "return", "then", "true", "until",  "while"};

bool is_name(std::string_view text) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  if (text.empty() || !is_letter(text.front())) return false;
  if (std::find(kKeywords.begin(), kKeywords.end(), text) != kKeywords.end()) return false;
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

std::string literal(std::string_view text) { return lua_literal(Value(text)); }

// Text of a manifest behind "---": one line, whatever it holds.
std::string words(const Value& text) { return printable(text.view(), text.view().size() * 4); }

std::string about(const Value& property) {
  const std::string description = words(property.at("description"));
  return description.empty() ? "" : " " + description;
}

std::string class_of(const Manifest& manifest) {
  std::string name = manifest.id;
  std::replace(name.begin(), name.end(), '-', '_');
  return "snapcore.plugin." + name;
}

class Stubs {
 public:
  Stubs(const std::vector<const Manifest*>& manifests, const std::vector<StubInstance>& instances)
      : manifests_(manifests), instances_(instances) {}

  std::string write() {
    text_ = std::string(kStubsMark) + "\n" +
            "-- Written by 'snapcore help --stubs' for the Lua language server; runbooks do not "
            "load it.\n";
    text_ += kWords;
    for (const Manifest* manifest : manifests_) plugin(*manifest);
    word("source", "An instance that holds artifacts.", Role::kSource);
    word("target", "An instance that is a live system.", Role::kTarget);
    word("instance", "Any instance.", std::nullopt);
    return std::move(text_);
  }

 private:
  // --- types

  // The type of a value. Objects with members become classes of their own, named after `place`.
  std::string type_of(const Value& schema, const std::string& place) {
    if (schema.at("x-type").view() == "artifact") return "snapcore.Artifact";
    if (schema.at("x-type").view() == "instance") return "string|snapcore.Instance";
    if (!schema.at("enum").items().empty()) return enumerated(schema.at("enum"));
    if (!schema.at("anyOf").items().empty()) return any_of(schema.at("anyOf"), place);
    if (schema.at("type").is_array()) return any_type(schema, place);
    const std::string_view type = schema.at("type").view();
    if (type == "array") {
      const std::string item = type_of(schema.at("items"), place + ".item");
      return (item.find('|') == std::string::npos ? item : "(" + item + ")") + "[]";
    }
    if (type == "object") return object(schema, place);
    if (type == "string" || type == "integer" || type == "number" || type == "boolean")
      return std::string(type);
    return "any";
  }

  static std::string enumerated(const Value& choices) {
    std::string type;
    for (const Value& choice : choices.items()) {
      const bool plain = choice.is_string() && printable(choice.view(), 200) == choice.view();
      type += (type.empty() ? "" : "|") + (plain ? literal(choice.view()) : std::string("any"));
    }
    return type;
  }

  std::string any_of(const Value& choices, const std::string& place) {
    std::string type;
    for (std::size_t i = 0; i < choices.items().size(); ++i) {
      type += (i == 0 ? "" : "|") +
              type_of(choices.items()[i], place + ".choice" + std::to_string(i + 1));
    }
    return type;
  }

  std::string any_type(const Value& schema, const std::string& place) {
    std::string type;
    for (const Value& one : schema.at("type").items()) {
      Value alone = schema;
      alone["type"] = one;
      type += (type.empty() ? "" : "|") +
              (one.view() == "null" ? std::string("nil") : type_of(alone, place));
    }
    return type;
  }

  std::string object(const Value& schema, const std::string& place) {
    if (schema.at("properties").members().empty()) return "table";
    fields(schema, place, "");
    return place;
  }

  // Classes stand before the one whose fields they are.
  void fields(const Value& schema, const std::string& name, const std::string& also) {
    std::string lines = "\n---@class " + name + "\n";
    for (const auto& [field, property] : schema.at("properties").members()) {
      std::string type = type_of(property, name + "." + (is_name(field) ? field : "field"));
      if (!is_required_in(schema, field)) type = "(" + type + ")?";
      lines += "---@field " + (is_name(field) ? field : "[" + literal(field) + "]") + " " + type +
               (also.empty() ? "" : "|" + also) + about(property) + "\n";
    }
    text_ += lines;
  }

  static bool is_required_in(const Value& schema, const std::string& field) {
    const auto& required = schema.at("required").items();
    return std::any_of(required.begin(), required.end(),
                       [&](const Value& name) { return name.view() == field; });
  }

  // --- plugins

  void plugin(const Manifest& manifest) {
    const std::string name = class_of(manifest);
    std::vector<std::string> methods;
    for (const std::string& operation : operations_of(manifest))
      methods.push_back(method(manifest, operation));
    std::string parents;
    if (manifest.has_role(Role::kSource)) parents += ", snapcore.Source";
    if (manifest.has_role(Role::kTarget)) parents += ", snapcore.Target";
    parents = parents.empty() ? "snapcore.Instance" : parents.substr(2);
    // A block each: a chunk has room for 200 local names.
    text_ += "\ndo\n---" +
             words(Value(manifest.id + " " + manifest.version + ": " + manifest.summary)) +
             "\n---@class " + name + ": " + parents + "\nlocal it = {}\n";
    for (const std::string& text : methods) text_ += text;
    text_ += "end\n";
  }

  // Writes the classes, and gives the method.
  std::string method(const Manifest& manifest, const std::string& operation) {
    const std::string place = class_of(manifest) + "." + operation;
    const CoreOperation core = core_operation(manifest, operation);
    const Operation* found = core == CoreOperation::kNone ? manifest.find(operation) : nullptr;
    const Value args = found ? found->args : core_args_schema(core, manifest);
    Value result = found ? found->result : core_result_schema(core);
    // What a read emits is its answer.
    if (found && found->effect == Effect::kRead && !found->item.is_null())
      result = Value::object({{"type", "array"}, {"items", found->item}});
    fields(args, place + ".args", "snapcore.Later");
    const std::string gives = type_of(result, place + ".result");
    const bool needed = !args.at("required").items().empty();
    const std::string name =
        is_name(operation) ? "it." + operation : "it[" + literal(operation) + "]";
    return "\n---" + words(Value(found ? found->summary : summary_of(core))) + "\n---@param self " +
           class_of(manifest) + "\n---@param args " + place + ".args" + (needed ? "" : "?") +
           "\n---@return " + gives + "\n" + name + " = function(self, args) end\n";
  }

  static std::string summary_of(CoreOperation core) {
    switch (core) {
      case CoreOperation::kLatest: return "the newest artifact";
      case CoreOperation::kList: return "lists artifacts";
      case CoreOperation::kStat: return "looks at one artifact";
      case CoreOperation::kRestore:
        return "brings it back from an artifact: staged, checked, swapped in, looked at";
      case CoreOperation::kNone: break;
    }
    return "";
  }

  // --- words that give an instance

  void word(const std::string& name, const std::string& summary, std::optional<Role> role) {
    text_ += "\n---" + summary + "\n";
    for (const StubInstance& instance : instances_) {
      const auto manifest =
          std::find_if(manifests_.begin(), manifests_.end(),
                       [&](const Manifest* known) { return known->id == instance.plugin; });
      if (manifest == manifests_.end() || (role && !(*manifest)->has_role(*role))) continue;
      text_ +=
          "---@overload fun(name: " + literal(instance.name) + "): " + class_of(**manifest) + "\n";
    }
    const std::string gives = !role                    ? "snapcore.Instance"
                              : *role == Role::kSource ? "snapcore.Source"
                                                       : "snapcore.Target";
    text_ += "---@param name string\n---@return " + gives + "\nfunction " + name + "(name) end\n";
  }

  const std::vector<const Manifest*>& manifests_;
  const std::vector<StubInstance>& instances_;
  std::string text_;
};

}  // namespace

std::string lua_stubs(const std::vector<const Manifest*>& manifests,
                      const std::vector<StubInstance>& instances) {
  return Stubs(manifests, instances).write();
}

std::string luarc() {
  Value disabled = Value::object();
  for (const char* library : {"bit", "bit32", "coroutine", "debug", "ffi", "io", "jit", "os",
                              "package", "table.clear", "table.new"})
    disabled[library] = "disable";
  const Value settings = Value::object({{"runtime.version", "Lua 5.4"},
                                        {"runtime.builtin", std::move(disabled)},
                                        {"runtime.path", Value::array({"?.lua"})},
                                        {"workspace.library", Value::array({"snapcore.lua"})}});
  return settings.pretty() + "\n";
}

}  // namespace snapcore
