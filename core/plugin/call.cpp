#include "plugin/call.hpp"

#include <utility>

namespace {

using namespace snapcore;

class PipeInput final : public InputStream {
 public:
  explicit PipeInput(Pipe& pipe) : pipe_(pipe) {}
  Result<std::size_t> read(std::span<std::byte> into) override { return pipe_.read(into); }
  Result<std::size_t> read_at(std::uint64_t, std::span<std::byte>) override {
    return fail({.code = "stream.no_random_access",
                 .message = "this stream can only be read from front to back"});
  }
  std::optional<std::uint64_t> size() const override { return std::nullopt; }
  Result<> rehash(std::span<const std::byte>) override {
    return fail({.code = "stream.no_prefix", .message = "this stream has no earlier part"});
  }

 private:
  Pipe& pipe_;
};

class PipeOutput final : public OutputStream {
 public:
  explicit PipeOutput(Pipe& pipe) : pipe_(pipe) {}
  Result<> write(std::span<const std::byte> bytes) override { return pipe_.write(bytes); }

 private:
  Pipe& pipe_;
};

std::string read_info(CallContext& context) {
  std::string info = context.info();
  return info.empty() ? "{}" : info;
}

}  // namespace

sc_call::sc_call(snapcore::CallFacts given)
    : facts(std::move(given)), info(read_info(facts.context)) {}

sc_call::~sc_call() { finish_subcalls(); }

std::int32_t sc_call::misuse(std::string_view function, std::string_view why) {
  const std::string message = "plugin " + facts.plugin.manifest.id + " misbehaves in " + facts.who +
                              ": " + std::string(function) + "(): " + std::string(why);
  facts.context.log(SC_LOG_ERROR, message);
  if (on_its_thread()) {
    failed({.code = "plugin.misuse", .message = message, .category = Category::kInternal});
  }
  return SC_MISUSE;
}

std::int32_t sc_call::failed(snapcore::Error problem) {
  last_error_text = to_value(problem).dump();
  last_error = std::move(problem);
  just_failed = true;
  return SC_ERROR;
}

void sc_call::host_failed(const char* function, const char* what) noexcept {
  if (!on_its_thread()) return;
  try {
    failed({.code = "call.host_failed",
            .message = facts.who + ": snapcore failed in " + function + "(): " + what,
            .category = Category::kInternal});
  } catch (...) {
    // No memory even for that: the plugin sees SC_ERROR without words.
  }
}

sc_str sc_call::lend(std::string text) {
  const std::string& kept = borrowed_texts.emplace_back(std::move(text));
  return {kept.data(), kept.size()};
}

void sc_call::finish_subcalls() {
  for (auto& subcall : subcalls) {
    if (subcall) static_cast<void>(subcall->finish());
  }
  subcalls.clear();
}

sc_subcall::sc_subcall(sc_call& caller, std::string instance, std::string operation,
                       snapcore::Value args, std::string label)
    : owner(caller) {
  thread_ = std::thread([this, instance = std::move(instance), operation = std::move(operation),
                         args = std::move(args), label = std::move(label)]() mutable {
    const ChainScope scope(owner.chain);
    PipeInput in(input);
    PipeOutput out(output);
    try {
      result_ =
          owner.facts.context.call_streamed(instance, operation, std::move(args), label, &in, &out);
    } catch (const std::exception& problem) {
      result_ =
          fail({.code = "call.threw", .message = problem.what(), .category = Category::kInternal});
    }
    input.close();
    output.end(*result_ ? Result<>() : Result<>(fail(result_->error())));
  });
}

sc_subcall::~sc_subcall() { static_cast<void>(finish()); }

snapcore::Result<snapcore::Value> sc_subcall::finish() {
  // Bytes that were not ended are not all bytes: whoever stores them must not take them for
  // complete.
  input.end(fail({.code = "stream.aborted",
                  .message = "the bytes ended early: " + owner.facts.who + " gave up",
                  .category = Category::kTransient}));
  output.close();
  if (thread_.joinable()) thread_.join();
  return *result_;
}
