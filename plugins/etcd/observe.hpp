// What the members say about themselves, asked side by side.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gateway.hpp"
#include "target.hpp"

namespace etcd {

// How long one question to one member may take when nobody waits for the member to come up.
inline constexpr std::chrono::milliseconds kShortPatience = std::chrono::seconds(4);

struct Observation {
  std::optional<ServerHealth> health;
  std::optional<ServerStatus> status;
  std::optional<MemberList> members;
  std::string version;                     // empty when it did not say
  std::optional<snapcore::Error> problem;  // the first question that was not answered

  bool answers() const { return health || status || !version.empty(); }
  bool healthy() const { return health && health->healthy; }
};

enum class Depth { kHealth, kEverything };

// Calls `ask` for every member at the same time; results in the site's order.
std::vector<Observation> observe(const Target& target, Depth depth,
                                 const std::function<bool()>& cancelled,
                                 std::chrono::milliseconds patience = kShortPatience);

// All that observe() tells, asked when it is first wanted, and once.
class Sight {
 public:
  Sight(const Target& target, std::function<bool()> cancelled)
      : target_(target), cancelled_(std::move(cancelled)) {}

  const std::vector<Observation>& members() {
    if (!seen_) seen_ = observe(target_, Depth::kEverything, cancelled_);
    return *seen_;
  }

 private:
  const Target& target_;
  std::function<bool()> cancelled_;
  std::optional<std::vector<Observation>> seen_;
};

Gateway gateway_of(const TargetMember& member, const Target& target,
                   const std::function<bool()>& cancelled,
                   std::chrono::milliseconds patience = kShortPatience);

// Runs `work(index)` for 0 .. count-1, each on its own thread, and waits for all.
void side_by_side(std::size_t count, const std::function<void(std::size_t)>& work);

}  // namespace etcd
