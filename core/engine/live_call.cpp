#include "engine/live_call.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <mutex>

#include "engine/nested.hpp"
#include "plugin/call_watch.hpp"
#include "plugin/schema.hpp"

namespace snapcore {
namespace {

// Joins the reader that the plugin holds with the record that the engine keeps.
class RememberedInput final : public InputStream {
 public:
  RememberedInput(std::shared_ptr<ProducedStream> stream) : stream_(std::move(stream)) {}
  Result<std::size_t> read(std::span<std::byte> into) override { return stream_->read(into); }
  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) override {
    return stream_->read_at(offset, into);
  }
  std::optional<std::uint64_t> size() const override { return stream_->size(); }
  Result<std::optional<SharedFile>> file() override { return stream_->file(); }
  Result<> rehash(std::span<const std::byte> prefix) override { return stream_->rehash(prefix); }
  Result<bool> keep_digest(std::uint64_t size) override { return stream_->keep_digest(size); }
  std::optional<StreamDigest> kept_digest() const override { return stream_->kept_digest(); }

 private:
  std::shared_ptr<ProducedStream> stream_;
};

Error refused(std::string_view what, const LiveCall& call) {
  return {.code = "plugin.not_allowed_here",
          .message = std::string(what) + " is not available to " + call.instance.name() + "." +
                     call.operation.name + " in this phase",
          .category = Category::kInternal};
}

// The member of `value` at a JSON pointer, or null.
const Value* at_pointer(const Value& value, std::string_view pointer) {
  const Value* here = &value;
  while (!pointer.empty() && here) {
    if (pointer.front() != '/') return nullptr;
    pointer.remove_prefix(1);
    const auto end = std::min(pointer.find('/'), pointer.size());
    const std::string_view part = pointer.substr(0, end);
    pointer.remove_prefix(end);
    if (here->is_array()) {
      std::size_t index = 0;
      for (const char c : part) {
        if (c < '0' || c > '9') return nullptr;
        index = index * 10 + static_cast<std::size_t>(c - '0');
        if (index >= here->items().size()) return nullptr;
      }
      if (part.empty()) return nullptr;
      here = &here->items()[index];
    } else {
      here = here->find(part);
    }
  }
  return here;
}

class Context final : public CallContext {
 public:
  Context(const LiveCall& call, const Value& args)
      : call_(call), args_(args), info_(make_info(call)) {}
  ~Context() override {
    std::error_code ignored;
    for (const auto& path : scratch_) std::filesystem::remove_all(path, ignored);
  }

  std::string info() const override { return info_; }

  void log(int level, std::string_view message) override {
    const std::lock_guard lock(mutex_);
    if (said_.size() < kMostSaid) said_.push_back({level, std::string(message)});
  }

  void progress(std::uint64_t done, std::uint64_t total, std::string_view message) override {
    const std::lock_guard lock(mutex_);
    done_ = done;
    total_ = total;
    message_ = message;
    moved_ = true;
  }

  bool cancelled() const override { return call_.cancelled && call_.cancelled->load(); }

  Result<> emit(Value item) override {
    const TurnTaken taken(call_.turn);
    return call_.on_emit ? call_.on_emit(std::move(item)) : fail(refused("emit", call_));
  }

  Result<std::string> secret(std::string_view pointer) override {
    constexpr std::string_view kArgs = "args:";
    const bool of_args = pointer.substr(0, kArgs.size()) == kArgs;
    const bool wrapped = call_.entry == Entry::kCompensate;  // {args, result, undo}
    const Value& holder = !of_args ? call_.instance.config() : wrapped ? args_.at("args") : args_;
    const Value& schema = of_args ? call_.operation.args : call_.instance.manifest().config;
    const std::string_view path = of_args ? pointer.substr(kArgs.size()) : pointer;
    const auto declared = secret_pointers(schema, holder);
    const Value* reference = at_pointer(holder, path);
    if (!reference || std::find(declared.begin(), declared.end(), path) == declared.end()) {
      return fail({.code = "plugin.no_such_secret",
                   .message = "instance '" + call_.instance.name() + "' has no secret at " +
                              std::string(pointer),
                   .category = Category::kPrecondition});
    }
    // As the plugin writes it, or as a runbook and the site do.
    const Value* written = reference->find("$secret");
    return call_.instances.secrets().fetch((written ? *written : *reference).text());
  }

