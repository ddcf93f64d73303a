// One field list for a struct; the schema, the reader and the writer come from it.
//
//   struct ListArgs { std::optional<std::string> prefix; std::int64_t limit = 100; };
//   inline void fields(sdk::Fields& f, ListArgs& a) {
//     f("prefix", a.prefix, "names that start with this");
//     f("limit", a.limit, "at most so many").optional().range(1, 1000);
//   }
//
// A member is required unless it is a std::optional or says optional(); then it keeps the value it
// was constructed with, which the schema shows as its default. Members may be bool, integers,
// double, std::string, Value, the types of types.hpp, enums with a table of names, structs with a
// field list, and std::optional, std::vector and std::map<std::string, T> of these.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <map>
#include <optional>
#include <snapcore/error.hpp>
#include <snapcore/value.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace snapcore::sdk {

// What is known while values are read: where we are, the first problem, the unknowns met.
class Reading {
 public:
  // `secret_root` is "" for a configuration and "args:" for arguments. With `planning`, an object
  // {"$later": ...} stands for a value that is not known yet.
  explicit Reading(std::string_view secret_root = {}, bool planning = false)
      : secret_root_(secret_root), planning_(planning) {}

  void problem(std::string_view text);  // at the present place; the first one counts
  void expected(std::string_view what, const Value& found);
  bool failed() const { return failed_; }
  Error error() const;

  bool skip_unknown(const Value& value);
  const std::vector<std::string>& unknowns() const { return unknowns_; }

  void enter(std::string_view member);
  void enter(std::size_t index);
  void leave() { place_.pop_back(); }
  std::string path() const;     // members[1].peer
  std::string pointer() const;  // args:/members/1/peer

 private:
  struct Segment {
    std::string name;
    bool index;
  };
  std::string secret_root_;
  bool planning_;
  std::vector<Segment> place_;
  std::string problem_;
  bool failed_ = false;
  std::vector<std::string> unknowns_;
};

// How one type is described, written and read. Specialise it for a type of your own that is one
// JSON value.
template <class T>
struct Codec;

// What a field says about itself beyond its type. The limits are checked while reading, too.
class Fields;
class Field {
 public:
  Field& optional();
  Field& range(std::int64_t least, std::int64_t most);
  Field& at_least(std::int64_t least);
  Field& not_empty();  // a text, list or map
  Field& pattern(std::string_view regex);
  Field& one_of(std::initializer_list<std::string_view> texts);
  Field& example(Value value);
  Field& interface_of(std::string_view id);  // which an Instance must offer

 private:
  friend class Fields;
  Field(Fields& fields, std::string_view name) : fields_(fields), name_(name) {}
  Value* schema();  // null unless schemas are made
  void refuse_if(bool wrong, const std::string& must_be);
  Fields& fields_;
  std::string_view name_;
};

class Fields {
 public:
  template <class T>
  Field operator()(std::string_view name, T& member, std::string_view summary = {});

  // For the code below, not for authors.
  static Fields describing() { return Fields(Mode::kSchema); }
  static Fields writing() { return Fields(Mode::kWrite); }
  static Fields reading(const Value& object, Reading& reading);
  Value take_schema();
  Value take_value();
  void finish_reading();

 private:
  friend class Field;
  enum class Mode { kSchema, kWrite, kRead };
  explicit Fields(Mode mode) : mode_(mode), out_(Value::object()) {}
  void describe(std::string_view name, std::string_view summary, Value schema, Value initial,
                bool required);
  void write(std::string_view name, Value value, bool omit);
  // The member to read; null when there is none, or it is not known yet.
  const Value* begin(std::string_view name, bool required);
  void end_pending();

  Mode mode_;
  Value out_;       // properties, or the value written
  Value required_;  // names
  const Value* in_ = nullptr;
  const Value* last_ = nullptr;  // what was read last
  Reading* reading_ = nullptr;
  Value initial_;
  std::string missing_;  // the last field, when it is required and not there
  std::vector<std::string_view> seen_;
};

template <class T>
concept Described = std::is_class_v<T> && requires(Fields& f, T& object) {
  fields(f, object);
};

// The names of an enum:
//   constexpr auto enum_names(Keep) {
//     return sdk::names<Keep>({{Keep::kAside, "aside"}, {Keep::kCapture, "capture"}});
//   }
template <class E>
struct Name {
  E value;
  std::string_view name;
};
template <class E, std::size_t N>
constexpr std::array<Name<E>, N> names(const Name<E> (&table)[N]) {
  return std::to_array(table);
}
template <class T>
concept Named = std::is_enum_v<T> && requires(T value) {
  enum_names(value);
};

template <class T>
Value schema_of() {
  return Codec<T>::schema();
}

template <class T>
Value to_value(const T& object) {
  return Codec<T>::write(object);
}

// "plugin.bad_value" with the path of the first member that does not fit.
template <class T>
Result<T> from_value(const Value& value) {
  Reading reading;
  T object{};
  Codec<T>::read(value, object, reading);
  if (reading.failed()) return fail(reading.error());
  return object;
}

namespace detail {
Value typed(std::string_view type);
Value integer_schema(std::int64_t least, std::uint64_t most, bool bounded_below,
                     bool bounded_above);
std::optional<std::int64_t> read_signed(const Value& value, Reading& reading);
std::optional<std::uint64_t> read_unsigned(const Value& value, Reading& reading);
void out_of_range(Reading& reading);
Value list_schema(Value items);
Value map_schema(Value items);
}  // namespace detail

template <>
struct Codec<bool> {
  static Value schema() { return detail::typed("boolean"); }
  static Value write(bool value) { return value; }
  static void read(const Value& value, bool& out, Reading& reading);
};

