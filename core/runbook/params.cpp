#include "runbook/params.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "base/number.hpp"
#include "runbook/nearest.hpp"

namespace snapcore {
namespace {

const std::vector<std::string> kTypes = {"string", "integer",  "number", "boolean",
                                         "time",   "duration", "list",   "object"};
const std::vector<std::string> kMembers = {"type", "default", "optional", "enum", "help"};

tl::unexpected<Error> bad(const std::string& name, const std::string& problem) {
  return fail({.code = "runbook.bad_parameter",
               .message = "parameter '" + name + "' " + problem,
               .hint = "give it as --set " + name + "=VALUE",
               .category = Category::kPrecondition});
}

std::vector<std::string> names_of(const Value& object) {
  std::vector<std::string> names;
  for (const auto& [name, member] : object.members()) names.push_back(name);
  return names;
}

bool holds(const std::vector<std::string>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

std::optional<Value> parse_json(std::string_view text) {
  auto parsed = Value::parse(text);
  return parsed ? std::optional<Value>(std::move(*parsed)) : std::nullopt;
}

// "a,b,c", or a JSON list.
std::optional<Value> parse_list(std::string_view text) {
  if (!text.empty() && text.front() == '[') return parse_json(text);
  Value list = Value::array();
  while (!text.empty()) {
    const auto comma = text.find(',');
    list.push_back(text.substr(0, comma));
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  return list;
}

// What the text from the command line says, before it is checked.
std::optional<Value> from_text(std::string_view type, std::string_view text) {
  if (type == "integer" || type == "number") {
    if (const auto whole = number_from<std::int64_t>(text)) return Value(*whole);
    const auto number = number_from<double>(text);
    return number ? std::optional<Value>(*number) : std::nullopt;
  }
  if (type == "boolean") {
    if (text != "true" && text != "false") return std::nullopt;
    return Value(text == "true");
  }
  if (type == "list") return parse_list(text);
  if (type == "object") return parse_json(text);
  return Value(text);
}

std::string expected(std::string_view type) {
  if (type == "time") return "a time such as 2026-01-31T04:05:06Z";
  if (type == "duration") return "a duration such as 90s, 5m, 26h or 7d";
  if (type == "boolean") return "true or false";
  if (type == "list") return "a list: a,b,c or JSON";
  if (type == "object") return "an object in JSON";
  return (type == "integer" ? "an " : "a ") + std::string(type);
}

bool has_type(std::string_view type, const Value& value) {
  if (type == "string") return value.is_string();
  if (type == "integer") return value.is_integer();
  if (type == "number") return value.is_number();
  if (type == "boolean") return value.is_bool();
  if (type == "object") return value.is_object();
  if (type == "list") return value.is_array();
  if (type == "duration") return parse_duration(value.view()).has_value();
  return parse_time(value.view()).has_value();
}

// The value as the runbook sees it: times in UTC, {} as the list it was meant to be.
std::optional<Value> checked(std::string_view type, const Value& value) {
  if (type == "list" && value.is_object() && value.members().empty()) return Value::array();
  if (!has_type(type, value)) return std::nullopt;
  return type == "time" ? Value(to_rfc3339(*parse_time(value.view()))) : value;
}

Result<> check_declaration(const std::string& name, const Value& declared) {
  if (!declared.is_object()) {
    return bad(name, "must be declared as a table: { type = \"string\", help = \"...\" }");
  }
  for (const auto& [member, value] : declared.members()) {
    if (holds(kMembers, member)) continue;
    return bad(name, "has an unknown member '" + member + "'; there are " + join(kMembers));
  }
  if (!holds(kTypes, declared.at("type").view())) {
    return bad(name, "needs a type, one of " + join(kTypes));
  }
  if (!declared.at("optional").is_null() && !declared.at("optional").is_bool()) {
    return bad(name, "has an 'optional' that is neither true nor false");
  }
  if (!declared.at("help").is_null() && !declared.at("help").is_string()) {
    return bad(name, "has a 'help' that is no text");
  }
  if (!declared.at("enum").is_null() && declared.at("enum").items().empty()) {
    return bad(name, "has an 'enum' that is no list of values");
  }
  return {};
}

Result<Value> accept(const std::string& name, const Value& declared, const Value& value,
                     const std::string& shown) {
  const std::string type = declared.at("type").text();
  auto accepted = checked(type, value);
  if (!accepted) return bad(name, "is " + shown + ", and " + expected(type) + " is expected");
  const auto& choices = declared.at("enum").items();
  if (choices.empty() || std::find(choices.begin(), choices.end(), *accepted) != choices.end()) {
    return std::move(*accepted);
  }
  std::vector<std::string> names;
  for (const Value& choice : choices) {
    names.push_back(choice.is_string() ? choice.text() : choice.dump());
  }
  return bad(name, "is " + shown + ", and one of " + join(names) + " is expected");
}

Result<> check_names(const Value& declared, const std::map<std::string, std::string>& given) {
  const auto names = names_of(declared);
  for (const auto& [name, text] : given) {
    if (holds(names, name)) continue;
    const std::string meant = nearest(name, names);
    return fail({.code = "runbook.unknown_parameter",
                 .message = "there is no parameter '" + name + "'; this runbook takes " +
                            (names.empty() ? "none" : join(names)),
                 .hint = meant.empty() ? "leave out --set " + name
                                       : "did you mean --set " + meant + "=" + text + "?",
                 .category = Category::kPrecondition});
  }
  return {};
}

Result<Value> given_value(const std::string& name, const Value& declared, const std::string& text) {
  const std::string shown = "'" + text + "'";
  const auto type = declared.at("type").view();
  const auto meant = from_text(type, text);
  if (!meant) return bad(name, "is " + shown + ", and " + expected(type) + " is expected");
  return accept(name, declared, *meant, shown);
}

tl::unexpected<Error> missing(const std::string& name, const Value& declared,
                              const std::vector<std::string>& names) {
  const std::string help = declared.at("help").text();
  return fail(
      {.code = "runbook.missing_parameter",
       .message = "the parameter '" + name + "' is missing" + (help.empty() ? "" : ": " + help),
       .hint = "give it with --set " + name + "=...; this runbook takes " + join(names),
       .category = Category::kPrecondition});
}

}  // namespace

Result<Value> resolve_params(const Value& declared,
                             const std::map<std::string, std::string>& given) {
  for (const auto& [name, declaration] : declared.members()) {
    if (auto fits = check_declaration(name, declaration); !fits) return fail(fits.error());
  }
  if (auto known = check_names(declared, given); !known) return fail(known.error());
  Value params = Value::object();
  for (const auto& [name, declaration] : declared.members()) {
    const auto found = given.find(name);
    const Value* otherwise = declaration.find("default");
    if (found == given.end() && otherwise == nullptr) {
      if (declaration.at("optional").bool_or(false)) continue;
      return missing(name, declaration, names_of(declared));
    }
    auto value = found != given.end()
                     ? given_value(name, declaration, found->second)
                     : accept(name, declaration, *otherwise, otherwise->dump() + " by default");
    if (!value) return value;
    params[name] = std::move(*value);
  }
  return params;
}

Value params_schema(const Value& declared) {
  Value properties = Value::object();
  for (const auto& [name, declaration] : declared.members()) properties[name] = Value::object();
  return Value::object(
      {{"type", "object"}, {"properties", properties}, {"additionalProperties", false}});
}

}  // namespace snapcore
