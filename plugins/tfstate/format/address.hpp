// The addresses in a state: of modules, resources, providers. Checked, not taken apart: what they
// name is compared as text.
#pragma once

#include <string>
#include <string_view>

namespace tfstate {

// module.a["x"].module.b[0]; the empty text is the root module.
bool is_module(std::string_view text);

// provider["host/namespace/type"].alias, the old provider.type.alias, and both inside of a module.
bool is_provider(std::string_view text);

// [module...].[data.]type.name, with or without keys.
bool is_resource(std::string_view text);

// What the tools take for the version of a tool: 1.9.0, 1.10.0-rc1+build, v0.14.
bool is_version(std::string_view text);

// module.a.data.type.name, as people and tools write it.
std::string resource_address(std::string_view module, bool data, std::string_view type,
                             std::string_view name);
// ["key"], with nothing in it that a terminal would not show.
std::string key_address(std::string_view key);

// A name of JSON as Go compares it with that of a field: without regard to case. Lower case.
std::string folded(std::string_view name);

}  // namespace tfstate
