// The one file that knows Valijson.
#include "plugin/schema.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#define VALIJSON_USE_EXCEPTIONS 1
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "plugin/plain_schema.hpp"
#include "plugin/schema_marks.hpp"

namespace snapcore {
namespace {

using Json = nlohmann::json;
using Adapter = valijson::adapters::NlohmannJsonAdapter;

// Patterns in places that check_marks() does not reach get a limit for every text in the value.
constexpr std::size_t kLongestUnreachable = 1024;

bool has_pattern(const Value& schema) {
  if (schema.at("pattern").is_string() || schema.at("patternProperties").is_object()) return true;
  const auto inner = [](const Value& value) { return has_pattern(value); };
  const auto& items = schema.items();
  const auto& members = schema.members();
  return std::any_of(items.begin(), items.end(), inner) ||
         std::any_of(members.begin(), members.end(),
                     [](const auto& m) { return has_pattern(m.second); });
}

// Is there a pattern elsewhere than under properties, items and additionalProperties?
bool has_hidden_pattern(const Value& schema) {
  for (const auto& [keyword, content] : schema.members()) {
    if (keyword == "properties") {
      for (const auto& [name, inner] : content.members()) {
        if (has_hidden_pattern(inner)) return true;
      }
    } else if (keyword == "items" && content.is_array()) {
      for (const Value& inner : content.items()) {
        if (has_hidden_pattern(inner)) return true;
      }
    } else if (keyword == "items" || keyword == "additionalProperties" ||
               keyword == "additionalItems") {
      if (has_hidden_pattern(content)) return true;
    } else if (keyword == "patternProperties" || has_pattern(content)) {
      return true;
    }
  }
  return false;
}

std::optional<Misfit> find_long_text(const Value& value, const std::string& path) {
  if (value.is_string() && value.text().size() > kLongestUnreachable) {
    return Misfit{path, "is longer than " + std::to_string(kLongestUnreachable) + " bytes"};
  }
  for (const auto& [name, member] : value.members()) {
    if (name.size() > kLongestUnreachable) return Misfit{path, "has a name that is too long"};
    if (auto misfit = find_long_text(member, member_path(path, name))) return misfit;
  }
  for (std::size_t i = 0; i < value.items().size(); ++i) {
    if (auto misfit = find_long_text(value.items()[i], item_path(path, i))) return misfit;
  }
  return std::nullopt;
}

// Valijson stands for one draft only and checks formats in a manner of its own.
Value without_annotations(const Value& schema, bool is_schema = true) {
  if (schema.is_array()) {
    Value::Array items;
    for (const Value& item : schema.items()) items.push_back(without_annotations(item));
    return items;
  }
  if (!schema.is_object()) return schema;
  Value::Object members;
  for (const auto& [name, member] : schema.members()) {
    if (is_schema && (name == "format" || name == "default" || name == "examples")) continue;
    if (is_schema && (name == "enum" || name == "const")) {
      members.emplace(name, member);
      continue;
    }
    const bool is_map = is_schema && (name == "properties" || name == "patternProperties" ||
                                      name == "definitions" || name == "dependencies");
    members.emplace(name, without_annotations(member, !is_map));
  }
  return members;
}

// Follows Valijson's context ("<root>", "[members]", "[1]") through the value and, where it can,
// the schema.
struct Place {
  std::string path;
  const Value* value;
  const Value* schema;
};

Place find_place(const Value& schema, const Value& value, const std::vector<std::string>& context) {
  Place place{"", &value, &schema};
  for (std::size_t i = 1; i < context.size(); ++i) {
    const std::string_view token = std::string_view(context[i]).substr(1, context[i].size() - 2);
    if (place.value->is_array()) {
      std::size_t index = 0;
      std::from_chars(token.data(), token.data() + token.size(), index);
      if (index >= place.value->items().size()) break;
      place.path = item_path(place.path, index);
      place.value = &place.value->items()[index];
      const Value& items = place.schema->at("items");
      place.schema =
          items.is_array() && index < items.items().size() ? &items.items()[index] : &items;
    } else {
      place.path = member_path(place.path, token);
      place.value = &place.value->at(token);
      const Value* inner = place.schema->at("properties").find(token);
      place.schema = inner ? inner : &place.schema->at("additionalProperties");
    }
  }
  return place;
}

std::string quoted_in(std::string_view description) {
  const auto first = description.find('\'');
  const auto last = description.rfind('\'');
  // "... 'properties' or 'additionalProperties' constraints: 'foo'."
  const auto colon = description.rfind(": '");
  if (colon != std::string_view::npos && last > colon + 3) {
    return std::string(description.substr(colon + 3, last - colon - 3));
  }
  if (first == std::string_view::npos || last <= first) return "";
  return std::string(description.substr(first + 1, last - first - 1));
}

std::string list_of(const Value& values) {
  std::string list;
  for (const Value& value : values.items()) {
    if (!list.empty()) list += ", ";
    list += value.is_string() ? value.text() : value.dump();
  }
  return list;
}

std::string list_of_names(const Value& schema) {
  std::string list;
  for (const std::string& name : property_names(schema)) list += (list.empty() ? "" : ", ") + name;
  return list.empty() ? "there is none to give" : "there are: " + list;
}

Misfit in_plain_words(const Value& schema, const Value& value,
                      const valijson::ValidationResults::Error& error) {
  Place place = find_place(schema, value, error.context);
  const std::string_view said = error.description;
  if (said.starts_with("Missing required property")) {
    return {member_path(place.path, quoted_in(said)), "is missing"};
  }
  if (said.starts_with("Object contains a property that could not")) {
    return {member_path(place.path, quoted_in(said)),
            "does not exist here (" + list_of_names(*place.schema) + ")"};
  }
  if (said.starts_with("Value type not permitted")) {
    const Value& type = place.schema->at("type");
    const std::string wanted = type.is_array() ? list_of(type) : type.text();
    return {place.path, "must be " + (wanted.empty() ? "of another type" : wanted) + ", not " +
                            std::string(place.value->type_name())};
  }
  if (said.starts_with("Failed to match against any enum")) {
    const std::string allowed = list_of(place.schema->at("enum"));
    return {place.path,
            allowed.empty() ? "is none of the allowed values" : "must be one of: " + allowed};
  }
  if (said.starts_with("Failed to match regex")) {
    return {place.path,
            "does not look like " + place.schema->at("pattern").string_or("what is expected")};
  }
  if (said.starts_with("Expected number less than or equal to"))
    return {place.path, "must be at most " + place.schema->at("maximum").dump()};
  if (said.starts_with("Expected number greater than or equal to"))
    return {place.path, "must be at least " + place.schema->at("minimum").dump()};
  if (said.starts_with("String should be no fewer than")) return {place.path, "is too short"};
  return {place.path, "does not fit: " + error.description};
}

std::string type_of_later(const Value& value) { return value.at("$later").at("type").text(); }

bool is_later_object(const Value& value) {
  return value.members().size() == 1 && value.at("$later").is_object();
}

// Does a value of type `given` fit where the schema says `wanted`?
bool later_fits(const Value& wanted, const std::string& given) {
  if (given.empty() || wanted.is_null()) return true;
  if (wanted.is_array()) {
    const auto& types = wanted.items();
    return std::any_of(types.begin(), types.end(),
                       [&](const Value& type) { return later_fits(type, given); });
  }
  return wanted.text() == given || (wanted.text() == "number" && given == "integer");
}

}  // namespace

struct Schema::Compiled {
  Value text;
  bool hidden_pattern = false;
  std::optional<PlainSchema> plain = {};
  valijson::Schema schema;
  // With properties that allow anything, by their names: made when arguments come that need it.
  mutable std::mutex relaxing;
  mutable std::map<std::vector<std::string>, Schema> relaxed = {};

