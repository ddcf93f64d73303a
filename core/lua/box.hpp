// C++ objects owned by Lua.
//
// Lua may leave a C function at any call that raises. Whatever has a destructor therefore lives in
// a userdata whose __gc runs it. A binding works in three parts: it reads its arguments (may raise,
// nothing to destroy), works inside guarded() on members of a box (no Lua API that may raise), and
// pushes what is in the box.
#pragma once

#include <exception>
#include <new>
#include <optional>
#include <snapcore/error.hpp>
#include <type_traits>

struct lua_State;

namespace snapcore {

struct Box {
  virtual ~Box() = default;
};

// For metatables and hidden slots: the address is the name.
struct Slot {
  const char* name;
};

// One function of a metatable.
struct Metamethod {
  const char* event;
  int (*function)(lua_State*);
};

// Makes the metatable of a kind of box: sealed, with the destructor as __gc. Raises.
void define_box(lua_State* state, const Slot& kind, std::initializer_list<Metamethod> metamethods);

// The box at `index` when it is of this kind, else null. Never raises.
Box* box_at(lua_State* state, int index, const Slot& kind);

// Any box, of the default kind, that scripts never see.
extern const Slot kPlainBox;

void* new_box_memory(lua_State* state, std::size_t size, int user_values);
void seal_box(lua_State* state, const Slot& kind);

// Pushes a new box. Raises only before the object exists.
template <class T>
T& new_box(lua_State* state, const Slot& kind = kPlainBox, int user_values = 0) {
  static_assert(std::is_base_of_v<Box, T> && alignof(T) <= alignof(void*));
  T* object = new (new_box_memory(state, sizeof(T), user_values)) T();
  seal_box(state, kind);
  return *object;
}

// Runs the part of a binding that makes no raising Lua calls; what is thrown there becomes `error`.
template <class Work>
void guarded(std::optional<Error>& error, Work work) noexcept {
  try {
    work();
  } catch (const std::exception& problem) {
    error =
        Error{.code = "lua.internal", .message = problem.what(), .category = Category::kInternal};
  } catch (...) {
    error = Error{
        .code = "lua.internal", .message = "an unknown exception", .category = Category::kInternal};
  }
}

}  // namespace snapcore
