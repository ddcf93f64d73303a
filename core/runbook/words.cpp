#include "runbook/words.hpp"

#include <lua.hpp>

#include "lua/frozen.hpp"
#include "lua/read.hpp"
#include "runbook/params.hpp"
#include "runbook/session.hpp"

namespace snapcore {

const Slot kSessionSlot{"session"};

namespace {

struct AnswerWork : Work {
  Answer answer;
  std::string label;
};

struct AskWork : Work {
  Value value;
  bool holds = false;
};

std::string text_at(lua_State* state, int index) {
  std::size_t size = 0;
  const char* text = lua_tolstring(state, index, &size);
  return {text, size};
}

// --- runbook -------------------------------------------------------------------------------------

Result<Answer> declare(lua_State* state, Session& session) {
  const auto bad = [](std::string message) {
    return fail({.code = "runbook.bad_declaration",
                 .message = std::move(message),
                 .category = Category::kPrecondition});
  };
  const auto table = read_value(state, 1, Value(), "");
  if (!table) return bad("runbook: " + table.error().message);
  for (const auto& [name, member] : table->members()) {
    if (name == "summary" || name == "params") continue;
    return bad("runbook has an unknown member '" + name + "'; there are summary, params");
  }
  if (table->at("summary").view().empty()) {
    return bad("runbook needs a summary: what it does, in one line");
  }
  const Value& params = table->at("params");
  if (!params.is_null() && !params.is_object()) {
    return bad("params is a table: { NAME = { type = \"string\" } }");
  }
  Answer answer;
  auto declared = session.declare(table->at("summary").view(), params, &answer.known);
  if (!declared) return fail(declared.error());
  answer.schema = params_schema(params);
  return answer;
}

// runbook { summary = "...", params = { ... } }: what this runbook is for; gives its parameters,
// read-only.
int word_runbook(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  lua_settop(state, 1);
  auto& work = new_box<AnswerWork>(state);  // 2
  work.line = current_line(state);
  Session& session = session_of(state);
  session.sandbox.enter_host();
  guarded(work.failed, [&] {
    work.label = "params";
    auto params = declare(state, session);
    if (params) {
      work.answer = std::move(*params);
    } else {
      work.failed = params.error();
    }
    check_stop(session, work);
  });
  session.sandbox.leave_host();
  if (work.failed) return raise_work(state, 2, work);
  push_answer(state, work.answer, work.label);
  return 1;
}

// --- step and when -------------------------------------------------------------------------------

// Calls the function at 2 without arguments. What it gives, or what it raised, is on the stack from
// 4 on.
int call_body(lua_State* state) {
  lua_pushcfunction(state, &Sandbox::on_error);  // 4
  lua_pushvalue(state, 2);
  const int status = lua_pcall(state, 0, LUA_MULTRET, 4);
  lua_remove(state, 4);
  return status;
}

// True when the gate put the failure on record and the runbook goes on behind the step.
bool forgiven(Session& session, int status, AskWork& work) {
  session.sandbox.enter_host();
  guarded(work.failed, [&] {
    work.holds = session.gate.step_failed(session.sandbox.error_on_top(status));
    session.gate.end_step();
    session.step.clear();
    if (work.holds && session.gate.stopped() == nullptr) session.sandbox.lift_stop();
  });
  session.sandbox.leave_host();
  return work.holds && !work.failed;
}

// step("name", function() ... end): a named part, for people. Gives what the function gives.
int word_step(lua_State* state) {
  luaL_checktype(state, 1, LUA_TSTRING);
  luaL_checktype(state, 2, LUA_TFUNCTION);
  lua_settop(state, 2);
  auto& work = new_box<AskWork>(state);  // 3
  work.line = current_line(state);
  Session& session = session_of(state);
  ask_gate(session, work, [&] {
    const std::string name = text_at(state, 1);
    auto begun = session.gate.begin_step(name, to_line(work.line));
    if (begun) {
      session.step = name;
    } else {
      work.failed = begun.error();
    }
  });
  if (work.failed) return raise_work(state, 3, work);
  const int status = call_body(state);
  if (status != LUA_OK) {
    return forgiven(session, status, work) ? 0 : session.sandbox.raise_again();
  }
  ask_gate(session, work, [&] {
    session.gate.end_step();
    session.step.clear();
  });
  if (work.failed) return raise_work(state, 3, work);
  return lua_gettop(state) - 3;
}

// when(later(handle, "changed"), function() ... end): a part that is planned, and done only if the
// value is neither false nor null once it is known.
int word_when(lua_State* state) {
  const auto* later = static_cast<const Later*>(box_at(state, 1, kLater));
  if (later == nullptr) {
    return luaL_error(state,
                      "when() takes later(handle, \"field\"); what is known already is for if");
  }
  luaL_checktype(state, 2, LUA_TFUNCTION);
  lua_settop(state, 2);
  auto& work = new_box<AskWork>(state);  // 3
  work.line = current_line(state);
  Session& session = session_of(state);
  ask_gate(session, work, [&] {
    auto begun = session.gate.begin_when(later->value, to_line(work.line));
    if (begun) {
      work.holds = *begun;
    } else {
      work.failed = begun.error();
    }
  });
  if (work.failed) return raise_work(state, 3, work);
  if (!work.holds) return 0;
  const int status = call_body(state);
  ask_gate(session, work, [&] { session.gate.end_when(); });
  if (status != LUA_OK) return session.sandbox.raise_again();
  return work.failed ? raise_work(state, 3, work) : 0;
}

// --- words for people ----------------------------------------------------------------------------

// Says the texts of all arguments, which stand on the stack from 1 on.
int say(lua_State* state) {
  const int count = lua_gettop(state);
  luaL_Buffer text;
  luaL_buffinit(state, &text);
  for (int i = 1; i <= count; ++i) {
    if (i > 1) luaL_addchar(&text, '\t');
    push_text(state, i);
    luaL_addvalue(&text);
  }
  luaL_pushresult(&text);
  lua_replace(state, 1);
  lua_settop(state, 1);
  auto& work = new_box<AskWork>(state);  // 2
  work.line = current_line(state);
  Session& session = session_of(state);
  ask_gate(session, work, [&] { session.gate.note(text_at(state, 1), to_line(work.line)); });
  return work.failed ? raise_work(state, 2, work) : 0;
}

// note "text": a line in plan and report.
int word_note(lua_State* state) {
  luaL_checkany(state, 1);
  lua_settop(state, 1);
  return say(state);
}

// print(...): the same, of any number of values.
int word_print(lua_State* state) {
  if (lua_gettop(state) == 0) lua_pushliteral(state, "");
  return say(state);
}

// fail("what is wrong", "what to do"): ends the run, unless it is caught.
int word_fail(lua_State* state) {
  luaL_checkany(state, 1);
  lua_settop(state, 2);
  push_text(state, 1);
  lua_replace(state, 1);
  if (!lua_isnil(state, 2)) luaL_checktype(state, 2, LUA_TSTRING);
  auto& work = new_box<Work>(state);  // 3
  guarded(work.failed, [&] {
    work.step = session_of(state).step;
    work.failed = Error{.code = "runbook.failed",
                        .message = text_at(state, 1),
                        .hint = lua_isnil(state, 2) ? "" : text_at(state, 2),
                        .category = Category::kPrecondition};
  });
  return raise_work(state, 3, work);
}

// --- values from outside -------------------------------------------------------------------------

int outside(lua_State* state, const char* what) {
  lua_settop(state, 0);
  auto& work = new_box<AskWork>(state);  // 1
  work.line = current_line(state);
  Session& session = session_of(state);
  ask_gate(session, work, [&] {
    auto value = session.gate.outside(what);
    if (value) {
      work.value = std::move(*value);
    } else {
      work.failed = value.error();
    }
  });
  if (work.failed) return raise_work(state, 1, work);
  push_value(state, work.value);
  return 1;
}

// now(): the time as RFC 3339 text; the same while executing as it was while planning.
int word_now(lua_State* state) { return outside(state, "now"); }
// uuid(): a fresh one; the same while executing as it was while planning.
int word_uuid(lua_State* state) { return outside(state, "uuid"); }

// site: what the site says. Its values are site.values.
void define_site(lua_State* state, Session* session) {
  auto& work = new_box<AnswerWork>(state);
  guarded(work.failed, [&] {
    const bool nobody_knows = session->gate.checking() && session->gate.site_values().is_null();
    work.answer.known = Value::object(
        {{"values", nobody_knows ? Value(kNobodyKnows) : session->gate.site_values()}});
    work.answer.schema = Value::object({{"properties", work.answer.known}});
    work.label = "site";
  });
  push_answer(state, work.answer, work.label);
  define_global(state, "site");
  lua_pop(state, 1);
}

}  // namespace

void define_words(lua_State* state, Session* session) {
  luaL_checkstack(state, 10, nullptr);
  lua_pushlightuserdata(state, session);
  lua_rawsetp(state, LUA_REGISTRYINDEX, &kSessionSlot);
  define_handles(state);
  define_instances(state);
  define_unknown(state);
  constexpr luaL_Reg kWords[] = {{"runbook", word_runbook},
                                 {"source", word_source},
                                 {"target", word_target},
                                 {"instance", word_instance},
                                 {"step", word_step},
                                 {"note", word_note},
                                 {"fail", word_fail},
                                 {"when", word_when},
                                 {"later", word_later},
                                 {"now", word_now},
                                 {"uuid", word_uuid},
                                 {"print", word_print},
                                 {"retry", word_retry},
                                 {"wait_until", word_wait_until},
                                 {"attempt", word_attempt},
                                 {"on_rollback", word_on_rollback},
                                 {"parallel", word_parallel},
                                 {"phase", word_phase},
                                 {"ask", word_ask}};
  for (const luaL_Reg& word : kWords) {
    lua_pushcfunction(state, word.func);
    define_global(state, word.name);
  }
  lua_newtable(state);
  lua_pushcclosure(state, word_require, 1);
  define_global(state, "require");
  define_site(state, session);
}

}  // namespace snapcore
