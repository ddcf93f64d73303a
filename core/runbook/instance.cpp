// source, target and instance: handles of the site's instances, with their operations as methods.
#include <algorithm>
#include <lua.hpp>

#include "lua/failure.hpp"
#include "lua/read.hpp"
#include "runbook/nearest.hpp"
#include "runbook/session.hpp"
#include "runbook/words.hpp"

namespace snapcore {

const Slot kInstance{"instance"};

namespace {

struct InstanceHandle : Box {
  InstanceView view;
};

struct OpenWork : Work {
  InstanceView view;
};

struct CallWork : Work {
  Answer answer;
  std::string label;
};

const InstanceHandle& instance_at(lua_State* state, int index) {
  return *static_cast<const InstanceHandle*>(box_at(state, index, kInstance));
}

// --- calls ---------------------------------------------------------------------------------------

// What a handle, a later() value or an instance stands for in arguments.
Result<Value> read_argument(lua_State* state, int index, int depth) {
  const auto bad = [](const char* problem) {
    return fail({.code = "lua.bad_value", .message = problem});
  };
  if (const auto* later = static_cast<const Later*>(box_at(state, index, kLater))) {
    if (depth == 1) return later->value;
    return bad("is a later() value; it can only be an argument itself, not stand inside of one");
  }
  const bool checking = session_of(state).gate.checking() != nullptr;
  if (box_at(state, index, kUnknown) != nullptr) return Value(kNobodyKnows);
  if (const auto* handle = static_cast<const Handle*>(box_at(state, index, kHandle))) {
    if (checking && !handle->answer.complete) return Value(kNobodyKnows);
    if (handle->answer.complete) return handle->answer.known;
    return bad("is a result that is known only after execution; pass later(result, \"field\")");
  }
  if (const auto* instance = static_cast<const InstanceHandle*>(box_at(state, index, kInstance))) {
    return Value(instance->view.name);
  }
  return bad("is a userdata");
}

Result<const Value*> args_schema(Session& session, const std::string& instance,
                                 const std::string& operation) {
  auto& schemas = session.args_schemas;
  auto known = schemas.find({instance, operation});
  if (known == schemas.end()) {
    auto schema = session.gate.args_schema(instance, operation);
    if (!schema) return fail(schema.error());
    (*schema)["type"] = "object";  // {} has no arguments, whatever else the schema leaves open
    known = schemas.emplace(std::make_pair(instance, operation), std::move(*schema)).first;
  }
  return &known->second;
}

// The table of arguments, or nothing, stands at 2.
Result<Value> read_args(lua_State* state, Session& session, const std::string& instance,
                        const std::string& operation) {
  const auto schema = args_schema(session, instance, operation);
  if (!schema) return fail(schema.error());
  if (lua_isnoneornil(state, 2)) return Value::object();
  auto args = read_value(state, 2, **schema, "", read_argument);
  if (args && args->is_object()) return args;
  Error error =
      args ? Error{.message = "arguments are given by name: { name = value }"} : args.error();
  error.code = "runbook.bad_argument";
  error.category = Category::kPrecondition;
  error.message = instance + "." + operation + ": " + error.message;
  return fail(std::move(error));
}

void call(lua_State* state, Session& session, const InstanceView& view,
          const std::string& operation, CallWork& work) {
  auto args = read_args(state, session, view.name, operation);
  if (!args) {
    work.failed = args.error();
    return;
  }
  auto answer = session.gate.call(view.name, operation, std::move(*args), to_line(work.line));
  if (!answer) {
    work.failed = answer.error();
    return;
  }
  work.answer = std::move(*answer);
  const std::string what = view.name + "." + operation + " at " + to_text(work.line);
  work.label = work.answer.call.empty() ? what : "call " + work.answer.call + ", " + what;
}

// Upvalues: the instance, the name of the operation.
int call_operation(lua_State* state) {
  const char* operation = lua_tostring(state, lua_upvalueindex(2));
  const InstanceHandle& instance = instance_at(state, lua_upvalueindex(1));
  if (lua_rawequal(state, 1, lua_upvalueindex(1)) == 0) {
    return luaL_error(state, "an operation is called with a colon: %s:%s{ ... }",
                      instance.view.name.c_str(), operation);
  }
  if (lua_gettop(state) > 2 || (!lua_isnoneornil(state, 2) && !lua_istable(state, 2))) {
    return luaL_error(state, "%s:%s takes one table of named arguments: { name = value }",
                      instance.view.name.c_str(), operation);
  }
  lua_settop(state, 2);
  auto& work = new_box<CallWork>(state);  // 3
  work.line = current_line(state);
  Session& session = session_of(state);
  ask_gate(session, work, [&] {
    work.plugin = instance.view.plugin;
    call(state, session, instance.view, operation, work);
  });
  if (work.failed) return raise_work(state, 3, work);
  push_answer(state, work.answer, work.label);
  return 1;
}

// --- handles -------------------------------------------------------------------------------------

Error unknown_operation(const InstanceView& view, const std::string& name) {
  const std::string meant = nearest(name, view.operations);
  return {
      .code = "runbook.unknown_operation",
      .message = view.name + " has no operation '" + name + "'; there are " + join(view.operations),
      .hint = meant.empty() ? "" : "did you mean " + view.name + ":" + meant + "?",
      .category = Category::kPrecondition};
}

int instance_index(lua_State* state) {
  lua_settop(state, 2);
  const InstanceHandle& instance = instance_at(state, 1);
  if (lua_type(state, 2) != LUA_TSTRING) return luaL_error(state, "operations have names");
  std::size_t size = 0;
  const char* text = lua_tolstring(state, 2, &size);
  const std::string_view name(text, size);
  if (name == "name" || name == "plugin") {
    const std::string& value = name == "name" ? instance.view.name : instance.view.plugin;
    lua_pushlstring(state, value.data(), value.size());
    return 1;
  }
  const auto& operations = instance.view.operations;
  if (std::find(operations.begin(), operations.end(), name) != operations.end()) {
    lua_pushcclosure(state, call_operation, 2);
    return 1;
  }
  Checking* checking = session_of(state).gate.checking();
  auto& work = new_box<Work>(state);
  guarded(work.failed, [&] {
    if (instance.view.any_operation) return;
    Error error = unknown_operation(instance.view, std::string(name));
    if (checking != nullptr) {
      checking->findings.push_back({to_line(current_line(state)), std::move(error)});
    } else {
      work.failed = std::move(error);
    }
  });
  if (work.failed) return raise_work(state, -1, work);
  lua_settop(state, 2);
  lua_pushcclosure(state, call_operation, 2);
  return 1;
}

int instance_newindex(lua_State* state) {
  return luaL_error(state, "an instance cannot be changed");
}

int instance_text(lua_State* state) {
  const InstanceHandle& instance = instance_at(state, 1);
  lua_pushlstring(state, instance.view.name.data(), instance.view.name.size());
  return 1;
}

// What a check takes for an instance whose name nobody knows.
int open_unknown(lua_State* state) {
  auto& work = new_box<OpenWork>(state);
  guarded(work.failed, [&] {
    work.view = {.name = std::string(kNobodyKnows),
                 .plugin = std::string(kNobodyKnows),
                 .operations = {},
                 .any_operation = true};
  });
  if (work.failed) return raise_work(state, -1, work);
  new_box<InstanceHandle>(state, kInstance).view = std::move(work.view);
  return 1;
}

int open(lua_State* state, std::optional<Role> role) {
  if (box_at(state, 1, kUnknown) != nullptr) return open_unknown(state);
  luaL_checktype(state, 1, LUA_TSTRING);
  lua_settop(state, 1);
  auto& work = new_box<OpenWork>(state);  // 2
  work.line = current_line(state);
  Session& session = session_of(state);
  ask_gate(session, work, [&] {
    std::size_t size = 0;
    const char* name = lua_tolstring(state, 1, &size);
    auto view = session.gate.open({name, size}, role, to_line(work.line));
    if (view) {
      work.view = std::move(*view);
    } else {
      work.failed = view.error();
    }
  });
  if (work.failed) return raise_work(state, 2, work);
  new_box<InstanceHandle>(state, kInstance).view = std::move(work.view);
  return 1;
}

}  // namespace

void define_instances(lua_State* state) {
  define_box(state, kInstance,
             {{"__index", instance_index},
              {"__newindex", instance_newindex},
              {"__tostring", instance_text}});
}

// source "backups": an instance that holds artifacts.
int word_source(lua_State* state) { return open(state, Role::kSource); }
// target "prod": an instance that is a live system.
int word_target(lua_State* state) { return open(state, Role::kTarget); }
// instance "gateway": any instance.
int word_instance(lua_State* state) { return open(state, std::nullopt); }

}  // namespace snapcore
