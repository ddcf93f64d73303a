#include <algorithm>
#include <snapcore/sdk/fields.hpp>

namespace snapcore::sdk {
namespace {

std::string type_words(const Value& value) {
  if (value.is_null()) return "nothing";
  if (value.is_string()) return "a text";
  if (value.is_array()) return "a list";
  if (value.is_bool()) return "true or false";
  if (value.is_number()) return "a number";
  return "an object";
}

bool is_empty(const Value& value) {
  return value.is_null() || (value.is_string() && value.text().empty()) ||
         (value.is_array() && value.items().empty()) ||
         (value.is_object() && value.members().empty());
}

}  // namespace

// --- Reading
// ---------------------------------------------------------------------------------------------

void Reading::problem(std::string_view text) {
  if (failed_) return;
  failed_ = true;
  const std::string where = path();
  problem_ = where.empty() ? "the value " + std::string(text) : where + " " + std::string(text);
}

void Reading::expected(std::string_view what, const Value& found) {
  problem("must be " + std::string(what) + ", not " + type_words(found));
}

Error Reading::error() const {
  return {.code = "plugin.bad_value", .message = problem_, .category = Category::kPrecondition};
}

bool Reading::skip_unknown(const Value& value) {
  if (!planning_ || value.members().size() != 1 || !value.has("$later")) return false;
  unknowns_.push_back(path());
  return true;
}

void Reading::enter(std::string_view member) { place_.push_back({std::string(member), false}); }
void Reading::enter(std::size_t index) { place_.push_back({std::to_string(index), true}); }

std::string Reading::path() const {
  std::string text;
  for (const Segment& segment : place_) {
    if (segment.index) {
      text += "[" + segment.name + "]";
    } else {
      text += (text.empty() ? "" : ".") + segment.name;
    }
  }
  return text;
}

std::string Reading::pointer() const {
  std::string text = secret_root_;
  for (const Segment& segment : place_) {
    text += '/';
    for (const char c : segment.name) {
      if (c == '~') {
        text += "~0";
      } else if (c == '/') {
        text += "~1";
      } else {
        text += c;
      }
    }
  }
  return text;
}

// --- Fields
// ----------------------------------------------------------------------------------------------

Fields Fields::reading(const Value& object, Reading& reading) {
  Fields fields(Mode::kRead);
  fields.in_ = &object;
  fields.reading_ = &reading;
  return fields;
}

void Fields::describe(std::string_view name, std::string_view summary, Value schema, Value initial,
                      bool required) {
  if (!summary.empty()) schema["description"] = summary;
  initial_ = std::move(initial);
  out_[name] = std::move(schema);
  if (required) required_.push_back(name);
}

void Fields::write(std::string_view name, Value value, bool omit) {
  if (!omit) out_[name] = std::move(value);
}

const Value* Fields::begin(std::string_view name, bool required) {
  end_pending();
  seen_.push_back(name);
  last_ = nullptr;
  if (reading_->failed()) return nullptr;
  const Value* found = in_->find(name);
  if (!found) {
    if (required) missing_ = name;
    return nullptr;
  }
  reading_->enter(name);
  const bool unknown = reading_->skip_unknown(*found);
  reading_->leave();
  if (unknown) return nullptr;
  last_ = found;
  return found;
}

// Whether the last field may be missing is only known after its optional() had its chance.
void Fields::end_pending() {
  if (missing_.empty()) return;
  reading_->enter(missing_);
  reading_->problem("is missing");
  reading_->leave();
  missing_.clear();
}

void Fields::finish_reading() {
  end_pending();
  for (const auto& [name, member] : in_->members()) {
    if (std::find(seen_.begin(), seen_.end(), name) != seen_.end()) continue;
    reading_->enter(name);
    reading_->problem("is not known here");
    reading_->leave();
  }
}

Value Fields::take_schema() {
  Value schema = detail::typed("object");
  schema["properties"] = std::move(out_);
  if (!required_.items().empty()) schema["required"] = std::move(required_);
  schema["additionalProperties"] = false;
  return schema;
}

Value Fields::take_value() { return std::move(out_); }

// --- Field
// -----------------------------------------------------------------------------------------------

Value* Field::schema() {
  return fields_.mode_ == Fields::Mode::kSchema ? &fields_.out_[name_] : nullptr;
}

void Field::refuse_if(bool wrong, const std::string& must_be) {
  if (!wrong) return;
  fields_.reading_->enter(name_);
  fields_.reading_->problem("must be " + must_be);
  fields_.reading_->leave();
}

Field& Field::optional() {
  if (Value* described = schema()) {
    Value::Array kept;
    for (const Value& name : fields_.required_.items()) {
      if (name.text() != name_) kept.push_back(name);
    }
    fields_.required_ = Value(std::move(kept));
    if (!is_empty(fields_.initial_)) (*described)["default"] = fields_.initial_;
  } else if (fields_.mode_ == Fields::Mode::kWrite) {
    if (fields_.out_.at(name_).is_null()) fields_.out_.erase(name_);
  } else {
    fields_.missing_.clear();
  }
  return *this;
}

Field& Field::range(std::int64_t least, std::int64_t most) {
  if (Value* described = schema()) (*described)["maximum"] = most;
  if (fields_.last_ && fields_.last_->is_number()) {
    refuse_if(fields_.last_->number_or(0) > static_cast<double>(most),
              "at most " + std::to_string(most));
  }
  return at_least(least);
}

Field& Field::at_least(std::int64_t least) {
  if (Value* described = schema()) (*described)["minimum"] = least;
  if (fields_.last_ && fields_.last_->is_number()) {
    refuse_if(fields_.last_->number_or(0) < static_cast<double>(least),
              "at least " + std::to_string(least));
  }
  return *this;
}

Field& Field::not_empty() {
  if (Value* described = schema()) {
    const std::string type = described->at("type").text();
    const char* word = type == "array"    ? "minItems"
                       : type == "object" ? "minProperties"
                                          : "minLength";
    (*described)[word] = 1;
  }
  if (fields_.last_) refuse_if(is_empty(*fields_.last_), "something");
  return *this;
}

Field& Field::pattern(std::string_view regex) {
  if (Value* described = schema()) (*described)["pattern"] = regex;
  return *this;
}

Field& Field::one_of(std::initializer_list<std::string_view> texts) {
  if (Value* described = schema()) {
    for (const auto text : texts) (*described)["enum"].push_back(text);
  }
  if (fields_.last_ && fields_.last_->is_string()) {
    const std::string given = fields_.last_->text();
    std::string known;
    for (const auto text : texts) known += (known.empty() ? "" : ", ") + std::string(text);
    refuse_if(std::find(texts.begin(), texts.end(), given) == texts.end(), "one of " + known);
  }
  return *this;
}

Field& Field::example(Value value) {
  if (Value* described = schema()) (*described)["examples"].push_back(std::move(value));
  return *this;
}

Field& Field::interface_of(std::string_view id) {
  Value* described = schema();
  if (!described) return *this;
  if (described->at("type").text() == "array") {
    (*described)["items"]["x-interface"] = id;
  } else if (described->at("additionalProperties").is_object()) {
    (*described)["additionalProperties"]["x-interface"] = id;
  } else {
    (*described)["x-interface"] = id;
  }
  return *this;
}

}  // namespace snapcore::sdk
