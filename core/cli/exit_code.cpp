#include "cli/exit_code.hpp"

#include <array>
#include <string_view>

namespace snapcore {
namespace {

struct Rule {
  std::string_view begins;  // of the error's code
  ExitCode exit;
};

// The first that fits counts.
constexpr std::array kRules = {
    Rule{"guard.unknown_waiver", ExitCode::kWrongInput},
    Rule{"guard.waiver_without_reason", ExitCode::kWrongInput},
    Rule{"run.interrupted", ExitCode::kInterrupted},
    Rule{"guard.", ExitCode::kRefused},
    Rule{"approval.", ExitCode::kRefused},
    Rule{"plan.changed", ExitCode::kRefused},
    Rule{"plan.already_used", ExitCode::kRefused},
    Rule{"plan.expired", ExitCode::kRefused},
    Rule{"state.locked", ExitCode::kRefused},
    Rule{"lease.", ExitCode::kRefused},
    Rule{"run.over", ExitCode::kRefused},
    Rule{"run.newer_run", ExitCode::kRefused},
    Rule{"run.plugin_changed", ExitCode::kRefused},
    Rule{"plan.", ExitCode::kWrongInput},
    Rule{"runbook.", ExitCode::kWrongInput},
    Rule{"lua.", ExitCode::kWrongInput},
    Rule{"arguments.", ExitCode::kWrongInput},
    Rule{"schema.", ExitCode::kWrongInput},
    Rule{"json.", ExitCode::kWrongInput},
    Rule{"site.", ExitCode::kWrongInput},
    Rule{"plugin.", ExitCode::kWrongInput},
    Rule{"source.no_such_artifact", ExitCode::kWrongInput},
    Rule{"state.unknown_run", ExitCode::kWrongInput},
};

bool begins_with(std::string_view text, std::string_view beginning) {
  return text.substr(0, beginning.size()) == beginning;
}

}  // namespace

ExitCode exit_code_before_acts(const Error& error) {
  for (const Rule& rule : kRules) {
    if (begins_with(error.code, rule.begins)) return rule.exit;
  }
  // A broken artifact is refused as a guard refuses it: its bytes are not what they should be.
  // What must hold before an act, and does not, refuses as well.
  if (error.category == Category::kCorrupt || error.category == Category::kPrecondition)
    return ExitCode::kRefused;
  return ExitCode::kFailedUntouched;
}

}  // namespace snapcore
