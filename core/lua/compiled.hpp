// What lua_dump() writes, read back: the binary chunk of Lua 5.4.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace snapcore {

struct CompiledFunction {
  struct Upvalue {
    bool of_stack = false;  // a local of the function around it; else an upvalue of that
    std::uint8_t index = 0;
  };

  std::vector<std::uint32_t> code;
  std::vector<int> lines;                             // one an instruction
  std::vector<std::optional<std::string>> constants;  // those that are texts
  std::vector<Upvalue> upvalues;
  std::vector<CompiledFunction> inner;
};

// The main function; nothing when these are not the bytes of a chunk of Lua 5.4.
std::optional<CompiledFunction> read_chunk(std::string_view bytes);

}  // namespace snapcore
