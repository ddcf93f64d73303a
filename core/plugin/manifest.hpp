// What a plugin says of itself: the manifest of sdk/doc/abi.md as structs.
#pragma once

#include <cstdint>
#include <optional>
#include <snapcore/error.hpp>
#include <snapcore/value.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace snapcore {

enum class Effect { kRead, kVerify, kChange, kDestroy };
enum class Repeat { kSafe, kKeyed, kProbe, kUnrepeatable, kComposed };
enum class Role { kSource, kTarget };

std::string_view to_text(Effect effect);
std::string_view to_text(Repeat repeat);
std::string_view to_text(Role role);

// An act is a call that a plan must hold: a change or a destroy.
inline bool is_act(Effect effect) {
  return effect == Effect::kChange || effect == Effect::kDestroy;
}

struct UndoRule {
  enum class Kind { kNone, kCompensate, kNested } kind = Kind::kNone;
  std::string reason = {};  // why there is none
};

struct Port {
  std::string name;
  bool in = false;  // the plugin reads it
};

struct Operation {
  std::string name;
  std::string summary;
  std::string since;
  std::uint32_t index = 0;  // its number in the manifest, what the entries are called with
  Effect effect = Effect::kRead;
  Repeat repeat = Repeat::kSafe;
  UndoRule undo;
  Value args;  // JSON Schemas
  Value result;
  Value item;  // null when it emits nothing
  std::vector<Port> ports;
  std::vector<std::string> secrets;
  bool commit_point = false;
  bool concurrent = false;
  bool needs_instance = true;
};

struct Kind {
  std::string kind;
  std::uint64_t offset = 0;
  std::string magic;  // raw bytes
};

struct Manifest {
  std::string id;
  std::string version;
  std::string license;
  std::string summary;
  std::vector<Role> roles;
  std::vector<std::string> offers;
  std::vector<std::string> needs;
  Value config;
  std::vector<Kind> kinds;
  std::vector<Operation> operations;

  const Operation* find(std::string_view operation) const;
  bool has_role(Role role) const;
};

// "plugin.invalid_manifest" names what is wrong: a member, a schema that does not compile, a verb
// of a role that is missing or has the wrong effect, one restore argument with two types.
Result<Manifest> parse_manifest(std::string_view json);

}  // namespace snapcore
