#include "cli/log.hpp"

#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <memory>

namespace snapcore {
namespace {

// Lines go through Output, which takes the live line away before it writes.
class OutputSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  explicit OutputSink(Output& output) : output_(output) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t text;
    formatter_->format(message, text);
    const Tone tone = message.level >= spdlog::level::err    ? Tone::kBad
                      : message.level >= spdlog::level::warn ? Tone::kLoud
                                                             : Tone::kDim;
    std::string line(text.data(), text.size());
    while (!line.empty() && line.back() == '\n') line.pop_back();
    output_.say_line(line, tone);
  }
  void flush_() override {}

  Output& output_;
};

constexpr std::array kNames = {"debug", "info", "warning", "error"};
constexpr std::array kLevels = {spdlog::level::debug, spdlog::level::info, spdlog::level::warn,
                                spdlog::level::err};

}  // namespace

void start_log(Output& output) {
  auto logger = std::make_shared<spdlog::logger>("snapcore", std::make_shared<OutputSink>(output));
  logger->set_pattern("%H:%M:%S %l: %v", spdlog::pattern_time_type::utc);
  logger->set_level(output.verbose() ? spdlog::level::debug : spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

void log_line(Output& output, int level, std::string_view instance, std::string_view message) {
  const auto rank =
      static_cast<std::size_t>(std::clamp(level, 0, static_cast<int>(kNames.size()) - 1));
  if (output.json()) {
    if (rank == 0 && !output.verbose()) return;
    output.event(
        "log",
        Value::object({{"level", kNames[rank]}, {"instance", instance}, {"message", message}}));
    return;
  }
  spdlog::log(kLevels[rank], "{}: {}", instance, message);
}

}  // namespace snapcore
