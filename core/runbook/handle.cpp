#include <lua.hpp>

#include "lua/failure.hpp"
#include "lua/frozen.hpp"
#include "runbook/nearest.hpp"
#include "runbook/session.hpp"
#include "runbook/words.hpp"

namespace snapcore {

const Slot kHandle{"result"};
const Slot kLater{"later"};

namespace {

Handle& handle_at(lua_State* state, int index) {
  return *static_cast<Handle*>(box_at(state, index, kHandle));
}

// --- fields without a value ----------------------------------------------------------------------

enum class Field { kAbsent, kUnknown, kNoSuch };

Field missing(const Answer& answer, const std::string& name) {
  const Value& properties = answer.schema.at("properties");
  const bool open = !properties.is_object() || answer.schema.at("additionalProperties").is_object();
  if (!properties.has(name) && !open) return Field::kNoSuch;
  return answer.complete ? Field::kAbsent : Field::kUnknown;
}

Error no_such_field(const Handle& handle, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& [property, schema] : handle.answer.schema.at("properties").members()) {
    names.push_back(property);
  }
  const std::string meant = nearest(name, names);
  return {.code = "runbook.unknown_field",
          .message = handle.label + " has no '" + name + "'; there is " +
                     (names.empty() ? "nothing" : join(names)),
          .hint = meant.empty() ? "" : "did you mean " + meant + "?",
          .category = Category::kPrecondition};
}

Error known_later(const Handle& handle, const std::string& name) {
  return {.code = "runbook.unknown_value",
          .message = "`" + name + "` of " + handle.label + " is known only after execution",
          .hint = "pass it on with later(handle, \"" + name + "\"), or decide on what a read says",
          .category = Category::kPrecondition};
}

// What a check shows of a field that nobody knows; a mistake in the name is put on record.
int to_be_guessed(lua_State* state, const Handle& handle, Checking& checking) {
  auto& work = new_box<Work>(state);
  bool is_boolean = false;
  Field field = Field::kUnknown;
  guarded(work.failed, [&] {
    std::size_t size = 0;
    const char* text = lua_tolstring(state, 2, &size);
    const std::string name(text, size);
    field = missing(handle.answer, name);
    is_boolean = handle.answer.schema.at("properties").at(name).at("type").view() == "boolean";
    if (field == Field::kNoSuch)
      checking.findings.push_back({to_line(current_line(state)), no_such_field(handle, name)});
  });
  if (work.failed) return raise_work(state, -1, work);
  checking.guessed = true;
  if (field == Field::kAbsent) {
    lua_pushnil(state);
  } else if (is_boolean) {
    lua_pushboolean(state, checking.says ? 1 : 0);
  } else {
    push_unknown(state);
  }
  return 1;
}

// The name of the field stands at 2.
int without_value(lua_State* state, const Handle& handle) {
  if (Checking* checking = session_of(state).gate.checking())
    return to_be_guessed(state, handle, *checking);
  auto& work = new_box<Work>(state);
  guarded(work.failed, [&] {
    std::size_t size = 0;
    const char* text = lua_tolstring(state, 2, &size);
    const std::string name(text, size);
    switch (missing(handle.answer, name)) {
      case Field::kAbsent: break;
      case Field::kUnknown: work.failed = known_later(handle, name); break;
      case Field::kNoSuch: work.failed = no_such_field(handle, name); break;
    }
  });
  if (work.failed) return raise_work(state, -1, work);
  lua_pushnil(state);
  return 1;
}

// The items of a list, which has no fields.
Error items_later(const Handle& handle) {
  return {.code = "runbook.unknown_value",
          .message = "what is in " + handle.label + " is known only after execution",
          .hint = "decide on it in a phase(), or on what a read says before",
          .category = Category::kPrecondition};
}

int without_items(lua_State* state, const Handle& handle) {
  auto& work = new_box<Work>(state);
  guarded(work.failed, [&] { work.failed = items_later(handle); });
  return raise_work(state, -1, work);
}

// --- handles -------------------------------------------------------------------------------------

int handle_index(lua_State* state) {
  lua_settop(state, 2);
  const Handle& handle = handle_at(state, 1);
  if (lua_type(state, 2) != LUA_TSTRING) {
    if (!handle.answer.complete && handle.answer.schema.at("type").view() == "array")
      return without_items(state, handle);
    return luaL_error(state, "the fields of a result have names");
  }
  std::size_t size = 0;
  const char* name = lua_tolstring(state, 2, &size);
  const Value* found = handle.answer.known.find({name, size});
  if (found == nullptr) return without_value(state, handle);
  if (found->view() == kNobodyKnows && session_of(state).gate.checking() != nullptr) {
    push_unknown(state);
    return 1;
  }
  // Tables are made once, so that two looks at a field give the same one.
  lua_getiuservalue(state, 1, 1);
  lua_pushvalue(state, 2);
  if (lua_rawget(state, 3) != LUA_TNIL) return 1;
  lua_pop(state, 1);
  push_value(state, *found);
  lua_pushvalue(state, 2);
  lua_pushvalue(state, -2);
  lua_rawset(state, 3);
  return 1;
}

int handle_newindex(lua_State* state) { return luaL_error(state, "a result cannot be changed"); }

int handle_pairs(lua_State* state) {
  const Handle& handle = handle_at(state, 1);
  if (!handle.answer.complete) {
    if (session_of(state).gate.checking() != nullptr) return unknown_pairs(state);
    return luaL_error(state, "not all fields of this result are known before execution");
  }
  lua_getglobal(state, "pairs");
  push_value(state, handle.answer.known);
  lua_call(state, 1, 3);
  return 3;
}

int handle_text(lua_State* state) {
  const Handle& handle = handle_at(state, 1);
  lua_pushlstring(state, handle.label.data(), handle.label.size());
  return 1;
}

// --- later ---------------------------------------------------------------------------------------

int refuse_later(lua_State* state) {
  return luaL_error(state,
                    "a later() value is known only after execution: pass it on as an argument, or "
                    "to when()");
}

// The first type the schema names that is not null.
std::string type_of(const Value& schema) {
  const Value& type = schema.at("type");
  for (const Value& one : type.items()) {
    if (one.view() != "null") return one.text();
  }
  return type.text();
}

Result<Value> later_of(const Handle& handle, const std::string& name) {
  const Answer& answer = handle.answer;
  const Value* known = answer.known.find(name);
  if (known == nullptr && missing(answer, name) == Field::kNoSuch) {
    return fail(no_such_field(handle, name));
  }
  // Also where it is predicted: the same words must be the same arguments in every pass.
  if (!answer.call.empty()) {
    return later_value(answer.call, name, type_of(answer.schema.at("properties").at(name)));
  }
  if (known != nullptr) return *known;  // what a read gave stands for itself
  return fail(
      {.code = "runbook.unknown_value", .message = handle.label + " gives no '" + name + "'"});
}

}  // namespace

