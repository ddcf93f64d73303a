#include "runbook/session.hpp"

#include <lua.hpp>

#include "runbook/params.hpp"
#include "runbook/words.hpp"

namespace snapcore {

Result<> Session::declare(std::string_view summary, const Value& declarations, Value* params) {
  if (declared) {
    return fail({.code = "runbook.bad_declaration",
                 .message = "runbook { ... } comes once, before anything is asked of the site",
                 .category = Category::kPrecondition});
  }
  auto resolved = resolve_params(declarations, set_params);
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

Session& session_of(lua_State* state) {
  lua_rawgetp(state, LUA_REGISTRYINDEX, &kSessionSlot);
  auto* session = static_cast<Session*>(lua_touserdata(state, -1));
  lua_pop(state, 1);
  return *session;
}

Line to_line(const ScriptLine& line) { return {line.file, line.number}; }

void check_stop(Session& session, Work& work) {
  const Error* stopped = session.gate.stopped();
  if (stopped == nullptr) return;
  session.sandbox.stop(*stopped, work.line);
  if (!work.failed) work.failed = *stopped;
}

}  // namespace snapcore
