#include "plugin/instance_turn.hpp"

#include <algorithm>
#include <condition_variable>
#include <list>
#include <mutex>

namespace snapcore {

// Of the whole process: who waits for what can only be told by looking at all of them.
struct InstanceTurns {
  struct Waiting {
    CallChain chain;
    const InstanceTurn* wanted;
  };
  std::mutex mutex;
  std::condition_variable given;
  std::list<Waiting> waiting;

  static InstanceTurns& all() {
    static InstanceTurns turns;
    return turns;
  }

  static bool holds(const CallChain& chain, const CallLink* link) {
    for (const CallLink* mine = chain.get(); mine; mine = mine->waiting.get()) {
      if (mine == link) return true;
    }
    return false;
  }

  // The call that has this turn, or one that it waits for, waits for what `chain` has. No circle is
  // ever closed, so this comes to an end.
  bool waits_for(const InstanceTurn& turn, const CallChain& chain) const {
    return std::any_of(waiting.begin(), waiting.end(), [&](const Waiting& other) {
      return holds(other.chain, turn.holder_) &&
             (holds(chain, other.wanted->holder_) || waits_for(*other.wanted, chain));
    });
  }
};

Result<> InstanceTurn::take(const CallChain& chain, const std::string& who) {
  InstanceTurns& turns = InstanceTurns::all();
  std::unique_lock lock(turns.mutex);
  const auto mine = turns.waiting.insert(turns.waiting.end(), {chain, this});
  bool crossed = false;
  turns.given.wait(lock, [&] {
    crossed = holder_ != nullptr && turns.waits_for(*this, chain);
    return crossed || holder_ == nullptr;
  });
  turns.waiting.erase(mine);
  if (crossed) {
    return fail({.code = "plugin.crossed_calls",
                 .message = who + " would wait for a call that waits for this one: two calls that "
                                  "run at the same time go through each other's instances",
                 .hint = "let one branch of the parallel make both, or put a retry around it",
                 .category = Category::kTransient});
  }
  holder_ = chain.get();
  return {};
}

void InstanceTurn::give() {
  InstanceTurns& turns = InstanceTurns::all();
  {
    const std::lock_guard lock(turns.mutex);
    holder_ = nullptr;
  }
  turns.given.notify_all();
}

}  // namespace snapcore
