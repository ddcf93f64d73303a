#include "lua/read.hpp"

#include <algorithm>
#include <cmath>
#include <lua.hpp>
#include <snapcore/utf8.hpp>
#include <vector>

#include "lua/frozen.hpp"

namespace snapcore {
namespace {

constexpr int kDepth = 64;
constexpr std::size_t kValues = 200'000;
constexpr std::size_t kBytes = std::size_t{4} << 20;

const Value kOpen;  // a schema that says nothing

bool names_type(const Value& type, std::string_view wanted) {
  if (type.view() == wanted) return true;
  return std::any_of(type.items().begin(), type.items().end(),
                     [&](const Value& t) { return t.view() == wanted; });
}

// The part of a schema that speaks of this type; null when none does.
const Value* branch_for(const Value& schema, std::string_view type) {
  if (schema.has("type")) return names_type(schema.at("type"), type) ? &schema : nullptr;
  for (const char* word : {"anyOf", "oneOf", "allOf"}) {
    for (const Value& alternative : schema.at(word).items()) {
      if (const Value* found = branch_for(alternative, type)) return found;
    }
  }
  if (type == "object" && schema.has("properties")) return &schema;
  if (type == "array" && schema.has("items")) return &schema;
  return nullptr;
}

const Value& schema_of_member(const Value& schema, std::string_view name) {
  const Value* object = branch_for(schema, "object");
  if (object == nullptr) return kOpen;
  if (const Value* property = object->at("properties").find(name)) return *property;
  const Value& others = object->at("additionalProperties");
  return others.is_object() ? others : kOpen;
}

const Value& schema_of_item(const Value& schema) {
  const Value* array = branch_for(schema, "array");
  return array != nullptr && array->at("items").is_object() ? array->at("items") : kOpen;
}

class Reader {
 public:
  Reader(lua_State* state, std::string what, ReadUserdata userdata)
      : state_(state), path_(std::move(what)), userdata_(userdata) {}

  Result<Value> read(int index, const Value& schema) {
    if (++values_ > kValues) return bad("holds too many values");
    switch (lua_type(state_, index)) {
      case LUA_TBOOLEAN: return Value(lua_toboolean(state_, index) != 0);
      case LUA_TNUMBER: return number(index, schema);
      case LUA_TSTRING: return text(index);
      case LUA_TTABLE: return table(index, schema);
      case LUA_TLIGHTUSERDATA: return Value();
      case LUA_TUSERDATA:
        if (userdata_ != nullptr) return special(index);
        [[fallthrough]];
      default: return bad(std::string("is a ") + lua_typename(state_, lua_type(state_, index)));
    }
  }

 private:
  tl::unexpected<Error> bad(const std::string& problem) const {
    return fail({.code = "lua.bad_value", .message = path_ + " " + problem});
  }

  Result<Value> special(int index) {
    auto value = userdata_(state_, index, static_cast<int>(open_.size()));
    if (value) return value;
    Error error = value.error();
    error.message = path_ + " " + error.message;
    return fail(std::move(error));
  }

  Result<Value> number(int index, const Value& schema) const {
    if (lua_isinteger(state_, index) != 0) return Value(lua_tointegerx(state_, index, nullptr));
    const lua_Number number = lua_tonumberx(state_, index, nullptr);
    if (!std::isfinite(number)) return bad("is no finite number");
    const bool integer_wanted =
        branch_for(schema, "integer") != nullptr && branch_for(schema, "number") == nullptr;
    if (integer_wanted && std::floor(number) == number && std::fabs(number) < 9.0e15) {
      return Value(static_cast<std::int64_t>(number));
    }
    return Value(number);
  }

  Result<Value> text(int index) {
    std::size_t size = 0;
    const char* text = lua_tolstring(state_, index, &size);
    if ((bytes_ += size) > kBytes) return bad("holds too much text");
    if (!is_utf8({text, size})) return bad("is not UTF-8 text");
    return Value(std::string_view(text, size));
  }

