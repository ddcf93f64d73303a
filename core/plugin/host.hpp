// The host side of the plugin contract: loads plugins, makes instances, runs one entry of one
// operation and keeps the border: arguments, results and errors are checked on the way in and on
// the way out, exceptions and sizes never cross, and the bytes of every stream pass through the
// core.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <snapcore/error.hpp>
#include <snapcore/value.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/manifest.hpp"
#include "plugin/search.hpp"

namespace snapcore {

enum class Entry { kPlan, kExecute, kProbe, kCompensate };

// A loaded plugin. Never unloaded: code of it may run in destructors of threads.
class Plugin {
 public:
  // Scans in a child first, then loads. "plugin.wrong_abi", "plugin.missing_symbol",
  // "plugin.load_failed", "plugin.crashed", "plugin.unsafe_file", "plugin.invalid_manifest".
  static Result<std::shared_ptr<const Plugin>> load(const PluginFile& file);

  const Manifest& manifest() const;
  const std::filesystem::path& path() const;
  const std::string& sha256() const;

  struct Loaded;
  explicit Plugin(std::unique_ptr<Loaded> loaded);
  ~Plugin();
  const Loaded& loaded() const { return *loaded_; }

 private:
  std::unique_ptr<Loaded> loaded_;
};

// A file whose descriptor a source handed over. Open for reading alone.
struct SharedFile {
  int fd = -1;
  std::uint64_t size = 0;
};

// Bytes that somebody reads. read() gives 0 at the end.
using StreamDigest = std::array<std::byte, 32>;  // SHA-256

class InputStream {
 public:
  virtual ~InputStream() = default;
  virtual Result<std::size_t> read(std::span<std::byte> into) = 0;
  // Random access that leaves read()'s position alone. "stream.no_random_access" when there is
  // none.
  virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) = 0;
  virtual std::optional<std::uint64_t> size() const = 0;
  // The file behind it, as long as this stream lives; nothing when its source offers none. Only
  // before the first read().
  virtual Result<std::optional<SharedFile>> file() { return std::nullopt; }
  // A prefix that the reader already has; only before the first read().
  virtual Result<> rehash(std::span<const std::byte> prefix) = 0;
  // Keeps the SHA-256 of the first `size` bytes, one or more; only before the first of them. False:
  // it cannot.
  virtual Result<bool> keep_digest(std::uint64_t size) {
    (void)size;
    return false;
  }
  // Once so many have been read.
  virtual std::optional<StreamDigest> kept_digest() const { return std::nullopt; }
};

class OutputStream {
 public:
  virtual ~OutputStream() = default;
  virtual Result<> write(std::span<const std::byte> bytes) = 0;
  // Takes a duplicate of the descriptor in place of the bytes; false: it wants the bytes.
  virtual bool offer(int fd) {
    (void)fd;
    return false;
  }
};

// What a running call may ask of the core. The engine implements it. log, progress, cancelled and
// info are called from any thread, call_streamed from a thread of its own (several may run at the
// same time, beside the call), everything else from the thread that runs the plugin. An exception
// that escapes from here reaches the plugin as a failed host function.
class CallContext {
 public:
  virtual ~CallContext() = default;
  virtual std::string info() const = 0;  // JSON text, the same for the whole call
  virtual void log(int level, std::string_view message) = 0;
  virtual void progress(std::uint64_t done, std::uint64_t total, std::string_view message) = 0;
  virtual bool cancelled() const = 0;
  virtual Result<> emit(Value item) = 0;
  virtual Result<std::string> secret(std::string_view pointer) = 0;
  virtual Result<std::filesystem::path> scratch() = 0;
  virtual Result<> checkpoint(Value position) = 0;
  virtual Result<> record_undo(Value undo) = 0;
  // The stream is destroyed before run_call() returns.
  virtual Result<std::unique_ptr<InputStream>> open_input(const Value& artifact,
                                                          std::uint64_t offset) = 0;
  virtual Result<Value> call(std::string_view instance, std::string_view operation, Value args,
                             std::string_view label) = 0;
  // A nested call with bytes: `input` is what its in port reads, `output` takes what its out port
  // writes; runs to the end on the calling thread. An input that was given up ends in the error
  // "stream.aborted", never in a good end.
  virtual Result<Value> call_streamed(std::string_view instance, std::string_view operation,
                                      Value args, std::string_view label, InputStream* input,
                                      OutputStream* output) = 0;
};

// Refuses everything a quiet call has no business with and says nothing. A base to derive from.
class QuietContext : public CallContext {
 public:
  std::string info() const override { return "{}"; }
  void log(int, std::string_view) override {}
  void progress(std::uint64_t, std::uint64_t, std::string_view) override {}
  bool cancelled() const override { return false; }
  Result<> emit(Value item) override;
  Result<std::string> secret(std::string_view pointer) override;
  Result<std::filesystem::path> scratch() override;
  Result<> checkpoint(Value position) override;
  Result<> record_undo(Value undo) override;
  Result<std::unique_ptr<InputStream>> open_input(const Value& artifact,
                                                  std::uint64_t offset) override;
  Result<Value> call(std::string_view instance, std::string_view operation, Value args,
                     std::string_view label) override;
  Result<Value> call_streamed(std::string_view instance, std::string_view operation, Value args,
                              std::string_view label, InputStream* input,
                              OutputStream* output) override;
};

// One configured use of a plugin.
class Instance {
 public:
  // `config` without the member "plugin"; secrets stand in it as their references.
  // "plugin.bad_config" names the instance and the member.
  static Result<std::shared_ptr<Instance>> create(std::shared_ptr<const Plugin> plugin,
                                                  std::string name, Value config,
                                                  CallContext& context);
  ~Instance();

  const std::string& name() const { return name_; }
  const Plugin& plugin() const { return *plugin_; }
  const Manifest& manifest() const { return plugin_->manifest(); }
  const Value& config() const { return config_; }

  struct Opened;
  Instance(std::shared_ptr<const Plugin> plugin, std::string name, Value config,
           std::unique_ptr<Opened> opened);

 private:
  friend struct CallRunner;
  std::shared_ptr<const Plugin> plugin_;
  std::string name_;
  Value config_;
  std::unique_ptr<Opened> opened_;
};

struct CallRequest {
  const Plugin* plugin = nullptr;
  Instance* instance = nullptr;  // null for an operation that needs none
  const Operation* operation = nullptr;
  Entry entry = Entry::kExecute;
  Value args;  // of kCompensate: {args, result, undo}
  CallContext* context = nullptr;
  std::vector<InputStream*> inputs =
      {};  // by declared port number; null where the port is an output
  std::vector<OutputStream*> outputs = {};
};

// Runs it on the calling thread. Arguments are validated before ("schema.mismatch") and the result
// after ("plugin.bad_result", "plugin.no_result", "plugin.result_too_large"). A failure without a
// word is the host function's that failed, else "plugin.unnamed_error"; an exception is
// "plugin.threw". SC_CANCELLED is "call.cancelled", SC_INDETERMINATE gives outcome
// may_have_happened. Waits for its turn at the instance; a call that would wait for itself is
// "plugin.cycle", one that would wait for a call which waits for it "plugin.crossed_calls".
Result<Value> run_call(const CallRequest& request);

// The result of a plan entry, checked against its shape.
Result<Value> check_plan_result(const Operation& operation, const Value& planned);

}  // namespace snapcore
