// One running call: what the plugin may ask of the core while it runs.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "engine/audience.hpp"
#include "engine/instances.hpp"
#include "engine/plan.hpp"
#include "engine/turns.hpp"
#include "plugin/host.hpp"
#include "plugin/stream.hpp"

namespace snapcore {

// What an input that a call opened has brought so far.
struct OpenedInput {
  Value artifact;
  std::uint64_t offset = 0;
  Passed passed;
};

// A call that a plugin makes through another instance; the streams are null where it has none.
struct NestedRequest {
  std::string_view instance;
  std::string_view operation;
  Value args;
  std::string_view label;
  InputStream* input = nullptr;
  OutputStream* output = nullptr;
};

struct LiveCall {
  Instances& instances;
  Instance& instance;
  const Operation& operation;
  Entry entry = Entry::kExecute;

  // Facts of the call; empty while planning.
  std::string run_id = {};
  std::string call_id = {};
  std::string key = {};
  std::string started = {};
  int attempt = 1;
  Value checkpoint = {};  // of an earlier attempt

  Audience* audience = nullptr;
  const PlannedCall* shown_as = nullptr;  // for progress; may be null
  const std::atomic<bool>* cancelled = nullptr;
  std::filesystem::path scratch_root = {};  // empty: no scratch directories

  // Given away while the plugin runs, and taken for what it asks back. Null: nobody waits for it.
  Turn* turn = nullptr;

  // Left empty, the plugin's request is refused.
  std::function<Result<>(Value)> on_emit = {};
  std::function<Result<>(Value)> on_checkpoint = {};
  std::function<Result<>(Value)> on_undo = {};
  std::function<Result<Value>(const NestedRequest&)> on_nested = {};

  struct Answered {
    Result<Value> result;
    std::vector<OpenedInput> inputs;
  };

  // Runs the entry on this thread. What it says reaches the audience meanwhile, from the thread of
  // the watch, and at its end, from this one. Secrets are masked in the result and in the error.
  Answered run(const Value& args, std::vector<OutputStream*> outputs = {},
               std::vector<InputStream*> inputs = {});

  // The same without an audience: for the short reads inside of other calls.
  Answered run_here(const Value& args, std::vector<OutputStream*> outputs = {},
                    std::vector<InputStream*> inputs = {});
};

// Opens the bytes of an artifact; its source runs on a thread of its own.
Result<std::unique_ptr<ProducedStream>> open_artifact(Instances& instances, const Value& artifact,
                                                      std::uint64_t offset,
                                                      const std::atomic<bool>* cancelled);

}  // namespace snapcore
