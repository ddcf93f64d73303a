// The turn at an instance: one call at a time, unless the operation is concurrent.
//
// A call that has its turn may call other instances and wait for theirs. Two such calls from two
// branches of a run could each wait for what the other has, for ever; the one that would close the
// circle is refused.
#pragma once

#include <snapcore/error.hpp>
#include <string>

#include "plugin/call_chain.hpp"

namespace snapcore {

class InstanceTurn {
 public:
  // Waits for it. `chain` is that of the call which wants it, with its own link first.
  // "plugin.crossed_calls" when whoever has it waits for this chain.
  Result<> take(const CallChain& chain, const std::string& who);
  void give();

 private:
  const CallLink* holder_ = nullptr;

  friend struct InstanceTurns;
};

}  // namespace snapcore
