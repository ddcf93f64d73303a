#include "lua/gives.hpp"

#include <algorithm>
#include <lua.hpp>

#include "lua/compiled.hpp"

namespace snapcore {
namespace {

// Instructions by their numbers in Lua 5.4. A return has one more than its values in B, 0 for any
// number of them.
constexpr std::uint32_t kTailCall = 69, kReturn = 70, kReturnOne = 72;

bool gives(std::uint32_t instruction) {
  const std::uint32_t operation = instruction & 0x7f;
  if (operation == kReturn) return (instruction >> 16 & 0xff) != 1;
  return operation == kTailCall || operation == kReturnOne;
}

int append(lua_State*, const void* bytes, std::size_t size, void* into) {
  try {
    static_cast<std::string*>(into)->append(static_cast<const char*>(bytes), size);
    return 0;
  } catch (...) {
    return 1;
  }
}

bool compiled_gives(const std::string& chunk) noexcept {
  try {
    const auto function = read_chunk(chunk);
    return !function || std::any_of(function->code.begin(), function->code.end(), gives);
  } catch (...) {
    return true;
  }
}

}  // namespace

bool may_give_something(lua_State* state, int function) {
  if (lua_iscfunction(state, function) != 0) return true;
  std::string chunk;
  lua_pushvalue(state, function);
  const int failed = lua_dump(state, append, &chunk, 1);
  lua_pop(state, 1);
  return failed != 0 || compiled_gives(chunk);
}

}  // namespace snapcore
