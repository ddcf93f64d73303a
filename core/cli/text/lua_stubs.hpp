// What an editor needs to know runbooks: the words and the operations of plugins as annotations of
// the Lua language server, and its settings.
#pragma once

#include <string>
#include <vector>

#include "plugin/manifest.hpp"

namespace snapcore {

// An instance of the site, so that source "backups" is known to be of its plugin.
struct StubInstance {
  std::string name;
  std::string plugin;
};

// The first line of what is generated, and of nothing else: a file that begins so may be replaced.
inline constexpr std::string_view kStubsMark = "---@meta snapcore";

// A Lua chunk that does nothing: one class a plugin with a method an operation, their arguments and
// results as classes, and the words.
std::string lua_stubs(const std::vector<const Manifest*>& manifests,
                      const std::vector<StubInstance>& instances);

// A .luarc.json for the folder that the stubs stand in.
std::string luarc();

}  // namespace snapcore
