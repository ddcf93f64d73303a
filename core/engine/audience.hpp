// Those who watch a run: a person at a terminal, a log, a program reading JSON lines.
#pragma once

#include <cstdint>
#include <snapcore/error.hpp>
#include <string_view>

#include "engine/plan.hpp"

namespace snapcore {

class Audience {
 public:
  virtual ~Audience() = default;
  virtual void step_began(std::string_view /*name*/) {}
  virtual void step_ended(std::string_view /*name*/) {}
  virtual void call_began(const PlannedCall& /*call*/) {}
  // A few times a second at most, while the call runs from a thread that is not its own.
  virtual void call_progress(const PlannedCall& /*call*/, std::uint64_t /*done*/,
                             std::uint64_t /*total*/, std::string_view /*message*/) {}
  // It has nothing new to say. As often as call_progress.
  virtual void call_goes_on(const PlannedCall& /*call*/) {}
  virtual void call_done(const PlannedCall& /*call*/, const Value& /*result*/) {}
  // It was done before this run was gone on with, and is not done again.
  virtual void call_remembered(const PlannedCall& /*call*/) {}
  virtual void call_failed(const PlannedCall& /*call*/, const Error& /*error*/) {}
  virtual void undo_began(const PlannedCall& /*call*/) {}
  virtual void undo_done(const PlannedCall& /*call*/) {}
  virtual void undo_failed(const PlannedCall& /*call*/, const Error& /*error*/) {}
  virtual void note(std::string_view /*text*/, const Line& /*line*/) {}
  virtual void log(int /*level*/, std::string_view /*instance*/, std::string_view /*message*/) {}
};

}  // namespace snapcore
