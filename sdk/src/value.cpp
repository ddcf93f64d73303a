#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <snapcore/value.hpp>

#include "plain_json.hpp"

namespace snapcore {
namespace {

using Json = nlohmann::json;

void append_escaped(std::string& out, char c) {
  static constexpr char kHex[] = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  switch (c) {
    case '"': out += "\\\""; break;
    case '\\': out += "\\\\"; break;
    case '\n': out += "\\n"; break;
    case '\r': out += "\\r"; break;
    case '\t': out += "\\t"; break;
    default:
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
  }
}

bool is_escaped(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f || c == '"' || c == '\\';
}

void append_text(std::string& out, std::string_view text) {
  out += '"';
  std::size_t plain = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!is_escaped(text[at])) continue;
    out.append(text, plain, at - plain);
    append_escaped(out, text[at]);
    plain = at + 1;
  }
  out.append(text, plain);
  out += '"';
}

template <class Number>
void append_number(std::string& out, Number number) {
  char buffer[40];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, number).ptr;
  out.append(buffer, end);
}

void append_double(std::string& out, double number) {
  if (!std::isfinite(number)) {
    out += "null";  // JSON has no other word for it
    return;
  }
  const auto before = out.size();
  append_number(out, number);
  // 1.0 must not come back as the integer 1.
  if (out.find_first_of(".e", before) == std::string::npos) out += ".0";
}

// indent < 0 is the canonical form on one line.
void append(std::string& out, const Value& value, int indent, int depth);

void new_line(std::string& out, int indent, int depth) {
  if (indent < 0) return;
  out += '\n';
  out.append(static_cast<std::size_t>(indent) * static_cast<std::size_t>(depth), ' ');
}

void append_members(std::string& out, const Value::Object& members, int indent, int depth) {
  out += '{';
  bool first = true;
  for (const auto& [key, member] : members) {
    if (!first) out += ',';
    first = false;
    new_line(out, indent, depth + 1);
    append_text(out, key);
    out += indent < 0 ? ":" : ": ";
    append(out, member, indent, depth + 1);
  }
  if (!members.empty()) new_line(out, indent, depth);
  out += '}';
}

void append_items(std::string& out, const Value::Array& items, int indent, int depth) {
  out += '[';
  bool first = true;
  for (const auto& item : items) {
    if (!first) out += ',';
    first = false;
    new_line(out, indent, depth + 1);
    append(out, item, indent, depth + 1);
  }
  if (!items.empty()) new_line(out, indent, depth);
  out += ']';
}

void append(std::string& out, const Value& value, int indent, int depth) {
  if (value.is_null()) {
    out += "null";
  } else if (value.is_bool()) {
    out += value.bool_or(false) ? "true" : "false";
  } else if (value.is_string()) {
    append_text(out, value.view());
  } else if (value.is_object()) {
    append_members(out, value.members(), indent, depth);
  } else if (value.is_array()) {
    append_items(out, value.items(), indent, depth);
  } else if (!value.is_integer()) {
    append_double(out, value.number_or(0));
  } else if (value.int_or(-1) < 0 && value.uint_or(0) > 0) {
    append_number(out, value.uint_or(0));
  } else {
    append_number(out, value.int_or(0));
  }
}

Value value_of(const Json& json) {
  switch (json.type()) {
    case Json::value_t::boolean: return json.get<bool>();
    case Json::value_t::number_integer: return json.get<std::int64_t>();
    case Json::value_t::number_unsigned: return json.get<std::uint64_t>();
    case Json::value_t::number_float: return json.get<double>();
    case Json::value_t::string: return json.get_ref<const std::string&>();
    case Json::value_t::array: {
      Value::Array items;
      items.reserve(json.size());
      for (const auto& item : json) items.push_back(value_of(item));
      return items;
    }
    case Json::value_t::object: {
      Value::Object members;
      for (const auto& [key, member] : json.items()) members.emplace(key, value_of(member));
      return members;
    }
    default: return nullptr;
  }
}

// Builds a Value straight from the parser's events; nesting deeper than kDepth is refused, so that
// no document can exhaust the stack.
class Builder : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return put(Value()); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override { return put(value); }
  bool number_unsigned(number_unsigned_t value) override { return put(value); }
  bool number_float(number_float_t value, const string_t&) override { return put(value); }
  bool string(string_t& value) override { return put(std::move(value)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Value(Value::Object{})); }
  bool key(string_t& value) override {
    if (open_.back().value.has(value)) {
      problem_ = "the member \"" + value + "\" stands twice";
      return false;
    }
    open_.back().key = std::move(value);
    return true;
  }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(Value(Value::Array{})); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t position, const std::string&, const Json::exception&) override {
    problem_ = "unexpected text at byte " + std::to_string(position);
    return false;
  }

  Value take() { return std::move(root_); }
  const std::string& problem() const { return problem_; }

 private:
  static constexpr std::size_t kDepth = 200;
  struct Open {
    Value value;
    std::string key;
  };

  bool put(Value value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (open_.back().value.is_array()) {
      open_.back().value.push_back(std::move(value));
    } else {
      open_.back().value[open_.back().key] = std::move(value);
    }
    return true;
  }
  bool open(Value value) {
    if (open_.size() >= kDepth) {
      problem_ = "nested deeper than " + std::to_string(kDepth);
      return false;
    }
    open_.push_back({std::move(value), {}});
    return true;
  }
  bool close() {
    Value done = std::move(open_.back().value);
    open_.pop_back();
    return put(std::move(done));
  }

  std::vector<Open> open_;
  Value root_;
  std::string problem_;
};