  Result<Value> table(int index, const Value& schema) {
    const void* identity = lua_topointer(state_, index);
    if (std::find(open_.begin(), open_.end(), identity) != open_.end())
      return bad("contains itself");
    if (open_.size() >= kDepth || lua_checkstack(state_, 8) == 0) return bad("is nested too deep");
    open_.push_back(identity);
    push_readable(state_, index);
    auto value = contents(lua_gettop(state_), schema);
    lua_pop(state_, 1);
    open_.pop_back();
    return value;
  }

  Result<Value> contents(int table, const Value& schema) {
    std::size_t numbers = 0, names = 0;
    lua_pushnil(state_);
    while (lua_next(state_, table) != 0) {
      lua_pop(state_, 1);
      const int type = lua_type(state_, -1);
      if (type != LUA_TSTRING && lua_isinteger(state_, -1) == 0) {
        lua_pop(state_, 1);
        return bad(std::string("has a ") + lua_typename(state_, type) + " as a key");
      }
      ++(type == LUA_TSTRING ? names : numbers);
    }
    if (numbers > 0 && names > 0) return bad("mixes names and numbers as keys");
    if (names > 0) return object(table, schema);
    if (numbers > 0) return array(table, numbers, schema);
    const bool list =
        branch_for(schema, "array") != nullptr && branch_for(schema, "object") == nullptr;
    return list ? Value(Value::Array{}) : Value(Value::Object{});
  }

  Result<Value> object(int table, const Value& schema) {
    Value::Object members;
    std::optional<Error> error;
    lua_pushnil(state_);
    while (!error && lua_next(state_, table) != 0) {
      error = add_member(members, schema);
      lua_pop(state_, 1);
    }
    if (!error) return Value(std::move(members));
    lua_pop(state_, 1);
    return fail(std::move(*error));
  }

  // The name is at -2, the value at -1.
  std::optional<Error> add_member(Value::Object& members, const Value& schema) {
    std::size_t size = 0;
    const char* text = lua_tolstring(state_, -2, &size);
    std::string name(text, size);
    if ((bytes_ += size) > kBytes || !is_utf8(name))
      return bad("has a name that is not UTF-8, or too much text").value();
    if (name == "$later" || name == "$secret")
      return bad("has a member named '" + name + "', which is reserved").value();
    const std::size_t length = path_.size();
    path_ += (path_.empty() ? "" : ".") + name;
    auto value = read(lua_gettop(state_), schema_of_member(schema, name));
    path_.resize(length);
    if (!value) return value.error();
    members.emplace(std::move(name), std::move(*value));
    return std::nullopt;
  }

  Result<Value> array(int table, std::size_t count, const Value& schema) {
    Value::Array items;
    const Value& of_item = schema_of_item(schema);
    const std::size_t length = path_.size();
    for (std::size_t i = 1; i <= count; ++i) {
      if (lua_rawgeti(state_, table, static_cast<lua_Integer>(i)) == LUA_TNIL) {
        lua_pop(state_, 1);
        return bad("is a list with a hole at [" + std::to_string(i) + "]");
      }
      path_ += "[" + std::to_string(i) + "]";
      auto value = read(lua_gettop(state_), of_item);
      path_.resize(length);
      lua_pop(state_, 1);
      if (!value) return fail(value.error());
      items.push_back(std::move(*value));
    }
    return Value(std::move(items));
  }

  lua_State* state_;
  std::string path_;
  ReadUserdata userdata_;
  std::vector<const void*> open_;  // tables we are inside of
  std::size_t values_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace

Result<Value> read_value(lua_State* state, int index, const Value& schema, std::string what,
                         ReadUserdata userdata) {
  if (lua_checkstack(state, 8) == 0)
    return fail({.code = "lua.bad_value", .message = what + " is nested too deep"});
  return Reader(state, std::move(what), userdata).read(lua_absindex(state, index), schema);
}

}  // namespace snapcore