  Result<Schema> relaxed_at(const std::vector<std::string>& names) const;
  Result<> validate(const Value& value, std::string_view what) const;
  std::optional<Misfit> find_misfit(const Value& value) const;
};

Result<Schema> Schema::compile(const Value& schema) {
  if (auto fine = check_keywords(schema); !fine) return fail(fine.error());
  auto compiled = std::make_shared<Compiled>();
  compiled->text = schema;
  compiled->hidden_pattern = has_hidden_pattern(schema);
  compiled->plain = PlainSchema::of(schema);
  try {
    const Json json = without_annotations(schema);
    valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
    parser.populateSchema(Adapter(json), compiled->schema);
  } catch (const std::exception& problem) {
    return fail(
        {.code = "schema.invalid", .message = problem.what(), .category = Category::kInternal});
  }
  Schema done;
  done.compiled_ = std::move(compiled);
  return done;
}

std::optional<Misfit> Schema::Compiled::find_misfit(const Value& value) const {
  if (auto misfit = check_marks(text, value)) return misfit;
  if (hidden_pattern) {
    if (auto misfit = find_long_text(value, "")) return misfit;
  }
  try {
    const Json json = value;
    valijson::Validator validator(valijson::Validator::kStrongTypes);
    valijson::ValidationResults results;
    if (validator.validate(schema, Adapter(json), &results)) return std::nullopt;
    valijson::ValidationResults::Error first;
    if (!results.popError(first)) return Misfit{"", "is not allowed"};
    return in_plain_words(text, value, first);
  } catch (const std::exception& problem) {
    return Misfit{"", std::string("cannot be checked: ") + problem.what()};
  }
}

Result<Schema> Schema::Compiled::relaxed_at(const std::vector<std::string>& names) const {
  const std::lock_guard lock(relaxing);
  const auto known = relaxed.find(names);
  if (known != relaxed.end()) return known->second;
  Value open = text;
  for (const std::string& name : names) open["properties"][name] = Value::object();
  auto made = Schema::compile(open);
  if (made) relaxed.emplace(names, *made);
  return made;
}

Result<> Schema::Compiled::validate(const Value& value, std::string_view what) const {
  if (plain && plain->fits(value)) return {};
  auto misfit = find_misfit(with_secret_references(text, value));
  if (!misfit) return {};
  std::string message = std::string(what);
  if (!misfit->path.empty()) message += (message.empty() ? "" : ": ") + misfit->path;
  return fail({.code = "schema.mismatch",
               .message = message + (message.empty() ? "" : ": ") + misfit->problem,
               .category = Category::kPrecondition});
}

Result<> Schema::validate(const Value& value, std::string_view what) const {
  return compiled_->validate(value, what);
}

Result<> Schema::validate_planned(const Value& value, std::string_view what) const {
  std::vector<std::string> unknown;
  for (const auto& [name, member] : value.members()) {
    const Value* property = compiled_->text.at("properties").find(name);
    if (!is_later_object(member) || !property) continue;
    if (!later_fits(property->at("type"), type_of_later(member))) {
      const Value& type = property->at("type");
      return fail({.code = "schema.mismatch",
                   .message = std::string(what) + ": " + member_path("", name) + ": must be " +
                              (type.is_array() ? list_of(type) : type.text()) + ", but " +
                              member.at("$later").at("call").text() + " gives " +
                              type_of_later(member),
                   .category = Category::kPrecondition});
    }
    unknown.push_back(name);
  }
  if (unknown.empty()) return validate(value, what);
  auto schema = compiled_->relaxed_at(unknown);
  if (!schema) return fail(schema.error());
  return schema->validate(value, what);
}

Result<> with_help_of(std::string_view operation, Result<> fits) {
  if (fits || !fits.error().hint.empty()) return fits;
  Error error = std::move(fits.error());
  error.hint = "'snapcore help " + std::string(operation) + "' shows its arguments";
  return fail(std::move(error));
}

}  // namespace snapcore
