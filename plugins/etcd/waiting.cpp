#include "waiting.hpp"

#include <algorithm>
#include <thread>

#include "observe.hpp"

namespace etcd {
namespace {

using snapcore::Category;
using snapcore::fail;
using Clock = std::chrono::steady_clock;

constexpr auto kPause = std::chrono::milliseconds(100);
constexpr auto kOneQuestion = std::chrono::milliseconds(2000);
constexpr auto kBetweenWords = std::chrono::seconds(15);

struct Waited {
  std::string name;
  bool healthy = false;
  std::string why = "it was not asked yet";
};

void ask(const Target& target, Waited& waited, const Watch& watch) {
  const TargetMember* member = target.find(waited.name);
  if (waited.healthy || !member) return;
  const auto health = gateway_of(*member, target, watch.cancelled, kOneQuestion).health();
  waited.healthy = health && health->healthy;
  if (!health) {
    waited.why = health.error().message;
  } else if (!health->healthy) {
    waited.why = "it answers that it is not healthy" +
                 (health->reason.empty() ? "" : " (" + health->reason + ")");
  }
}

std::string list_of_unhealthy(const std::vector<Waited>& all) {
  std::string text;
  for (const Waited& waited : all) {
    if (!waited.healthy) text += "; " + waited.name + ": " + waited.why;
  }
  return text;
}

}  // namespace

StillWaiting::StillWaiting() : begun_(Clock::now()), said_(begun_) {}

void StillWaiting::say(const Watch& watch, const std::string& why) {
  const auto now = Clock::now();
  if (now - said_ < kBetweenWords) return;
  said_ = now;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - begun_).count();
  watch.say("after " + std::to_string(seconds) + " s still waiting" + why);
}

Result<> pause_between_questions(const Watch& watch) {
  if (watch.cancelled()) {
    return fail({.code = "etcd.interrupted",
                 .message = "stopped as asked, while waiting for the members",
                 .category = Category::kTransient,
                 .outcome = snapcore::Outcome::kMayHaveHappened});
  }
  std::this_thread::sleep_for(kPause);
  return {};
}

Result<> wait_until_healthy(const Target& target, const std::vector<std::string>& names,
                            std::chrono::milliseconds patience, const Watch& watch) {
  const auto deadline = Clock::now() + patience;
  std::vector<Waited> all;
  for (const std::string& name : names) all.push_back({.name = name});
  std::size_t healthy = 0;
  StillWaiting waiting;
  for (;;) {
    side_by_side(all.size(), [&](std::size_t i) { ask(target, all[i], watch); });
    const auto now = static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [](const Waited& waited) { return waited.healthy; }));
    if (now > healthy)
      watch.say(std::to_string(now) + " of " + counted(all.size(), "member") + " healthy");
    healthy = now;
    if (healthy == all.size()) return {};
    if (Clock::now() >= deadline) break;
    waiting.say(watch, list_of_unhealthy(all));
    if (auto go = pause_between_questions(watch); !go) return go;
  }
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience).count();
  return fail({.code = "etcd.not_healthy",
               .message = "after " + std::to_string(seconds) + " s " + std::to_string(healthy) +
                          " of " + counted(all.size(), "member") + " answered healthy" +
                          list_of_unhealthy(all),
               .hint = "look at the members' logs",
               .category = Category::kTransient,
               .outcome = snapcore::Outcome::kHappened});
}

}  // namespace etcd
