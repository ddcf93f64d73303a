// What every function of the host's table does first: may it be called here and now? And last: let
// no exception out.
#pragma once

#include <snapcore/port_digest.h>
#include <snapcore/port_file.h>

#include <exception>

#include "plugin/call.hpp"

namespace snapcore {

// Where a function may be called.
enum Needs : unsigned {
  kThread = 1,        // on the thread of the call
  kRunning = 2,       // not while an instance is created
  kNotPlanning = 4,   // not in plan
  kExecutingAct = 8,  // in execute of a change or a destroy
};

// Why it may not be called, or null.
inline const char* refusal(const sc_call& call, unsigned needs) {
  if ((needs & kThread) && !call.on_its_thread())
    return "called from another thread than its call's";
  if ((needs & kRunning) && call.creating()) return "not available while an instance is created";
  if (call.creating()) return nullptr;
  if ((needs & kNotPlanning) && call.facts.entry == Entry::kPlan) return "not available to plan";
  if ((needs & kExecutingAct) &&
      (call.facts.entry != Entry::kExecute || !is_act(call.facts.operation->effect))) {
    return "only available to execute of a change or a destroy";
  }
  return nullptr;
}

inline constexpr char kNoText[] = "a text with a size and without bytes";

// Runs `work` unless the function may not be called, and keeps exceptions on this side.
template <class Work>
auto guarded(sc_call* call, const char* function, unsigned needs, Work work) noexcept
    -> decltype(work()) {
  using Answer = decltype(work());
  if (!call) return static_cast<Answer>(SC_MISUSE);
  try {
    if (const char* why = refusal(*call, needs))
      return static_cast<Answer>(call->misuse(function, why));
    return work();
  } catch (const std::exception& problem) {
    call->host_failed(function, problem.what());
  } catch (...) {
    call->host_failed(function, "an exception of an unknown type");
  }
  return static_cast<Answer>(SC_ERROR);
}

// The same for functions that answer nothing.
template <class Work>
void guarded_quietly(sc_call* call, const char* function, unsigned needs, Work work) noexcept {
  guarded(call, function, needs, [&]() -> std::int32_t {
    work();
    return SC_OK;
  });
}

inline std::int32_t answer(sc_call& call, const Result<>& done) {
  return done ? call.succeeded() : call.failed(done.error());
}

// The extension "snapcore.port-file/1": host_files.cpp.
const sc_port_file& port_file_table();
// The extension "snapcore.port-digest/1": host_digests.cpp.
const sc_port_digest& port_digest_table();

// The functions that move bytes and those that call other instances: host_streams.cpp.
void fill_streams(sc_host& table);

}  // namespace snapcore
