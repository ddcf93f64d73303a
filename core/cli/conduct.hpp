// Conducting a run: plan, show, approve, execute, report. `run`, `apply`, `restore` and `call`
// differ in where their runbook comes from, and in nothing else.
#pragma once

#include <optional>
#include <string>

#include "cli/command.hpp"
#include "cli/open_site.hpp"
#include "cli/plan_file.hpp"
#include "cli/planning.hpp"
#include "cli/run_options.hpp"

namespace snapcore {

struct Errand {
  Runbook runbook;
  std::string asked = {};  // the runbook's path, or what was asked for instead
  RunWish wish = {};
  std::string again = {};  // the command without its approval: "snapcore run restore.lua"
};

// Plans and changes nothing. `like` is a plan that is made again: it gives now, uuid and the seed;
// `past` is what was done under it.
Result<Plan> plan_errand(Invocation& invocation, OpenSite& site, const Errand& errand,
                         const Plan* like = nullptr, const History* past = nullptr);

// As text on stdout or stderr, or as an event.
enum class ShowPlanOn { kStdout, kStderr };
void show_plan(Invocation& invocation, const OpenSite& site, const Errand& errand, const Plan& plan,
               ShowPlanOn where, std::vector<std::string> next);

// The plan is only shown: what a guard refuses, and what another run holds.
Result<> check_shown(Invocation& invocation, const Errand& errand, const Plan& plan);

// Everything after the plan: promises, approval, execution, report. A saved plan is marked as used.
enum class PlanIs { kFresh, kSaved };
Result<ExitCode> approve_and_execute(Invocation& invocation, OpenSite& site, const Errand& errand,
                                     const Plan& plan, PlanIs which);

// All of it; with --dry-run it ends with the plan.
Result<ExitCode> conduct(Invocation& invocation, OpenSite& site, const Errand& errand);

}  // namespace snapcore
