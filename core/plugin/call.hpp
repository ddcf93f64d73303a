// One running call: what the opaque sc_call of the contract is on the host's side.
#pragma once

#include <snapcore/plugin.h>

#include <atomic>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <snapcore/error.hpp>
#include <snapcore/value.hpp>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "plugin/call_chain.hpp"
#include "plugin/host.hpp"
#include "plugin/loaded.hpp"
#include "plugin/pipe.hpp"

namespace snapcore {

// "Results that a runbook sees or the journal keeps are at most 1 MB."
inline constexpr std::size_t kLargestResult = std::size_t{1} << 20;

struct OpenPort {
  InputStream* in = nullptr;
  OutputStream* out = nullptr;
  bool declared = true;
  bool is_input = true;
  std::unique_ptr<InputStream> owned = nullptr;
};

struct CallFacts {
  CallContext& context;
  const Plugin::Loaded& plugin;
  std::string who;                       // "notes.stage", for messages
  const Operation* operation = nullptr;  // null while an instance is created
  Entry entry = Entry::kExecute;
  Value config = {};  // of the instance; null when there is none
  Value args = {};
};

}  // namespace snapcore

// Everything but the facts and the context belongs to the thread of the call.
struct sc_call {
  explicit sc_call(snapcore::CallFacts given);
  ~sc_call();
  sc_call(const sc_call&) = delete;
  sc_call& operator=(const sc_call&) = delete;

  const snapcore::CallFacts facts;
  const std::string info;
  const std::thread::id thread = std::this_thread::get_id();
  const snapcore::CallChain chain = snapcore::current_chain();

  // What the plugin said; the last one counts.
  std::optional<snapcore::Value> result;
  std::optional<snapcore::Error> bad_result;
  std::optional<snapcore::Error> error;

  // The last host function that failed, and whether nothing succeeded since.
  std::optional<snapcore::Error> last_error;
  std::string last_error_text;
  bool just_failed = false;

  std::vector<snapcore::OpenPort> ports;
  std::optional<std::string> scratch;
  std::deque<std::string> borrowed_texts;  // given to the plugin until the call returns
  std::vector<std::unique_ptr<sc_subcall>> subcalls;

  bool creating() const { return facts.operation == nullptr; }
  bool on_its_thread() const { return std::this_thread::get_id() == thread; }

  // Log a breach of the contract. The answer of the function that was misused.
  std::int32_t misuse(std::string_view function, std::string_view why);
  // Remember a failure. The answer of the function that failed.
  std::int32_t failed(snapcore::Error problem);
  // The same for an exception on our side.
  void host_failed(const char* function, const char* what) noexcept;
  std::int32_t succeeded() {
    just_failed = false;
    return SC_OK;
  }
  sc_str lend(std::string text);

  // Ends nested calls that the plugin left open.
  void finish_subcalls();
};

// A nested call with bytes. It runs on a thread of its own, between two pipes.
struct sc_subcall {
  sc_subcall(sc_call& caller, std::string instance, std::string operation, snapcore::Value args,
             std::string label);
  ~sc_subcall();

  snapcore::Result<snapcore::Value> finish();

  sc_call& owner;
  snapcore::Pipe input;
  snapcore::Pipe output;
  bool input_ended = false;

 private:
  std::optional<snapcore::Result<snapcore::Value>> result_;
  std::thread thread_;
};
