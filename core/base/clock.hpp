// Wall time in whole seconds, behind a seam so that tests can set it.
#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace snapcore {

using Time = std::chrono::sys_seconds;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;
};

class SystemClock final : public Clock {
 public:
  Time now() const override;
};

class FakeClock final : public Clock {
 public:
  explicit FakeClock(Time now) : seconds_(now.time_since_epoch().count()) {}
  Time now() const override { return Time(std::chrono::seconds(seconds_.load())); }
  void advance(std::chrono::seconds by) { seconds_ += by.count(); }

 private:
  std::atomic<std::int64_t> seconds_;
};

std::string to_rfc3339(Time time);                      // 2026-03-01T04:05:06Z
std::string to_stamp(Time time);                        // 20260301T040506Z, for names
std::optional<Time> parse_time(std::string_view text);  // RFC 3339, with Z or an offset
// "90s", "30m", "26h", "7d", "2w"; nothing else.
std::optional<std::chrono::seconds> parse_duration(std::string_view text);
std::string describe_age(std::chrono::seconds age);  // "3 h 12 min"

}  // namespace snapcore
