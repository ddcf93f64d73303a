#include "engine/guards.hpp"

#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "catalog/age.hpp"
#include "engine/room.hpp"
#include "site/policy.hpp"

namespace snapcore {
namespace {

std::string list_of_guards() {
  std::string text;
  for (const std::string_view guard : kGuardNames)
    text += (text.empty() ? "" : ", ") + std::string(guard);
  return text;
}

std::string words_of(const Value& value) {
  if (value.is_string()) return value.text();
  if (!value.is_array()) return value.dump();
  std::string text;
  for (const Value& item : value.items()) text += (text.empty() ? "" : ", ") + words_of(item);
  return text.empty() ? "none" : text;
}

}  // namespace

std::string identity_words(const Value& identity) {
  if (!identity.is_object()) return words_of(identity);
  std::string text;
  for (const auto& [name, value] : identity.members())
    text += (text.empty() ? "" : "; ") + name + " " + words_of(value);
  return text;
}

bool is_guard(std::string_view name) {
  return std::find(kGuardNames.begin(), kGuardNames.end(), name) != kGuardNames.end();
}

Result<> check_waivers(const std::vector<Waiver>& waivers, const Policy& policy) {
  for (const Waiver& waiver : waivers) {
    if (!is_guard(waiver.guard)) {
      return fail({.code = "guard.unknown_waiver",
                   .message = "there is no guard '" + waiver.guard + "' to waive",
                   .hint = "guards are: " + list_of_guards()});
    }
    if (waiver.reason.find_first_not_of(" \t\r\n") == std::string::npos) {
      return fail({.code = "guard.waiver_without_reason",
                   .message = "the waiver of '" + waiver.guard + "' gives no reason",
                   .hint = "write --waive " + waiver.guard +
                           "=REASON; the reason stands in plan and journal"});
    }
    if (policy.waivers && std::find(policy.waivers->begin(), policy.waivers->end(), waiver.guard) ==
                              policy.waivers->end()) {
      return fail({.code = "guard.waiver_not_allowed",
                   .message = "the site's policy does not allow to waive '" + waiver.guard + "'",
                   .hint = "policy.waivers in the site lists what may be waived"});
    }
  }
  return {};
}

bool Guards::is_waived(std::string_view guard) const {
  return std::any_of(waivers_.begin(), waivers_.end(),
                     [&](const Waiver& waiver) { return waiver.guard == guard; });
}

void Guards::raise(std::string_view guard, std::string_view target, std::string message) {
  Concern concern{.guard = std::string(guard),
                  .target = std::string(target),
                  .message = std::move(message),
                  .reason = ""};
  for (const Waiver& waiver : waivers_) {
    if (waiver.guard != guard) continue;
    concern.state = Concern::State::kWaived;
    concern.reason = waiver.reason;
  }
  concerns_.push_back(std::move(concern));
}

void Guards::check_age(const PlannedRestore& restore) {
  if (!policy_.max_age) return;
  const std::string ref = restore.artifact.at("ref").text();
  if (!restore.age_seconds) {
    raise("age", restore.target,
          "the age of " + ref + " is not known, and the site allows at most " +
              describe_age(*policy_.max_age));
    return;
  }
  const std::chrono::seconds age(*restore.age_seconds);
  if (age <= *policy_.max_age && !is_ahead(age)) return;
  raise("age", restore.target,
        ref + (is_ahead(age) ? " has " : " is ") + age_in_words(age) +
            ", and the site allows at most " + describe_age(*policy_.max_age));
}

void Guards::check_healthy(const PlannedRestore& restore) {
  if (!restore.healthy_before) return;
  raise("healthy", restore.target,
        restore.target +
            " is healthy now; what was written to it after the backup is lost by this restore");
}

void Guards::check_identity(std::string_view target, const Value& of_artifact,
                            const Value& of_target, const std::vector<std::string>& evidence) {
  if (!of_artifact.is_null() && !of_target.is_null()) {
    if (of_artifact == of_target) return;
    raise("identity", target,
          "the artifact belongs to " + identity_words(of_artifact) + ", and " +
              std::string(target) + " is " + identity_words(of_target));
    return;
  }
  std::string message = "identity not recorded: " +
                        std::string(of_artifact.is_null() ? "the artifact does not say whose it is"
                                                          : "the target cannot say who it is");
  for (const std::string& line : evidence) message += "; " + line;
  Concern concern{
      .guard = "identity", .target = std::string(target), .message = message, .reason = ""};
  if (is_waived("identity") || policy_.unknown_identity == Policy::UnknownIdentity::kRefuse) {
    raise("identity", target, std::move(message));
    return;
  }
  concern.state = policy_.unknown_identity == Policy::UnknownIdentity::kWarn
                      ? Concern::State::kWarned
                      : Concern::State::kAsk;
  concerns_.push_back(std::move(concern));
}

void Guards::check_space(const Plan& plan) {
  for (const auto& [where, place] : room_needed(plan)) {
    const auto wanted = static_cast<std::uint64_t>(
        std::ceil(static_cast<double>(place.needed) * (1.0 + policy_.space_margin)));
    if (wanted <= place.free) continue;
    raise("space", place.instance,
          where + " has " + describe_bytes(place.free) + " free; this needs " +
              describe_bytes(place.needed) + " and a margin of " +
              std::to_string(static_cast<int>(policy_.space_margin * 100 + 0.5)) + " %");
  }
}

}  // namespace snapcore
