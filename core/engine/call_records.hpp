// The records before and behind a call, as core/journal/FORMAT.md has them.
#pragma once

#include <snapcore/value.hpp>
#include <string>
#include <string_view>

#include "engine/live_call.hpp"

namespace snapcore {

struct Intent {
  std::string_view call;
  const Instance& instance;
  const Operation& operation;
  const Value& args;  // as the plan has them
  std::string_view key;
  int attempt = 1;
  std::string_view parent = "";
};
Value intent_body(const Intent& intent);

// Of "result" or "error".
std::string_view record_type(const LiveCall::Answered& answered);
Value answer_body(std::string_view call, const LiveCall::Answered& answered, double seconds);

}  // namespace snapcore
