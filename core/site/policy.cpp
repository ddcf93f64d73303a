#include "site/policy.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/clock.hpp"

namespace snapcore {
namespace {

using Approval = Policy::Approval;
using UnknownIdentity = Policy::UnknownIdentity;

template <class Words>
std::string join(const Words& words) {
  std::string text;
  for (const auto word : words) text += (text.empty() ? "" : ", ") + std::string(word);
  return text;
}

tl::unexpected<Misfit> misfit(std::string_view member, std::string problem) {
  return tl::unexpected<Misfit>({"policy." + std::string(member), std::move(problem)});
}

std::string_view to_text(Approval approval) {
  return approval == Approval::kPrompt ? "prompt" : "digest";
}

std::string_view to_text(UnknownIdentity policy) {
  switch (policy) {
    case UnknownIdentity::kAsk: return "ask";
    case UnknownIdentity::kRefuse: return "refuse";
    case UnknownIdentity::kWarn: break;
  }
  return "warn";
}

// One of `choices` by its text; false when the member is there and is none of them.
template <class Enum>
bool choose(const Value& member, std::initializer_list<Enum> choices, Enum& into) {
  if (member.is_null()) return true;
  for (const Enum choice : choices) {
    if (member.is_string() && to_text(choice) == member.view()) {
      into = choice;
      return true;
    }
  }
  return false;
}

tl::expected<std::vector<std::string>, Misfit> read_waivers(const Value& waivers) {
  std::vector<std::string> guards;
  if (!waivers.is_array() && !waivers.members().empty())
    return misfit("waivers", "must be a list of guards");
  if (!waivers.is_array() && !waivers.is_object())
    return misfit("waivers", "must be a list of guards");
  for (const Value& guard : waivers.items()) {
    if (std::find(kGuardNames.begin(), kGuardNames.end(), guard.view()) == kGuardNames.end() ||
        !guard.is_string()) {
      return misfit("waivers", "holds " + guard.dump() + ", which is no guard; guards are " +
                                   join(kGuardNames));
    }
    guards.push_back(guard.text());
  }
  return guards;
}

}  // namespace

std::string_view to_text(OnFailure on_failure) {
  switch (on_failure) {
    case OnFailure::kRollback: return "rollback";
    case OnFailure::kHold: return "hold";
    case OnFailure::kContinue: break;
  }
  return "continue";
}

std::optional<OnFailure> on_failure_from(std::string_view text) {
  for (const OnFailure choice : {OnFailure::kRollback, OnFailure::kHold, OnFailure::kContinue}) {
    if (to_text(choice) == text) return choice;
  }
  return std::nullopt;
}

std::optional<Misfit> unknown_member(const Value& object, const std::string& path,
                                     std::initializer_list<std::string_view> known) {
  for (const auto& [name, member] : object.members()) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    return Misfit{path.empty() ? name : path + "." + name,
                  "is not known here; there are " + join(known)};
  }
  return std::nullopt;
}

tl::expected<Policy, Misfit> read_policy(const Value& policy) {
  Policy read;
  if (policy.is_null()) return read;
  if (!policy.is_object())
    return tl::unexpected<Misfit>({"policy", "must be a table of named members"});
  if (auto unknown = unknown_member(
          policy, "policy",
          {"max_age", "space_margin", "on_failure", "approval", "unknown_identity", "waivers"})) {
    return tl::unexpected<Misfit>(*unknown);
  }
  if (const Value* age = policy.find("max_age")) {
    read.max_age = parse_duration(age->view());
    if (!read.max_age) return misfit("max_age", "must be a duration such as \"26h\" or \"7d\"");
  }
  if (const Value* margin = policy.find("space_margin")) {
    read.space_margin = margin->number_or(-1);
    if (!(read.space_margin >= 0 && read.space_margin <= 10)) {
      return misfit("space_margin",
                    "must be a number from 0 to 10: 0.20 keeps a fifth more free than is needed");
    }
  }
  if (!choose(policy.at("on_failure"),
              {OnFailure::kRollback, OnFailure::kHold, OnFailure::kContinue}, read.on_failure)) {
    return misfit("on_failure", "must be \"rollback\", \"hold\" or \"continue\"");
  }
  if (!choose(policy.at("approval"), {Approval::kPrompt, Approval::kDigest}, read.approval)) {
    return misfit("approval", "must be \"prompt\" or \"digest\"");
  }
  if (!choose(policy.at("unknown_identity"),
              {UnknownIdentity::kAsk, UnknownIdentity::kRefuse, UnknownIdentity::kWarn},
              read.unknown_identity)) {
    return misfit("unknown_identity", "must be \"ask\", \"refuse\" or \"warn\"");
  }
  if (const Value* waivers = policy.find("waivers")) {
    auto guards = read_waivers(*waivers);
    if (!guards) return tl::unexpected<Misfit>(guards.error());
    read.waivers = std::move(*guards);
  }
  return read;
}

Value to_value(const Policy& policy) {
  Value value = Value::object({{"space_margin", policy.space_margin},
                               {"on_failure", to_text(policy.on_failure)},
                               {"approval", to_text(policy.approval)},
                               {"unknown_identity", to_text(policy.unknown_identity)}});
  if (policy.max_age) value["max_age"] = policy.max_age->count();
  if (policy.waivers) {
    Value guards = Value::array();
    for (const auto& guard : *policy.waivers) guards.push_back(guard);
    value["waivers"] = std::move(guards);
  }
  return value;
}

}  // namespace snapcore
