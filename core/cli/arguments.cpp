#include "cli/arguments.hpp"

#include <algorithm>
#include <optional>

#include "base/number.hpp"
#include "cli/options.hpp"

namespace snapcore {
namespace {

std::string type_of(const Value& schema) {
  if (schema.at("x-type").is_string()) return schema.at("x-type").text();
  if (schema.at("type").is_string()) return schema.at("type").text();
  if (!schema.at("enum").items().empty()) return "string";
  return "any";
}

bool required(const Value& schema, std::string_view name) {
  const auto& list = schema.at("required").items();
  return std::any_of(list.begin(), list.end(),
                     [&](const Value& item) { return item.text() == name; });
}

Error bad_value(std::string_view what, const Pair& pair, std::string_view wanted) {
  return {.code = "arguments.bad_value",
          .message = std::string(what) + ": " + pair.name + " = '" + pair.value + "' is not " +
                     std::string(wanted),
          .hint = "'snapcore help " + std::string(what) + "' shows its arguments"};
}

Result<Value> json_from(std::string_view what, const Pair& pair, std::string_view wanted) {
  auto value = Value::parse(pair.value);
  if (!value) {
    Error error = bad_value(what, pair, std::string(wanted) + " in JSON");
    return fail(caused_by(std::move(error), value.error()));
  }
  return value;
}

Result<Value> value_from(std::string_view what, const Pair& pair, const Value& schema) {
  if (schema.at("x-type").text() == "artifact") {
    const auto colon = pair.value.find(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == pair.value.size()) {
      return fail(bad_value(what, pair, "an artifact; write SOURCE:REF"));
    }
    return artifact_to_ask_for(pair.value.substr(0, colon), pair.value.substr(colon + 1));
  }
  const std::string type = schema.at("type").text();
  if (type == "string") return Value(pair.value);
  if (type == "integer") {
    if (const auto number = number_from<std::int64_t>(pair.value)) return Value(*number);
    return fail(bad_value(what, pair, "a whole number"));
  }
  if (type == "number") {
    if (const auto whole = number_from<std::int64_t>(pair.value)) return Value(*whole);
    if (const auto number = number_from<double>(pair.value)) return Value(*number);
    return fail(bad_value(what, pair, "a number"));
  }
  if (type == "boolean") {
    if (pair.value == "true") return Value(true);
    if (pair.value == "false") return Value(false);
    return fail(bad_value(what, pair, "true or false"));
  }
  if (type == "object" || type == "array") {
    auto value = json_from(what, pair, type == "object" ? "an object" : "an array");
    if (!value) return value;
    const bool fits = type == "object" ? value->is_object() : value->is_array();
    if (!fits)
      return fail(
          bad_value(what, pair, type == "object" ? "an object in JSON" : "an array in JSON"));
    return value;
  }
  // No one type: JSON when it is some, else the text.
  auto value = Value::parse(pair.value);
  return value ? std::move(*value) : Value(pair.value);
}

}  // namespace

Value artifact_to_ask_for(std::string_view source, std::string_view ref) {
  return Value::object({{"$stat", Value::object({{"source", source}, {"ref", ref}})}});
}

bool is_artifact_to_ask_for(const Value& value) {
  return value.is_object() && value.members().size() == 1 && value.has("$stat");
}

Result<Value> arguments_from(const Value& schema, const std::vector<std::string>& pairs,
                             std::string_view what) {
  Value args = Value::object();
  const Value& properties = schema.at("properties");
  for (const std::string& text : pairs) {
    const auto pair = parse_pair(text, "NAME=VALUE");
    if (!pair) return fail(pair.error());
    const Value* property = properties.find(pair->name);
    if (!property) {
      std::string known;
      for (const auto& [name, ignored] : properties.members())
        known += (known.empty() ? "" : ", ") + name;
      return fail({.code = "arguments.unknown_argument",
                   .message = std::string(what) + " has no argument '" + pair->name + "'",
                   .hint = known.empty() ? "it takes none" : "it has: " + known});
    }
    if (args.has(pair->name)) {
      return fail({.code = "arguments.bad_value",
                   .message = "argument '" + pair->name + "' is given twice"});
    }
    auto value = value_from(what, *pair, *property);
    if (!value) return value;
    args[pair->name] = std::move(*value);
  }
  for (const ArgumentHelp& argument : argument_help(schema)) {
    if (!argument.required || args.has(argument.name)) continue;
    return fail({.code = "arguments.missing",
                 .message = std::string(what) + " needs the argument '" + argument.name + "' (" +
                            argument.type + ")",
                 .hint = argument.description});
  }
  return args;
}

std::vector<ArgumentHelp> argument_help(const Value& schema) {
  std::vector<ArgumentHelp> list;
  for (const auto& [name, property] : schema.at("properties").members()) {
    ArgumentHelp help{name, type_of(property), required(schema, name),
                      property.at("description").text()};
    std::string choices;
    for (const Value& item : property.at("enum").items()) {
      choices += (choices.empty() ? "" : ", ") + (item.is_string() ? item.text() : item.dump());
    }
    if (!choices.empty())
      help.description += (help.description.empty() ? "" : "; ") + ("one of: " + choices);
    if (property.has("default")) {
      help.description +=
          (help.description.empty() ? "" : "; ") + ("default " + property.at("default").dump());
    }
    list.push_back(std::move(help));
  }
  std::stable_partition(list.begin(), list.end(),
                        [](const ArgumentHelp& help) { return help.required; });
  return list;
}

}  // namespace snapcore
