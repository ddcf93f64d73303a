#include "plugin/schema_marks.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <regex>
#include <vector>

#include "base/clock.hpp"
#include "plugin/schema.hpp"

namespace snapcore {
namespace {

// The regular expressions of the standard library recurse once a character: a long text would
// exhaust the stack of the thread that checks it.
constexpr std::size_t kLongestMatched = 1024;

// Checking recurses with the schema, too.
constexpr std::size_t kDeepest = 48;

constexpr std::array<std::string_view, 16> kPlainKeywords = {
    "$schema",  "$id",      "$ref",     "$comment", "title",     "description",
    "default",  "examples", "readOnly", "format",   "writeOnly", "uniqueItems",
    "required", "type",     "enum",     "const"};
constexpr std::array<std::string_view, 5> kNumbers = {"multipleOf", "maximum", "exclusiveMaximum",
                                                      "minimum", "exclusiveMinimum"};
constexpr std::array<std::string_view, 6> kCounts = {"maxLength", "minLength",     "maxItems",
                                                     "minItems",  "maxProperties", "minProperties"};
constexpr std::array<std::string_view, 9> kSchemaKeywords = {"additionalItems",
                                                             "contains",
                                                             "additionalProperties",
                                                             "propertyNames",
                                                             "if",
                                                             "then",
                                                             "else",
                                                             "not",
                                                             "items"};
constexpr std::array<std::string_view, 3> kSchemaListKeywords = {"allOf", "anyOf", "oneOf"};
constexpr std::array<std::string_view, 4> kSchemaMapKeywords = {"properties", "patternProperties",
                                                                "definitions", "dependencies"};
constexpr std::array<std::string_view, 5> kMarkedTypes = {"artifact", "instance", "duration",
                                                          "time", "bytes"};

template <std::size_t Size>
bool holds(const std::array<std::string_view, Size>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

tl::unexpected<Error> invalid(const std::string& path, const std::string& problem) {
  return fail({.code = "schema.invalid",
               .message = (path.empty() ? "" : "at " + path + ": ") + problem,
               .category = Category::kInternal});
}

bool is_regex(const Value& pattern) {
  try {
    const std::regex compiled(pattern.text());
    return pattern.is_string();
  } catch (const std::regex_error&) {
    return false;
  }
}

Result<> check_schema(const Value& schema, const std::string& path, std::size_t depth = 0);

Result<> check_mark(const Value& schema, std::string_view keyword, const Value& mark,
                    const std::string& path) {
  if (keyword == "x-secret") {
    if (!mark.is_bool()) return invalid(path, "x-secret is not true or false");
    if (mark.bool_or(false) && schema.at("type").text() != "string") {
      return invalid(path, "x-secret stands on something that is not a string");
    }
    return {};
  }
  if (keyword == "x-type") {
    if (holds(kMarkedTypes, mark.text())) return {};
    return invalid(path, "x-type is none of artifact, instance, duration, time, bytes");
  }
  if (keyword == "x-interface") {
    if (mark.is_string() && schema.at("x-type").text() == "instance") return {};
    return invalid(path, "x-interface stands without \"x-type\": \"instance\"");
  }
  return invalid(path, "the mark " + std::string(keyword) + " does not exist");
}

Result<> check_keyword(const Value& schema, const std::string& keyword, const Value& content,
                       const std::string& path, std::size_t depth) {
  const std::string here = member_path(path, keyword);
  if (keyword.starts_with("x-")) return check_mark(schema, keyword, content, path);
  if (holds(kPlainKeywords, keyword)) return {};
  if (holds(kNumbers, keyword))
    return content.is_number() ? Result<>() : invalid(here, "is not a number");
  if (holds(kCounts, keyword)) {
    if (content.is_integer() && content.int_or(-1) >= 0) return {};
    return invalid(here, "is not a whole number from 0");
  }
  if (keyword == "pattern") {
    return is_regex(content) ? Result<>() : invalid(here, "is not a regular expression");
  }
  if (holds(kSchemaListKeywords, keyword) || (keyword == "items" && content.is_array())) {
    if (!content.is_array()) return invalid(here, "is not a list of schemas");
    for (std::size_t i = 0; i < content.items().size(); ++i) {
      if (auto fine = check_schema(content.items()[i], item_path(here, i), depth); !fine)
        return fine;
    }
    return {};
  }
  if (holds(kSchemaKeywords, keyword)) return check_schema(content, here, depth);
  if (holds(kSchemaMapKeywords, keyword)) {
    if (!content.is_object()) return invalid(here, "is not an object of schemas");
    for (const auto& [name, member] : content.members()) {
      if (keyword == "dependencies" && member.is_array()) continue;
      if (auto fine = check_schema(member, member_path(here, name), depth); !fine) return fine;
    }
    return {};
  }
  return invalid(path, "the keyword \"" + keyword + "\" does not exist");
}

Result<> check_schema(const Value& schema, const std::string& path, std::size_t depth) {
  if (depth > kDeepest)
    return invalid("", "it is nested deeper than " + std::to_string(kDeepest) + " schemas");
  if (schema.is_bool()) return {};
  if (!schema.is_object()) return invalid(path, "is not a schema (an object, true or false)");
  for (const auto& [keyword, content] : schema.members()) {
    if (auto fine = check_keyword(schema, keyword, content, path, depth + 1); !fine) return fine;
  }
  return {};
}

// Definitions that are being followed, and those that were.
struct References {
  const Value& definitions;
  std::vector<std::string> open = {};
  std::vector<std::string> done = {};
};

bool holds(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// A schema that leads back to itself would be followed for ever by whoever checks a value.
Result<> check_references(const Value& value, References& references) {
  for (const Value& item : value.items()) {
    if (auto fine = check_references(item, references); !fine) return fine;
  }
  for (const auto& [keyword, content] : value.members()) {
    if (keyword == "enum" && content.is_array()) continue;
    if (keyword != "$ref" || !content.is_string()) {
      if (auto fine = check_references(content, references); !fine) return fine;
      continue;
    }
    constexpr std::string_view kPlace = "#/definitions/";
    const std::string target = content.text();
    const std::string name = target.substr(std::min(kPlace.size(), target.size()));
    const Value* definition = references.definitions.find(name);
    if (!target.starts_with(kPlace) || !definition)
      return invalid(target, "is not one of its definitions");
    if (holds(references.open, name)) return invalid(target, "leads back to itself");
    if (holds(references.done, name)) continue;
    references.open.push_back(name);
    if (auto fine = check_references(*definition, references); !fine) return fine;
    references.open.pop_back();
    references.done.push_back(name);
  }
  return {};
}

bool is_secret_reference(std::string_view text) {
  for (const std::string_view kind : {"env:", "file:", "command:"}) {
    if (text.starts_with(kind)) return text.size() > kind.size();
  }
  return false;
}

// What is wrong with `value` where the schema says x-type, or "".
std::string marked_type_problem(std::string_view type, const Value& value) {
  const std::string text = value.text();
  if (type == "duration" && value.is_string() && !parse_duration(text)) {
    return "\"" + text + "\" is not a duration such as 90s, 5m, 26h, 7d, 2w";
  }
  if (type == "time" && value.is_string() && !parse_time(text)) {
    return "\"" + text + "\" is not a time such as 2026-01-02T03:04:05Z";
  }
  if (type == "instance" && (!value.is_string() || text.empty())) {
    return "is not the name of an instance";
  }
  if (type == "bytes" && !(value.is_integer() && value.int_or(0) >= 0)) {
    return "is not a whole number of bytes";
  }
  if (type == "artifact" && (!value.is_object() || value.at("ref").text().empty())) {
    return "is not an artifact (an object with a ref)";
  }
  return "";
}

std::optional<Misfit> check_here(const Value& schema, const Value& value, const std::string& path) {
  if (schema.at("x-secret").bool_or(false) && value.is_string() &&
      !is_secret_reference(value.text())) {
    return Misfit{path,
                  "is a secret, and stands as a reference, never as itself: in the site "
                  "secret.env \"NAME\" or secret.file \"/PATH\", in a runbook or on the command "
                  "line \"env:NAME\" or \"file:/PATH\""};
  }
  if (auto problem = marked_type_problem(schema.at("x-type").text(), value); !problem.empty()) {
    return Misfit{path, std::move(problem)};
  }
  if (schema.has("pattern") && value.is_string() && value.text().size() > kLongestMatched) {
    return Misfit{path, "is longer than " + std::to_string(kLongestMatched) + " bytes"};
  }
  return std::nullopt;
}

std::optional<Misfit> check_at(const Value& schema, const Value& value, const std::string& path) {
  if (auto misfit = check_here(schema, value, path)) return misfit;
  for (const auto& [name, member] : value.members()) {
    const Value* inner = schema.at("properties").find(name);
    if (!inner) inner = schema.find("additionalProperties");
    if (!inner) continue;
    if (auto misfit = check_at(*inner, member, member_path(path, name))) return misfit;
  }
  for (std::size_t i = 0; i < value.items().size(); ++i) {
    const Value& items = schema.at("items");
    const Value& inner = !items.is_array()          ? items
                         : i < items.items().size() ? items.items()[i]
                                                    : schema.at("additionalItems");
    if (auto misfit = check_at(inner, value.items()[i], item_path(path, i))) return misfit;
  }
  return std::nullopt;
}

}  // namespace

std::string member_path(const std::string& parent, std::string_view name) {
  const auto is_plain = [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '-'; };
  if (name.empty() || !std::all_of(name.begin(), name.end(), is_plain)) {
    return parent + "[" + Value(name).dump() + "]";
  }
  return parent.empty() ? std::string(name) : parent + "." + std::string(name);
}

std::string item_path(const std::string& parent, std::size_t index) {
  return parent + "[" + std::to_string(index) + "]";
}

Result<> check_keywords(const Value& schema) {
  if (auto fine = check_schema(schema, ""); !fine) return fine;
  References references{schema.at("definitions")};
  return check_references(schema, references);
}

std::optional<Misfit> check_marks(const Value& schema, const Value& value) {
  return check_at(schema, value, "");
}

}  // namespace snapcore
