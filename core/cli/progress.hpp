// How far a call has come: bytes, rate and time left, from what its plugin reports.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace snapcore {

// Seconds that only go forward; tests bring their own.
using Stopwatch = std::function<double()>;
Stopwatch steady_stopwatch();

class Progress {
 public:
  explicit Progress(Stopwatch now) : now_(std::move(now)) {}

  void begin(std::string title);
  void report(std::uint64_t done, std::uint64_t total, std::string_view message);

  // "kv_prod.stage  12.3 MB of 24.6 MB, 8.1 MB/s, 2 s left: member 2 of 3". No rate before there is
  // one to speak of.
  std::string line() const;
  double seconds() const { return now_() - began_; }
  std::optional<double> bytes_per_second() const;
  std::optional<double> seconds_left() const;

  // True a few times a minute: for outputs where a line stays.
  bool worth_a_line();

 private:
  Stopwatch now_;
  std::string title_;
  double began_ = 0;
  double last_line_ = 0;
  double first_report_ = -1;
  std::uint64_t first_done_ = 0;
  std::uint64_t done_ = 0;
  std::uint64_t total_ = 0;
  std::string message_;
};

}  // namespace snapcore