const Value kNull;
const Value::Array kNoItems;
const Value::Object kNoMembers;

}  // namespace

Value Value::object(std::initializer_list<std::pair<std::string_view, Value>> members) {
  Object object;
  for (const auto& [key, member] : members) object.insert_or_assign(std::string(key), member);
  return object;
}

std::string_view Value::type_name() const {
  static constexpr std::string_view kNames[] = {"null",   "boolean", "integer", "integer",
                                                "number", "string",  "array",   "object"};
  return kNames[data_.index()];
}

bool Value::bool_or(bool otherwise) const {
  const auto* value = std::get_if<bool>(&data_);
  return value ? *value : otherwise;
}

std::int64_t Value::int_or(std::int64_t otherwise) const {
  const auto* value = std::get_if<std::int64_t>(&data_);
  return value ? *value : otherwise;
}

std::uint64_t Value::uint_or(std::uint64_t otherwise) const {
  if (const auto* value = std::get_if<std::uint64_t>(&data_)) return *value;
  const auto* value = std::get_if<std::int64_t>(&data_);
  return value && *value >= 0 ? static_cast<std::uint64_t>(*value) : otherwise;
}

double Value::number_or(double otherwise) const {
  if (const auto* value = std::get_if<double>(&data_)) return *value;
  if (const auto* value = std::get_if<std::int64_t>(&data_)) return static_cast<double>(*value);
  if (const auto* value = std::get_if<std::uint64_t>(&data_)) return static_cast<double>(*value);
  return otherwise;
}

std::string Value::string_or(std::string_view otherwise) const {
  const auto* value = std::get_if<std::string>(&data_);
  return value ? *value : std::string(otherwise);
}

std::string_view Value::view() const {
  const auto* value = std::get_if<std::string>(&data_);
  return value ? std::string_view(*value) : std::string_view();
}

const Value::Array& Value::items() const {
  const auto* items = std::get_if<Array>(&data_);
  return items ? *items : kNoItems;
}

const Value::Object& Value::members() const {
  const auto* members = std::get_if<Object>(&data_);
  return members ? *members : kNoMembers;
}

const Value* Value::find(std::string_view key) const {
  const auto* members = std::get_if<Object>(&data_);
  if (!members) return nullptr;
  const auto found = members->find(key);
  return found == members->end() ? nullptr : &found->second;
}

const Value& Value::at(std::string_view key) const {
  const Value* found = find(key);
  return found ? *found : kNull;
}

Value& Value::operator[](std::string_view key) {
  if (!is_object()) data_ = Object{};
  return std::get<Object>(data_)[std::string(key)];
}

void Value::push_back(Value item) {
  if (!is_array()) data_ = Array{};
  std::get<Array>(data_).push_back(std::move(item));
}

bool Value::erase(std::string_view key) {
  auto* members = std::get_if<Object>(&data_);
  if (!members) return false;
  const auto found = members->find(key);
  if (found == members->end()) return false;
  members->erase(found);
  return true;
}

std::string Value::dump() const {
  std::string out;
  append(out, *this, -1, 0);
  return out;
}

std::string Value::pretty(int indent) const {
  std::string out;
  append(out, *this, indent, 0);
  return out;
}

Result<Value> Value::parse(std::string_view text) {
  if (auto plain = detail::parse_plain_json(text)) return std::move(*plain);
  Builder builder;
  // To the parser a zero byte is the end of the text, whatever stands behind it.
  if (text.find('\0') != std::string_view::npos) {
    return fail({.code = "json.malformed",
                 .message = "not valid JSON: it holds a zero byte",
                 .category = Category::kCorrupt});
  }
  if (!Json::sax_parse(text.begin(), text.end(), &builder)) {
    return fail({.code = "json.malformed",
                 .message = "not valid JSON: " + builder.problem(),
                 .category = Category::kCorrupt});
  }
  return builder.take();
}

void to_json(nlohmann::json& json, const Value& value) {
  if (value.is_object()) {
    json = Json::object();
    for (const auto& [name, member] : value.members()) to_json(json[name], member);
  } else if (value.is_array()) {
    json = Json::array();
    for (const Value& item : value.items()) to_json(json.emplace_back(), item);
  } else if (value.is_string()) {
    json = value.text();
  } else if (value.is_bool()) {
    json = value.bool_or(false);
  } else if (value.is_integer()) {
    if (value.int_or(0) < 0)
      json = value.int_or(0);
    else
      json = value.uint_or(0);
  } else if (value.is_number()) {
    json = value.number_or(0);
  } else {
    json = nullptr;
  }
}
void from_json(const nlohmann::json& json, Value& value) { value = value_of(json); }

}  // namespace snapcore