template <class T>
requires(std::integral<T> && !std::same_as<T, bool>) struct Codec<T> {
  using Limits = std::numeric_limits<T>;
  static Value schema() {
    return detail::integer_schema(static_cast<std::int64_t>(Limits::min()),
                                  static_cast<std::uint64_t>(Limits::max()),
                                  std::unsigned_integral<T> || sizeof(T) < 8, sizeof(T) < 8);
  }
  static Value write(T value) { return value; }
  static void read(const Value& value, T& out, Reading& reading) {
    if constexpr (std::unsigned_integral<T>) {
      const auto number = detail::read_unsigned(value, reading);
      if (number && *number > Limits::max()) return detail::out_of_range(reading);
      if (number) out = static_cast<T>(*number);
    } else {
      const auto number = detail::read_signed(value, reading);
      if (number && (*number < Limits::min() || *number > Limits::max())) {
        return detail::out_of_range(reading);
      }
      if (number) out = static_cast<T>(*number);
    }
  }
};

template <>
struct Codec<double> {
  static Value schema() { return detail::typed("number"); }
  static Value write(double value) { return value; }
  static void read(const Value& value, double& out, Reading& reading);
};

template <>
struct Codec<std::string> {
  static Value schema() { return detail::typed("string"); }
  static Value write(const std::string& value) { return value; }
  static void read(const Value& value, std::string& out, Reading& reading);
};

template <>
struct Codec<Value> {
  static Value schema() { return Value::object(); }
  static Value write(const Value& value) { return value; }
  static void read(const Value& value, Value& out, Reading&) { out = value; }
};

template <class T>
struct Codec<std::optional<T>> {
  static Value schema() { return Codec<T>::schema(); }
  static Value write(const std::optional<T>& value) {
    return value ? Codec<T>::write(*value) : Value();
  }
  static void read(const Value& value, std::optional<T>& out, Reading& reading) {
    Codec<T>::read(value, out.emplace(), reading);
  }
};

template <class T>
struct Codec<std::vector<T>> {
  static Value schema() { return detail::list_schema(Codec<T>::schema()); }
  static Value write(const std::vector<T>& items) {
    Value list = Value::array();
    for (const auto& item : items) list.push_back(Codec<T>::write(item));
    return list;
  }
  static void read(const Value& value, std::vector<T>& out, Reading& reading) {
    if (!value.is_array()) return reading.expected("a list", value);
    out.clear();
    for (std::size_t i = 0; i < value.items().size() && !reading.failed(); ++i) {
      T item{};
      reading.enter(i);
      if (!reading.skip_unknown(value.items()[i])) Codec<T>::read(value.items()[i], item, reading);
      reading.leave();
      out.push_back(std::move(item));
    }
  }
};

template <class T>
struct Codec<std::map<std::string, T>> {
  static Value schema() { return detail::map_schema(Codec<T>::schema()); }
  static Value write(const std::map<std::string, T>& items) {
    Value object = Value::object();
    for (const auto& [name, item] : items) object[name] = Codec<T>::write(item);
    return object;
  }
  static void read(const Value& value, std::map<std::string, T>& out, Reading& reading) {
    if (!value.is_object()) return reading.expected("an object", value);
    out.clear();
    for (const auto& [name, member] : value.members()) {
      T item{};
      reading.enter(name);
      if (!reading.skip_unknown(member)) Codec<T>::read(member, item, reading);
      reading.leave();
      if (reading.failed()) return;
      out.emplace(name, std::move(item));
    }
  }
};

template <Named E>
struct Codec<E> {
  static Value schema() {
    Value schema = detail::typed("string");
    for (const auto& entry : enum_names(E{})) schema["enum"].push_back(entry.name);
    return schema;
  }
  static Value write(E value) {
    for (const auto& entry : enum_names(value)) {
      if (entry.value == value) return entry.name;
    }
    return {};
  }
  static void read(const Value& value, E& out, Reading& reading) {
    std::string known;
    for (const auto& entry : enum_names(E{})) {
      if (value.is_string() && value.text() == entry.name) {
        out = entry.value;
        return;
      }
      known += (known.empty() ? "" : ", ") + std::string(entry.name);
    }
    reading.expected("one of " + known, value);
  }
};

template <Described T>
struct Codec<T> {
  static Value schema() {
    Fields f = Fields::describing();
    T object{};
    fields(f, object);
    return f.take_schema();
  }
  // A field list takes the struct by reference for the reader's sake; here it changes nothing.
  static Value write(const T& object) {
    Fields f = Fields::writing();
    fields(f, const_cast<T&>(object));
    return f.take_value();
  }
  static void read(const Value& value, T& out, Reading& reading) {
    if (!value.is_object()) return reading.expected("an object", value);
    Fields f = Fields::reading(value, reading);
    fields(f, out);
    f.finish_reading();
  }
};

namespace detail {
template <class T>
constexpr bool kIsOptional = false;
template <class T>
constexpr bool kIsOptional<std::optional<T>> = true;
}  // namespace detail

template <class T>
Field Fields::operator()(std::string_view name, T& member, std::string_view summary) {
  constexpr bool kRequired = !detail::kIsOptional<T>;
  if (mode_ == Mode::kSchema) {
    describe(name, summary, Codec<T>::schema(), Codec<T>::write(member), kRequired);
  } else if (mode_ == Mode::kWrite) {
    Value value = Codec<T>::write(member);
    const bool omit = !kRequired && value.is_null();
    write(name, std::move(value), omit);
  } else if (const Value* found = begin(name, kRequired)) {
    reading_->enter(name);
    Codec<T>::read(*found, member, *reading_);
    reading_->leave();
  }
  return Field(*this, name);
}

}  // namespace snapcore::sdk
