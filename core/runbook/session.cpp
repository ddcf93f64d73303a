#include "runbook/session.hpp"

#include <lua.hpp>

#include "runbook/params.hpp"
#include "runbook/words.hpp"

namespace snapcore {
namespace {

// A check goes on without parameters that must be given, and sees the optional ones both ways.
Result<Value> params_to_check(const Value& declarations,
                              const std::map<std::string, std::string>& given, bool with_optional) {
  Value relaxed = declarations;
  for (const auto& [name, declaration] : declarations.members()) {
    if (declaration.is_object()) relaxed[name]["optional"] = true;
  }
  auto params = resolve_params(relaxed, given);
  if (!params) return params;
  for (const auto& [name, declaration] : declarations.members()) {
    const bool needed = !declaration.at("optional").bool_or(false);
    if (!params->has(name) && (needed || with_optional)) (*params)[name] = kNobodyKnows;
  }
  return params;
}

}  // namespace

Result<> Session::declare(std::string_view summary, const Value& declarations, Value* params) {
  if (declared) {
    return fail({.code = "runbook.bad_declaration",
                 .message = "runbook { ... } comes once, before anything is asked of the site",
                 .category = Category::kPrecondition});
  }
  const Checking* checking = gate.checking();
  auto resolved = checking ? params_to_check(declarations, set_params, !checking->says)
                           : resolve_params(declarations, set_params);
  if (!resolved) return fail(resolved.error());
  declared = true;
  if (auto accepted = gate.declare(summary, *resolved); !accepted) return accepted;
  *params = std::move(*resolved);
  return {};
}

Result<> Session::declare_nothing() {
  Value none;
  return declare("", Value::object(), &none);
}

void set_session(lua_State* state, lua_State* of, Session* session) {
  lua_pushlightuserdata(state, session);
  lua_rawsetp(state, LUA_REGISTRYINDEX, of);
}

Session& session_of(lua_State* state) {
  if (lua_rawgetp(state, LUA_REGISTRYINDEX, state) == LUA_TNIL) {
    lua_pop(state, 1);
    lua_rawgetp(state, LUA_REGISTRYINDEX, &kSessionSlot);
  }
  auto* session = static_cast<Session*>(lua_touserdata(state, -1));
  lua_pop(state, 1);
  return *session;
}

Line to_line(const ScriptLine& line) { return {line.file, line.number}; }

BodyFailure failure_on_top(Sandbox::Strand& strand, int status, ScriptLine* line) {
  BodyFailure failed;
  if (const Failure* failure = failure_at(strand.state(), -1)) {
    failed = {failure->error, failure->step, failure->plugin};
    if (line != nullptr) *line = failure->line;
  } else {
    failed.error = strand.error_on_top(status, line);
  }
  constexpr std::string_view kSandbox = "lua.";
  if (failed.error.code.rfind(kSandbox, 0) == 0)
    failed.error.code = "runbook." + failed.error.code.substr(kSandbox.size());
  return failed;
}

void check_stop(Session& session, Work& work) {
  const Error* stopped = session.gate.stopped();
  if (stopped == nullptr) return;
  session.sandbox.stop(*stopped, work.line);
  if (!work.failed) work.failed = *stopped;
}

}  // namespace snapcore
