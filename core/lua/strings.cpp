// string.find, match, gmatch, gsub and rep over the metered matcher.
#include <algorithm>
#include <cstring>
#include <limits>
#include <lua.hpp>
#include <new>

#include "lua/library.hpp"
#include "lua/pattern.hpp"
#include "lua/sandbox.hpp"

namespace snapcore {
namespace {

struct Text {
  const char* begin;
  std::size_t size;
};

Text check_text(lua_State* state, int index) {
  Text text{};
  text.begin = luaL_checklstring(state, index, &text.size);
  return text;
}

Pattern prepare(lua_State* state, Text text, Text pattern) {
  return {text.begin, text.size, pattern.begin, pattern.size, Sandbox::of(state).work_left()};
}

// Charges what the matcher used; raises when it gave up.
void settle(lua_State* state, const Pattern& pattern, std::uint64_t* charged) {
  const std::uint64_t used = pattern.steps_used() - *charged;
  *charged = pattern.steps_used();
  Sandbox::charge(state, pattern.exhausted() ? std::numeric_limits<std::uint64_t>::max() : used);
  if (pattern.problem() != nullptr) luaL_error(state, "%s", pattern.problem());
}

void push_capture(lua_State* state, const Pattern& pattern, int index) {
  const Pattern::Capture& capture = pattern.capture(index);
  if (capture.size == Pattern::kPosition) {
    lua_pushinteger(state, capture.begin - pattern.text_begin() + 1);
  } else if (capture.size == Pattern::kUnfinished) {
    luaL_error(state, "unfinished capture");
  } else {
    lua_pushlstring(state, capture.begin, static_cast<std::size_t>(capture.size));
  }
}

// All captures; the whole match when there are none and `begin` is given.
int push_captures(lua_State* state, const Pattern& pattern, const char* begin, const char* end) {
  if (pattern.captures() == 0 && begin != nullptr) {
    lua_pushlstring(state, begin, static_cast<std::size_t>(end - begin));
    return 1;
  }
  luaL_checkstack(state, pattern.captures(), "too many captures");
  for (int i = 0; i < pattern.captures(); ++i) push_capture(state, pattern, i);
  return pattern.captures();
}

std::size_t start_of(lua_Integer position, std::size_t size) {
  if (position > 0) return static_cast<std::size_t>(position - 1);
  if (position == 0 || position < -static_cast<lua_Integer>(size)) return 0;
  return size - static_cast<std::size_t>(-position);
}

bool is_plain(Text pattern) {
  return std::none_of(pattern.begin, pattern.begin + pattern.size,
                      [](char c) { return c != '\0' && std::strchr("^$*+?.([%-", c) != nullptr; });
}

int find_plain(lua_State* state, Text text, Text wanted, std::size_t from) {
  Sandbox::charge(state, (text.size + wanted.size) / 64);
  const void* found = wanted.size == 0
                          ? text.begin + from
                          : memmem(text.begin + from, text.size - from, wanted.begin, wanted.size);
  if (found == nullptr) {
    lua_pushnil(state);
    return 1;
  }
  const auto at = static_cast<const char*>(found) - text.begin;
  lua_pushinteger(state, at + 1);
  lua_pushinteger(state, at + static_cast<lua_Integer>(wanted.size));
  return 2;
}

int find_or_match(lua_State* state, bool find) {
  const Text text = check_text(state, 1);
  Text pattern = check_text(state, 2);
  const std::size_t from = start_of(luaL_optinteger(state, 3, 1), text.size);
  if (from > text.size) {
    lua_pushnil(state);
    return 1;
  }
  if (find && (lua_toboolean(state, 4) != 0 || is_plain(pattern)))
    return find_plain(state, text, pattern, from);
  const bool anchored = pattern.size > 0 && *pattern.begin == '^';
  if (anchored) pattern = {pattern.begin + 1, pattern.size - 1};
  Pattern matcher = prepare(state, text, pattern);
  std::uint64_t charged = 0;
  const char* at = text.begin + from;
  do {
    const char* end = matcher.match_at(at);
    if (end == nullptr && matcher.problem() == nullptr) continue;
    settle(state, matcher, &charged);
    if (!find) return push_captures(state, matcher, at, end);
    lua_pushinteger(state, at - text.begin + 1);
    lua_pushinteger(state, end - text.begin);
    return push_captures(state, matcher, nullptr, nullptr) + 2;
  } while (at++ < matcher.text_end() && !anchored);
  settle(state, matcher, &charged);
  lua_pushnil(state);
  return 1;
}

int find(lua_State* state) { return find_or_match(state, true); }
int match(lua_State* state) { return find_or_match(state, false); }

// --- gmatch --------------------------------------------------------------------------------------

struct Walk {
  Pattern pattern;
  const char* at;
  const char* last_end;
  std::uint64_t charged;
};

// Upvalues: text and pattern, to keep them alive, and the walk.
int next_match(lua_State* state) {
  auto& walk = *static_cast<Walk*>(lua_touserdata(state, lua_upvalueindex(3)));
  for (; walk.at <= walk.pattern.text_end(); ++walk.at) {
    const char* end = walk.pattern.match_at(walk.at);
    if (walk.pattern.problem() != nullptr) break;
    if (end == nullptr || end == walk.last_end) continue;
    settle(state, walk.pattern, &walk.charged);
    const char* begin = walk.at;
    walk.at = walk.last_end = end;
    return push_captures(state, walk.pattern, begin, end);
  }
  settle(state, walk.pattern, &walk.charged);
  return 0;
}

int gmatch(lua_State* state) {
  const Text text = check_text(state, 1);
  const Text pattern = check_text(state, 2);
  const std::size_t from =
      std::min(start_of(luaL_optinteger(state, 3, 1), text.size), text.size + 1);
  lua_settop(state, 2);
  void* memory = lua_newuserdatauv(state, sizeof(Walk), 0);
  new (memory) Walk{prepare(state, text, pattern), text.begin + from, nullptr, 0};
  lua_pushcclosure(state, next_match, 3);
  return 1;
}

// --- gsub ----------------------------------------------------------------------------------------

void add_template(lua_State* state, const Pattern& matcher, luaL_Buffer* out, const char* begin,
                  const char* end) {
  const Text with = check_text(state, 3);
  for (std::size_t i = 0; i < with.size; ++i) {
    if (with.begin[i] != '%') {
      luaL_addchar(out, with.begin[i]);
      continue;
    }
    const char next = ++i < with.size ? with.begin[i] : '\0';
    const int index = next - '1';
    if (next == '%' && i < with.size) {
      luaL_addchar(out, '%');
    } else if (next == '0' || (index == 0 && matcher.captures() == 0)) {
      luaL_addlstring(out, begin, static_cast<std::size_t>(end - begin));
    } else if (index >= 0 && index < 9) {
      if (index >= matcher.captures()) {
        luaL_error(state, "invalid capture index %%%d in replacement string", index + 1);
      }
      push_capture(state, matcher, index);
      luaL_tolstring(state, -1, nullptr);  // a position becomes its digits
      lua_remove(state, -2);
      luaL_addvalue(out);
    } else {
      luaL_error(state, "invalid use of '%%' in replacement string");
    }
  }
}

// True when the match was replaced by something else than itself.
void add_replacement(lua_State* state, const Pattern& matcher, luaL_Buffer* out, const char* begin,
                     const char* end) {
  const int type = lua_type(state, 3);
  if (type == LUA_TFUNCTION) {
    lua_pushvalue(state, 3);
    lua_call(state, push_captures(state, matcher, begin, end), 1);
  } else if (type == LUA_TTABLE) {
    if (matcher.captures() == 0) {
      lua_pushlstring(state, begin, static_cast<std::size_t>(end - begin));
    } else {
      push_capture(state, matcher, 0);
    }
    lua_gettable(state, 3);
  } else {
    add_template(state, matcher, out, begin, end);
    return;
  }
  if (lua_toboolean(state, -1) == 0) {
    lua_pop(state, 1);
    luaL_addlstring(out, begin, static_cast<std::size_t>(end - begin));
  } else if (lua_isstring(state, -1) == 0) {
    luaL_error(state, "invalid replacement value (a %s)", luaL_typename(state, -1));
  } else {
    luaL_addvalue(out);
  }
}

int gsub(lua_State* state) {
  const Text text = check_text(state, 1);
  Text pattern = check_text(state, 2);
  const int type = lua_type(state, 3);
  luaL_argexpected(
      state,
      type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION || type == LUA_TTABLE, 3,
      "string/function/table");
  const lua_Integer limit = luaL_optinteger(state, 4, static_cast<lua_Integer>(text.size) + 1);
  const bool anchored = pattern.size > 0 && *pattern.begin == '^';
  if (anchored) pattern = {pattern.begin + 1, pattern.size - 1};
  Pattern matcher = prepare(state, text, pattern);
  std::uint64_t charged = 0;
  luaL_Buffer out;
  luaL_buffinit(state, &out);
  const char* at = text.begin;
  const char* last_end = nullptr;
  lua_Integer count = 0;
  while (count < limit) {
    const char* end = matcher.match_at(at);
    settle(state, matcher, &charged);
    if (end != nullptr && end != last_end) {
      ++count;
      add_replacement(state, matcher, &out, at, end);
      at = last_end = end;
    } else if (at < matcher.text_end()) {
      luaL_addchar(&out, *at++);
    } else {
      break;
    }
    if (anchored) break;
  }
  luaL_addlstring(&out, at, static_cast<std::size_t>(matcher.text_end() - at));
  luaL_pushresult(&out);
  lua_pushinteger(state, count);
  return 2;
}

// --- rep -----------------------------------------------------------------------------------------

int repeat(lua_State* state) {
  const Text text = check_text(state, 1);
  const lua_Integer count = luaL_checkinteger(state, 2);
  Text between{};
  between.begin = luaL_optlstring(state, 3, "", &between.size);
  const std::size_t each = text.size + between.size;
  if (count <= 0 || each == 0) {
    lua_pushliteral(state, "");
    return 1;
  }
  if (static_cast<std::uint64_t>(count) > std::numeric_limits<std::int32_t>::max() / each) {
    return luaL_error(state, "resulting string too large");
  }
  const std::size_t total = each * static_cast<std::size_t>(count) - between.size;
  Sandbox::charge(state, static_cast<std::uint64_t>(count) / 8);
  luaL_Buffer out;
  char* into = luaL_buffinitsize(state, &out, total);
  for (lua_Integer i = 0; i < count; ++i) {
    std::memcpy(into, text.begin, text.size);
    into += text.size;
    if (between.size == 0 || i + 1 == count) continue;
    std::memcpy(into, between.begin, between.size);
    into += between.size;
  }
  luaL_pushresultsize(&out, total);
  return 1;
}

}  // namespace

void replace_in_string(lua_State* state) {
  constexpr luaL_Reg kFunctions[] = {{"find", find},    {"match", match}, {"gmatch", gmatch},
                                     {"gsub", gsub},    {"rep", repeat},  {"format", format_text},
                                     {nullptr, nullptr}};
  keep_format(state);
  luaL_setfuncs(state, kFunctions, 0);
}

}  // namespace snapcore
