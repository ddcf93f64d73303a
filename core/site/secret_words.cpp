#include "site/secret_words.hpp"

#include <lua.hpp>

#include "lua/failure.hpp"
#include "lua/read.hpp"
#include "lua/sandbox.hpp"

namespace snapcore {
namespace {

const Slot kReference{"secret"};

struct Reference : Work {
  std::string text;
};

int secret_env(lua_State* state) {
  const char* name = luaL_checkstring(state, 1);
  luaL_argcheck(state, *name != '\0', 1, "the name of an environment variable is expected");
  new_box<Reference>(state, kReference).text.append("env:").append(name);
  return 1;
}

int secret_file(lua_State* state) {
  const char* path = luaL_checkstring(state, 1);
  luaL_argcheck(state, *path == '/', 1, "an absolute path is expected");
  new_box<Reference>(state, kReference).text.append("file:").append(path);
  return 1;
}

bool is_command(const Value& argv) {
  if (!argv.is_array() || argv.items().empty() || argv.items()[0].view().empty()) return false;
  for (const Value& word : argv.items()) {
    if (!word.is_string() || word.view().find('\0') != std::string_view::npos) return false;
  }
  return true;
}

int secret_command(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  auto& reference = new_box<Reference>(state, kReference);
  guarded(reference.failed, [&] {
    auto argv = read_value(state, 1, Value(), "the command");
    if (argv && is_command(*argv)) {
      reference.text = "command:" + argv->dump();
    } else {
      reference.failed =
          Error{.code = "site.invalid",
                .message = "secret.command takes the program and its arguments as a list of texts",
                .hint = "write secret.command { \"/usr/bin/program\", \"argument\" }"};
    }
  });
  return reference.failed ? raise_work(state, -1, reference) : 1;
}

}  // namespace

void define_secret_words(lua_State* state) {
  define_box(state, kReference, {});
  lua_newtable(state);
  constexpr luaL_Reg kWords[] = {
      {"env", secret_env}, {"file", secret_file}, {"command", secret_command}, {nullptr, nullptr}};
  luaL_setfuncs(state, kWords, 0);
  define_global(state, "secret");
}

Result<Value> read_secret_reference(lua_State* state, int index, int) {
  const auto* reference = static_cast<const Reference*>(box_at(state, index, kReference));
  if (reference == nullptr) return fail({.code = "lua.bad_value", .message = "is a userdata"});
  return Value::object({{"$secret", reference->text}});
}

}  // namespace snapcore
