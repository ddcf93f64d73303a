// Which globals a text uses, wherever they stand in it: also in code that never runs.
//
// Lua compiles the text and the functions it made are read: a name that is no local one is a field
// of the environment there. So scopes are what Lua says they are, and nobody parses Lua twice.
#pragma once

#include <optional>
#include <snapcore/error.hpp>
#include <string>
#include <vector>

struct lua_State;

namespace snapcore {

struct GlobalUse {
  std::string name;
  int line = 0;
  bool written = false;
  std::optional<std::string> text = {};  // of a call with one literal text: source "backups"
};

// In the order of the functions, each after the one it stands in. `file` is the name people know
// the text by. "lua.syntax" with FILE:LINE; "lua.unknown_format" when this Lua compiles to
// something else than what is read here.
Result<std::vector<GlobalUse>> global_uses(const std::string& file, const std::string& text);

// The names of all globals that scripts of this state see. Raises only for lack of memory.
void list_globals(lua_State* state, std::vector<std::string>& names);

}  // namespace snapcore
