// Options that everything which plans or runs shares.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/options.hpp"
#include "engine/planner.hpp"
#include "site/site.hpp"

namespace snapcore {

inline constexpr Option kSetOption = {"set", "K=V", "a parameter of the runbook", true};
inline constexpr Option kWaiveOption = {
    "waive", "GUARD=REASON",
    "go past age, destroys, hash, identity, healthy, lock, space or version; stands in the plan",
    true};
inline constexpr Option kAcceptLossOption = {
    "accept-loss", "TARGET", "accept by name what cannot be undone there; stands in the plan",
    true};
inline constexpr Option kAnswerOption = {
    "answer", "NAME=VALUE", "what to answer when the runbook asks NAME, or its number", true};
inline constexpr Option kYesOption = {
    "yes", "", "approve without being asked; answers nothing that needs a person"};
inline constexpr Option kApproveOption = {"approve", "DIGEST",
                                          "approve the plan of this digest, 12 digits or more"};
inline constexpr Option kOnFailureOption = {"on-failure", "WHAT",
                                            "rollback, hold or continue; else the site's policy"};
inline constexpr Option kDryRunOption = {"dry-run", "",
                                         "plan, show the plan, and write nothing anywhere"};

inline constexpr Option kLockWaitOption = {"lock-wait", "TIME",
                                           "wait so long for what another run holds: 10m, 1h"};
inline constexpr Option kBreakLeaseOption = {
    "break-lease", "NUMBER",
    "take what another run holds away from it; the refusal prints the number", true};

inline constexpr std::array kLeaseOptions = {kLockWaitOption, kBreakLeaseOption};
inline constexpr std::array kPlanningOptions = {kSetOption, kWaiveOption, kAcceptLossOption,
                                                kAnswerOption};
inline constexpr std::array kApprovalOptions = {kYesOption, kApproveOption, kOnFailureOption,
                                                kLockWaitOption, kBreakLeaseOption};
inline constexpr std::array kRunOptions = {
    kSetOption, kWaiveOption,   kAcceptLossOption, kAnswerOption,   kDryRunOption,
    kYesOption, kApproveOption, kOnFailureOption,  kLockWaitOption, kBreakLeaseOption};

// For leases on what is acted upon.
struct LeaseWish {
  std::chrono::seconds wait{0};
  std::vector<std::uint64_t> breaking = {};
};
Result<LeaseWish> lease_wish(const Options& options);

struct RunWish {
  std::map<std::string, std::string> params = {};
  std::vector<Waiver> waivers = {};
  std::vector<std::string> accept_loss = {};
  std::map<std::string, std::string> answers = {};  // by the name of the question
  bool dry_run = false;
  bool yes = false;
  std::optional<std::string> approve = {};
  std::optional<OnFailure> on_failure = {};
  LeaseWish leases = {};
};

Result<RunWish> run_wish(const Options& options);

// The planning options as they were typed, for commands to type next.
std::string typed_again(const RunWish& wish);

}  // namespace snapcore
