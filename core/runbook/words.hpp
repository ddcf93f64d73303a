// The words of a runbook.
#pragma once

#include <snapcore/value.hpp>
#include <string>

#include "engine/gate.hpp"
#include "lua/box.hpp"

struct lua_State;

namespace snapcore {

struct Session;

extern const Slot kSessionSlot;

// Defines all words as globals of the state. Raises. The session must outlive the state.
void define_words(lua_State* state, Session* session);

// What a call gave (also: the parameters, the site). Reading a field gives its value; one that is
// known only after execution raises at the line that reads it, and so does a name that does not
// exist.
struct Handle : Box {
  Answer answer;
  std::string label;  // "call root#3, pve.create at dr.lua:12"
};

// A value that is known only after execution. It can be passed on as an argument and to when();
// every other use of it raises. Only == with something that is not such a value is quietly false,
// since Lua has no hook for that. Therefore it comes from the word later() alone, never from a
// field.
struct Later : Box {
  Value value;
};

// A value that nobody knows, while a runbook is only checked. It can be computed with, called,
// indexed and compared, and gives more of its kind.
struct Unknown : Box {};

extern const Slot kHandle;
extern const Slot kLater;
extern const Slot kInstance;
extern const Slot kUnknown;

// --- the parts of define_words(); all raise ------------------------------------------------------

void define_handles(lua_State* state);
void define_instances(lua_State* state);
void define_unknown(lua_State* state);

// Pushes an Unknown. Only while a runbook is checked.
void push_unknown(lua_State* state);
// An iteration over one thing that nobody knows: the three values of pairs().
int unknown_pairs(lua_State* state);

// Pushes the handle, or the read-only list, that stands for an answer. Both arguments belong to a
// box on the stack and may be moved from.
void push_answer(lua_State* state, Answer& answer, std::string& label);

int word_later(lua_State* state);
int word_source(lua_State* state);
int word_target(lua_State* state);
int word_instance(lua_State* state);
int word_require(lua_State* state);
int word_retry(lua_State* state);
int word_wait_until(lua_State* state);
int word_attempt(lua_State* state);
int word_on_rollback(lua_State* state);
int word_phase(lua_State* state);
int word_parallel(lua_State* state);
int word_ask(lua_State* state);

}  // namespace snapcore
