// A host with state that runs the table of a plugin directly: no gate, no journal, but the same
// contract.
//
// What a call leaves behind (items, checkpoints, undo, logs, bytes written to ports) can be looked
// at afterwards; what it finds (secrets, artifacts, instances to call, cancellation) is set before.
// Breaches of the contract that a host can see are collected in misuses().
#pragma once

#include <snapcore/plugin.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <snapcore/error.hpp>
#include <snapcore/value.hpp>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace snapcore::fakes {

class Host {
 public:
  Host();
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  const sc_host* table() const { return &table_; }
  // What an older host looks like: the table ends after `size` bytes.
  void shrink_table(std::uint32_t size) { table_.struct_size = size; }

  // --- what calls find
  std::map<std::string, std::string> secrets;    // by pointer
  std::map<std::string, std::string> artifacts;  // bytes by ref, for open_input
  std::map<std::uint32_t, std::string> inputs;   // bytes by port
  // The answer of a nested call, by "instance.operation".
  std::map<std::string, std::function<Result<Value>(const Value& args)>> instances;
  Value info = Value::object({{"instance", "fake"},
                              {"run", "run-1"},
                              {"call", "call-1"},
                              {"key", std::string(64, 'a')},
                              {"attempt", 1},
                              {"started", "2026-01-02T03:04:05Z"},
                              {"checkpoint", nullptr}});
  std::string scratch_directory;
  std::uint64_t piece = UINT64_MAX;  // the most that one read moves
  // Called before every host function that moves bytes or asks for cancellation; a true answer
  // cancels, an error breaks the stream.
  std::function<bool()> cancel_when;
  std::function<Result<>(std::uint64_t bytes_so_far)> break_input;
  std::function<Result<>(std::uint64_t bytes_so_far)> break_output;
  std::size_t items_wanted = SIZE_MAX;  // emit() refuses more

  // --- what calls left
  std::vector<Value> items;
  std::vector<Value> checkpoints;
  std::vector<Value> undos;
  std::vector<std::pair<int, std::string>> logs;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> progress;
  std::vector<std::string> labels;  // of nested calls
  std::map<std::uint32_t, std::string> outputs;
  std::string nested_input;  // what sub_write got
  const std::vector<std::string>& misuses() const { return misuses_; }

  struct Running;  // one call

 private:
  friend struct HostTable;
  sc_host table_ = {};
  std::vector<std::string> misuses_;
};

// The status and the value or error of one entry.
struct Answer {
  std::int32_t status = SC_FAILED;
  Value result;
  std::optional<Error> error;
  std::string error_json;
};

// One instance of a plugin, made from a configuration.
class Instance {
 public:
  Instance(const sc_plugin* plugin, Host& host, const Value& config);
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  bool made() const { return self_ != nullptr; }
  const Answer& creation() const { return creation_; }

  Answer plan(std::string_view operation, const Value& args);
  Answer execute(std::string_view operation, const Value& args);
  Answer probe(std::string_view operation, const Value& args);
  Answer compensate(std::string_view operation, const Value& args, const Value& result,
                    const Value& undo);

 private:
  const sc_plugin* plugin_;
  Host& host_;
  sc_instance* self_ = nullptr;
  Answer creation_;
};

// Runs one entry; `self` may be null for operations that need no instance.
Answer run_entry(const sc_plugin* plugin, Host& host, sc_entry* entry, std::string_view entry_name,
                 sc_instance* self, std::uint32_t operation, std::string_view args_json);

Value manifest_of(const sc_plugin* plugin);
// Its number in the manifest; UINT32_MAX when there is none.
std::uint32_t index_of(const sc_plugin* plugin, std::string_view operation);

// The table of NAME.so in the build folder; the library stays loaded.
const sc_plugin* load_plugin(const std::string& name);
const sc_plugin* load_plugin_at(const std::string& path);

}  // namespace snapcore::fakes
