// One run of a runbook: what its words share. A branch of it has a session of its own.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/gate.hpp"
#include "lua/failure.hpp"
#include "lua/sandbox.hpp"
#include "runbook/sources.hpp"

struct lua_State;

namespace snapcore {

struct Session {
  Gate& gate;
  Sandbox::Strand& sandbox;
  SourceSet& sources;
  const std::map<std::string, std::string>& set_params;
  bool declared = false;
  std::string step = {};
  std::map<std::pair<std::string, std::string>, Value> args_schemas = {};

  Result<> declare(std::string_view summary, const Value& declarations, Value* params);
  // A runbook that does not begin with the word runbook has no summary and no parameters.
  Result<> declare_nothing();
};

// Makes `session` the one of a stack of Lua; the session must outlive its work. Raises.
void set_session(lua_State* state, lua_State* of, Session* session);

// Never raises.
Session& session_of(lua_State* state);

Line to_line(const ScriptLine& line);

// The error on top of the stack. Its line is in the message of what was not raised as a failure,
// unless there is a `line` for it.
BodyFailure failure_on_top(Sandbox::Strand& strand, int status, ScriptLine* line = nullptr);

// Arms the sticky stop when the gate has stopped the run.
void check_stop(Session& session, Work& work);

// Makes a binding's call of the gate: outside of the script's budget, exceptions caught, and the
// sticky stop armed when it is due. What goes wrong is in `work.failed`.
template <class Ask>
void ask_gate(Session& session, Work& work, Ask ask) {
  session.sandbox.enter_host();
  guarded(work.failed, [&] {
    if (work.step.empty()) work.step = session.step;
    if (!session.declared) {
      if (auto declared = session.declare_nothing(); !declared) {
        work.failed = declared.error();
        return;
      }
    }
    ask();
  });
  guarded(work.failed, [&] { check_stop(session, work); });
  session.sandbox.leave_host();
}

}  // namespace snapcore
