// Runbooks that commands write: `restore` and `call` become one, and pass the same gate as any
// other.
#pragma once

#include <optional>
#include <snapcore/value.hpp>
#include <string>
#include <string_view>

namespace snapcore {

// A value as a Lua expression; an artifact to ask for becomes source "NAME":stat { ref = "..." }.
std::string lua_literal(const Value& value);

struct RestoreWish {
  std::string target;
  std::string source;
  std::string kind;                   // of the artifact; "" for any
  std::optional<std::string> before;  // newest not after this time
  std::optional<std::string> ref;     // this very artifact
  Value args = Value::object();       // more arguments of restore
};
std::string restore_runbook(const RestoreWish& wish);

std::string call_runbook(std::string_view instance, std::string_view operation, const Value& args);

}  // namespace snapcore
