// Which calls are waiting for the one that runs on this thread.
//
// A plugin that calls another instance waits for it, and the other may call further. A call that
// comes back to an instance of its own chain would wait for itself for ever. The chain follows the
// work on to the threads that streams start, because their calls are waited for just the same.
#pragma once

#include <cstddef>
#include <memory>

namespace snapcore {

class Instance;

struct CallLink {
  const Instance* instance = nullptr;
  bool holds_turn = false;  // other calls of the instance wait until this one is done
  std::shared_ptr<const CallLink> waiting = nullptr;
  std::size_t depth = 1;
};
using CallChain = std::shared_ptr<const CallLink>;

CallChain current_chain();

// Makes `chain` the one of this thread for as long as it lives.
class ChainScope {
 public:
  explicit ChainScope(CallChain chain);
  ~ChainScope();
  ChainScope(const ChainScope&) = delete;
  ChainScope& operator=(const ChainScope&) = delete;

 private:
  CallChain before_;
};

}  // namespace snapcore