void define_handles(lua_State* state) {
  define_box(state, kHandle,
             {{"__index", handle_index},
              {"__newindex", handle_newindex},
              {"__pairs", handle_pairs},
              {"__tostring", handle_text}});
  define_box(state, kLater, {});
  lua_rawgetp(state, LUA_REGISTRYINDEX, &kLater);
  for (const char* event :
       {"__index", "__newindex", "__pairs", "__tostring", "__concat", "__len",
        "__eq",    "__lt",       "__le",    "__call",     "__add",    "__sub",
        "__mul",   "__div",      "__idiv",  "__mod",      "__pow",    "__unm",
        "__band",  "__bor",      "__bxor",  "__bnot",     "__shl",    "__shr"}) {
    lua_pushcfunction(state, refuse_later);
    lua_setfield(state, -2, event);
  }
  lua_pop(state, 1);
}

void push_answer(lua_State* state, Answer& answer, std::string& label) {
  if (!answer.complete && answer.schema.at("type").view() == "array" &&
      session_of(state).gate.checking() != nullptr) {
    return push_unknown(state);
  }
  if (answer.complete && !answer.known.is_object() && !answer.known.is_null()) {
    push_value(state, answer.known);
    return;
  }
  auto& handle = new_box<Handle>(state, kHandle, 1);
  handle.answer = std::move(answer);
  handle.label = std::move(label);
  lua_newtable(state);
  lua_setiuservalue(state, -2, 1);
}

// later(handle, "field"): the field's value, to be passed on before it is known.
int word_later(lua_State* state) {
  const auto* handle = static_cast<const Handle*>(box_at(state, 1, kHandle));
  if (handle == nullptr) {
    return luaL_error(state, "later() takes the result of a call and the name of a field");
  }
  luaL_checktype(state, 2, LUA_TSTRING);
  lua_settop(state, 2);
  auto& work = new_box<Work>(state);  // 3
  auto& later = new_box<Later>(state, kLater);
  guarded(work.failed, [&] {
    std::size_t size = 0;
    const char* name = lua_tolstring(state, 2, &size);
    auto value = later_of(*handle, std::string(name, size));
    if (value) {
      later.value = std::move(*value);
    } else {
      work.failed = value.error();
    }
  });
  return work.failed ? raise_work(state, 3, work) : 1;
}

}  // namespace snapcore
