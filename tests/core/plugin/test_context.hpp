// A core for one call: remembers what the plugin said, and answers from its public members.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "plugin/host.hpp"

namespace snapcore {

class TestContext : public QuietContext {
 public:
  using Nested = std::function<Result<Value>(std::string_view instance, std::string_view operation,
                                             Value args, InputStream* input, OutputStream* output)>;

  Value facts = Value::object(
      {{"entry", "execute"}, {"key", std::string(64, 'a')}, {"started", "2026-01-02T03:04:05Z"}});
  bool stop = false;
  std::filesystem::path scratch_folder = {};
  std::map<std::string, std::string, std::less<>> secrets = {};
  std::function<Result<std::unique_ptr<InputStream>>(const Value& artifact, std::uint64_t offset)>
      inputs = {};
  Nested nested = {};

  std::vector<Value> items = {};
  std::vector<Value> checkpoints = {};
  std::vector<Value> undos = {};

  std::string logged() const {
    const std::lock_guard lock(mutex_);
    return log_;
  }

  std::string info() const override { return facts.dump(); }
  void log(int level, std::string_view message) override {
    const std::lock_guard lock(mutex_);
    log_ += std::to_string(level) + " " + std::string(message) + "\n";
  }
  bool cancelled() const override { return stop; }
  Result<> emit(Value item) override {
    items.push_back(std::move(item));
    return {};
  }
  Result<std::string> secret(std::string_view pointer) override {
    const auto found = secrets.find(pointer);
    if (found == secrets.end())
      return fail({.code = "site.missing_secret", .message = std::string(pointer)});
    return found->second;
  }
  Result<std::filesystem::path> scratch() override { return scratch_folder; }
  Result<> checkpoint(Value position) override {
    checkpoints.push_back(std::move(position));
    return {};
  }
  Result<> record_undo(Value undo) override {
    undos.push_back(std::move(undo));
    return {};
  }
  Result<std::unique_ptr<InputStream>> open_input(const Value& artifact,
                                                  std::uint64_t offset) override {
    if (!inputs) return QuietContext::open_input(artifact, offset);
    return inputs(artifact, offset);
  }
  Result<Value> call(std::string_view instance, std::string_view operation, Value args,
                     std::string_view label) override {
    if (!nested) return QuietContext::call(instance, operation, std::move(args), label);
    return nested(instance, operation, std::move(args), nullptr, nullptr);
  }
  Result<Value> call_streamed(std::string_view instance, std::string_view operation, Value args,
                              std::string_view label, InputStream* input,
                              OutputStream* output) override {
    if (!nested) {
      return QuietContext::call_streamed(instance, operation, std::move(args), label, input,
                                         output);
    }
    return nested(instance, operation, std::move(args), input, output);
  }

 private:
  mutable std::mutex mutex_;
  std::string log_;
};

// Bytes in memory, on both ends.
class TextInput final : public InputStream {
 public:
  explicit TextInput(std::string text, std::optional<Error> problem = std::nullopt)
      : text_(std::move(text)), problem_(std::move(problem)) {}
  Result<std::size_t> read(std::span<std::byte> into) override {
    if (at_ == text_.size() && problem_) return fail(*problem_);
    const std::size_t size = text_.copy(reinterpret_cast<char*>(into.data()), into.size(), at_);
    at_ += size;
    return size;
  }
  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) override {
    if (offset >= text_.size()) return 0;
    return text_.copy(reinterpret_cast<char*>(into.data()), into.size(), offset);
  }
  std::optional<std::uint64_t> size() const override { return text_.size(); }
  Result<> rehash(std::span<const std::byte> prefix) override {
    rehashed += prefix.size();
    return {};
  }

  std::size_t rehashed = 0;

 private:
  std::string text_;
  std::size_t at_ = 0;
  std::optional<Error> problem_;
};

class TextOutput final : public OutputStream {
 public:
  Result<> write(std::span<const std::byte> bytes) override {
    if (refuse) return fail({.code = "disk.full", .message = "no room"});
    text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return {};
  }

  std::string text;
  bool refuse = false;
};

}  // namespace snapcore