  Result<std::filesystem::path> scratch() override {
    if (call_.scratch_root.empty()) return fail(refused("scratch", call_));
    std::string pattern = (call_.scratch_root / "scratch-XXXXXX").string();
    if (!mkdtemp(pattern.data())) {
      return fail({.code = "state.no_scratch",
                   .message = "cannot make a scratch directory in " + call_.scratch_root.string()});
    }
    scratch_.emplace_back(pattern);
    return scratch_.back();
  }

  Result<> checkpoint(Value position) override {
    const TurnTaken taken(call_.turn);
    return call_.on_checkpoint ? call_.on_checkpoint(std::move(position))
                               : fail(refused("checkpoint", call_));
  }

  Result<> record_undo(Value undo) override {
    const TurnTaken taken(call_.turn);
    return call_.on_undo ? call_.on_undo(call_.instances.secrets().mask(undo))
                         : fail(refused("record_undo", call_));
  }

  Result<std::unique_ptr<InputStream>> open_input(const Value& artifact,
                                                  std::uint64_t offset) override {
    auto stream = open_artifact(call_.instances, artifact, offset, call_.cancelled);
    if (!stream) return fail(stream.error());
    std::shared_ptr<ProducedStream> shared = std::move(*stream);
    inputs_.push_back({artifact, offset, shared});
    return std::make_unique<RememberedInput>(shared);
  }

  Result<Value> call(std::string_view instance, std::string_view operation, Value args,
                     std::string_view label) override {
    return call_streamed(instance, operation, std::move(args), label, nullptr, nullptr);
  }

  Result<Value> call_streamed(std::string_view instance, std::string_view operation, Value args,
                              std::string_view label, InputStream* input,
                              OutputStream* output) override {
    if (!call_.on_nested) return fail(refused("a nested call", call_));
    const TurnTaken taken(call_.turn);
    return call_.on_nested({instance, operation, std::move(args), label, input, output});
  }

  // Passes on what was said since the last time.
  void tell(Audience& audience) {
    std::deque<Said> said;
    std::uint64_t done = 0, total = 0;
    std::string message;
    bool moved = false;
    {
      const std::lock_guard lock(mutex_);
      said.swap(said_);
      done = done_;
      total = total_;
      message = message_;
      std::swap(moved, moved_);
    }
    if (said.empty() && !moved && !call_.shown_as) return;
    const TurnTaken taken(call_.turn);
    const Secrets& secrets = call_.instances.secrets();
    for (const Said& line : said)
      audience.log(line.level, call_.instance.name(), secrets.mask(line.text));
    if (!call_.shown_as) return;
    if (moved) {
      audience.call_progress(*call_.shown_as, done, total, secrets.mask(message));
    } else {
      audience.call_goes_on(*call_.shown_as);
    }
  }

  std::vector<OpenedInput> inputs() const {
    std::vector<OpenedInput> list;
    for (const auto& input : inputs_)
      list.push_back({input.artifact, input.offset, input.stream->passed()});
    return list;
  }

 private:
  static constexpr std::size_t kMostSaid = 10000;
  struct Said {
    int level;
    std::string text;
  };
  struct Input {
    Value artifact;
    std::uint64_t offset;
    std::shared_ptr<ProducedStream> stream;
  };

  static std::string make_info(const LiveCall& call) {
    static constexpr std::string_view kEntries[] = {"plan", "execute", "probe", "compensate"};
    return Value::object({{"entry", kEntries[static_cast<std::size_t>(call.entry)]},
                          {"instance", call.instance.name()},
                          {"run", call.run_id},
                          {"call", call.call_id},
                          {"key", call.key},
                          {"started", call.started},
                          {"attempt", call.attempt},
                          {"checkpoint", call.checkpoint}})
        .dump();
  }

  const LiveCall& call_;
  const Value& args_;
  const std::string info_;
  std::vector<std::filesystem::path> scratch_;
  std::vector<Input> inputs_;

