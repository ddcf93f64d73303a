#include "lua/globals.hpp"

#include <lua.hpp>
#include <map>

#include "lua/compiled.hpp"
#include "lua/sandbox.hpp"

namespace snapcore {
namespace {

// The instructions that matter, by their numbers in Lua 5.4.
constexpr unsigned kLoadConstant = 3, kGetUpvalue = 9, kGetGlobal = 11, kGetIndexed = 12,
                   kSetGlobal = 15, kSetIndexed = 16, kCall = 68, kTailCall = 69;

struct Instruction {
  unsigned operation, a, b, c, bx;
};

Instruction decode(std::uint32_t word) {
  return {word & 0x7f, word >> 7 & 0xff, word >> 16 & 0xff, word >> 24, word >> 15};
}

// Finds the uses in one function. A name that is among the first 256 constants is an operand of
// the access itself; any other one, and then the environment too, is loaded into a register first.
class Finder {
 public:
  Finder(const CompiledFunction& function, const std::vector<bool>& environments,
         std::vector<GlobalUse>& uses)
      : function_(function), environments_(environments), uses_(uses) {}

  void run() {
    for (at_ = 0; at_ < function_.code.size(); ++at_) look(decode(function_.code[at_]));
  }

 private:
  void look(const Instruction& is) {
    switch (is.operation) {
      case kGetGlobal:
        if (is_environment(is.b)) read(constant(is.c), is.a);
        break;
      case kSetGlobal:
        if (is_environment(is.a)) add(constant(is.b), true);
        return;  // A is an upvalue here
      case kGetIndexed:
        if (loaded_.count(is.b) != 0) read(loaded_text(is.b, is.c), is.a);
        break;
      case kSetIndexed:
        if (loaded_.count(is.a) != 0) add(loaded_text(is.a, is.b), true);
        return;  // A is read, not written
      default: break;
    }
    loaded_.erase(is.a);
    texts_.erase(is.a);
    if (is.operation == kGetUpvalue && is_environment(is.b)) loaded_[is.a] = true;
    if (is.operation == kLoadConstant && constant(is.bx) != nullptr) texts_[is.a] = constant(is.bx);
  }

  bool is_environment(unsigned upvalue) const {
    return upvalue < environments_.size() && environments_[upvalue];
  }

  const std::string* constant(unsigned index) const {
    if (index >= function_.constants.size() || !function_.constants[index]) return nullptr;
    return &*function_.constants[index];
  }

  // A name of the compiler's own always stands right behind the environment.
  const std::string* loaded_text(unsigned table, unsigned key) const {
    const auto found = texts_.find(key);
    return key == table + 1 && found != texts_.end() ? found->second : nullptr;
  }

  void add(const std::string* name, bool written) {
    if (name == nullptr) return;
    uses_.push_back({.name = *name, .line = function_.lines[at_], .written = written});
  }

  void read(const std::string* name, unsigned into) {
    if (name == nullptr) return;
    add(name, false);
    if (at_ + 2 >= function_.code.size()) return;
    const Instruction next = decode(function_.code[at_ + 1]);
    const Instruction call = decode(function_.code[at_ + 2]);
    const bool literal =
        next.operation == kLoadConstant && next.a == into + 1 && constant(next.bx) != nullptr &&
        (call.operation == kCall || call.operation == kTailCall) && call.a == into && call.b == 2;
    if (literal) uses_.back().text = *constant(next.bx);
  }

  const CompiledFunction& function_;
  const std::vector<bool>& environments_;
  std::vector<GlobalUse>& uses_;
  std::size_t at_ = 0;
  std::map<unsigned, bool> loaded_;  // registers that hold the environment
  std::map<unsigned, const std::string*> texts_;
};

// `environments`: which of its upvalues are the environment of the text, and not a local _ENV.
void find_uses(const CompiledFunction& function, const std::vector<bool>& environments,
               std::vector<GlobalUse>& uses) {
  Finder(function, environments, uses).run();
  for (const CompiledFunction& inner : function.inner) {
    std::vector<bool> inherited;
    for (const CompiledFunction::Upvalue& upvalue : inner.upvalues) {
      inherited.push_back(!upvalue.of_stack && upvalue.index < environments.size() &&
                          environments[upvalue.index]);
    }
    find_uses(inner, inherited, uses);
  }
}

struct Compilation {
  const std::string& file;
  const std::string& text;
  std::string chunk = {};
};

int write_chunk(lua_State*, const void* bytes, std::size_t size, void* into) {
  try {
    static_cast<Compilation*>(into)->chunk.append(static_cast<const char*>(bytes), size);
    return 0;
  } catch (...) {
    return 1;
  }
}

int compile(lua_State* state) {
  auto* work = static_cast<Compilation*>(lua_touserdata(state, 1));
  load_text(state, work->file.c_str(), work->text.data(), work->text.size());
  if (lua_dump(state, write_chunk, work, 0) != 0) return luaL_error(state, "no memory");
  return 0;
}

}  // namespace

Result<std::vector<GlobalUse>> global_uses(const std::string& file, const std::string& text) {
  Sandbox sandbox({});
  Compilation work{file, text};
  if (auto compiled = sandbox.protect(compile, &work); !compiled) return fail(compiled.error());
  const auto main = read_chunk(work.chunk);
  if (!main) {
    return fail({.code = "lua.unknown_format",
                 .message = "what this Lua compiles " + file + " to cannot be read",
                 .category = Category::kInternal});
  }
  std::vector<GlobalUse> uses;
  find_uses(*main, {true}, uses);
  return uses;
}

}  // namespace snapcore