  std::mutex mutex_;
  std::deque<Said> said_;
  std::uint64_t done_ = 0;
  std::uint64_t total_ = 0;
  std::string message_;
  bool moved_ = false;
};

CallRequest request_of(LiveCall& call, const Value& args, Context& context,
                       std::vector<OutputStream*> outputs, std::vector<InputStream*> inputs) {
  CallRequest request;
  request.plugin = &call.instance.plugin();
  request.instance = &call.instance;
  request.operation = &call.operation;
  request.entry = call.entry;
  request.args = args;
  request.context = &context;
  request.inputs = std::move(inputs);
  request.outputs = std::move(outputs);
  return request;
}

LiveCall::Answered masked(const Secrets& secrets, const Result<Value>& result,
                          const Context& context) {
  if (!result) return {fail(secrets.mask(result.error())), context.inputs()};
  return {secrets.mask(*result), context.inputs()};
}

// Writes of the source's thread go on; what the source says of itself is not shown.
Result<> produce(Instances& instances, const std::shared_ptr<Instance>& source, const Value& args,
                 const std::atomic<bool>* cancelled, OutputStream& out) {
  const Operation* open = source->manifest().find("open");
  LiveCall call{
      .instances = instances, .instance = *source, .operation = *open, .cancelled = cancelled};
  call.on_nested = nested_reads(instances, *source, cancelled);
  auto answered = call.run_here(args, {&out});
  if (!answered.result) return fail(answered.result.error());
  return {};
}

// Takes at most as many bytes as there is room for.
class SpanOutput final : public OutputStream {
 public:
  explicit SpanOutput(std::span<std::byte> room) : room_(room) {}
  Result<> write(std::span<const std::byte> bytes) override {
    const std::size_t taken = std::min(bytes.size(), room_.size() - used_);
    std::copy_n(bytes.begin(), taken, room_.begin() + static_cast<std::ptrdiff_t>(used_));
    used_ += taken;
    return {};
  }
  std::size_t used() const { return used_; }

 private:
  std::span<std::byte> room_;
  std::size_t used_ = 0;
};

// Wants the file in place of its bytes.
class FileOutput final : public OutputStream {
 public:
  ~FileOutput() override {
    if (fd_ >= 0) ::close(fd_);
  }
  Result<> write(std::span<const std::byte>) override { return {}; }
  bool offer(int fd) override {
    if (fd_ >= 0) ::close(fd_);
    fd_ = ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
    return fd_ >= 0;
  }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

}  // namespace

LiveCall::Answered LiveCall::run(const Value& args, std::vector<OutputStream*> outputs,
                                 std::vector<InputStream*> inputs) {
  if (!audience) return run_here(args, std::move(outputs), std::move(inputs));
  Context context(*this, args);
  Result<Value> result;
  const CallRequest request =
      request_of(*this, args, context, std::move(outputs), std::move(inputs));
  {
    const TurnGiven given(turn);
    watch_of(instance).run([&] { result = run_call(request); }, [&] { context.tell(*audience); });
  }
  return masked(instances.secrets(), result, context);
}

LiveCall::Answered LiveCall::run_here(const Value& args, std::vector<OutputStream*> outputs,
                                      std::vector<InputStream*> inputs) {
  Context context(*this, args);
  const CallRequest request =
      request_of(*this, args, context, std::move(outputs), std::move(inputs));
  const auto result = [&] {
    const TurnGiven given(turn);
    return run_call(request);
  }();
  return masked(instances.secrets(), result, context);
}

Result<std::unique_ptr<ProducedStream>> open_artifact(Instances& instances, const Value& artifact,
                                                      std::uint64_t offset,
                                                      const std::atomic<bool>* cancelled) {
  auto source = instances.open(artifact.at("source").text());
  if (!source) return fail(source.error());
  if (!(*source)->manifest().has_role(Role::kSource)) {
    return fail(
        {.code = "site.wrong_role", .message = "'" + (*source)->name() + "' is not a source"});
  }
  Value args = Value::object({{"ref", artifact.at("ref")}, {"offset", offset}});
  if (artifact.has("version_id")) args["version_id"] = artifact.at("version_id");
  std::optional<std::uint64_t> size;
  if (artifact.at("size").is_integer()) size = artifact.at("size").uint_or(0);

  const auto read_piece = [&instances, source = *source, args, cancelled](
                              std::uint64_t from,
                              std::span<std::byte> into) -> Result<std::size_t> {
    Value piece = args;
    piece["offset"] = from;
    piece["length"] = into.size();
    SpanOutput out(into);
    if (auto read = produce(instances, source, piece, cancelled, out); !read)
      return fail(read.error());
    return out.used();
  };
  // A source that does not know of files writes the no bytes it is asked for.
  ProducedStream::AskFile ask_file;
  if (offset == 0) {
    ask_file = [&instances, source = *source, args, cancelled]() -> Result<int> {
      Value none = args;
      none["length"] = 0;
      FileOutput out;
      if (auto asked = produce(instances, source, none, cancelled, out); !asked)
        return fail(asked.error());
      return out.release();
    };
  }
  return std::make_unique<ProducedStream>(
      [&instances, source = *source, args, cancelled](OutputStream& out) {
        return produce(instances, source, args, cancelled, out);
      },
      size, read_piece, std::move(ask_file));
}

}  // namespace snapcore
