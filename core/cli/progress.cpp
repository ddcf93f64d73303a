#include "cli/progress.hpp"

#include <chrono>
#include <cmath>

#include "base/text.hpp"
#include "cli/text/words.hpp"

namespace snapcore {
namespace {

constexpr double kSecondsBetweenLines = 5;
constexpr double kShortestMeasured = 0.5;  // seconds; a rate over less is noise

}  // namespace

Stopwatch steady_stopwatch() {
  return [] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
  };
}

void Progress::begin(std::string title) {
  title_ = std::move(title);
  began_ = last_line_ = now_();
  first_report_ = -1;
  first_done_ = done_ = total_ = 0;
  message_.clear();
}

void Progress::report(std::uint64_t done, std::uint64_t total, std::string_view message) {
  // After a retry the work starts again, and so does its measure.
  if (first_report_ < 0 || done < done_) {
    first_report_ = now_();
    first_done_ = done;
  }
  done_ = done;
  total_ = total;
  message_ = message;
}

std::optional<double> Progress::bytes_per_second() const {
  const double measured = first_report_ < 0 ? 0 : now_() - first_report_;
  if (measured < kShortestMeasured || done_ <= first_done_) return std::nullopt;
  return static_cast<double>(done_ - first_done_) / measured;
}

std::optional<double> Progress::seconds_left() const {
  const auto rate = bytes_per_second();
  if (!rate || total_ <= done_) return std::nullopt;
  return static_cast<double>(total_ - done_) / *rate;
}

std::string Progress::line() const {
  std::string text = title_;
  if (total_ > 0) {
    text += "  " + describe_bytes(done_) + " of " + describe_bytes(total_);
  } else if (done_ > 0) {
    text += "  " + describe_bytes(done_);
  } else if (seconds() >= 1) {
    const double whole = std::floor(seconds());
    text += "  " +
            (whole < 10 ? std::to_string(static_cast<int>(whole)) + " s" : describe_seconds(whole));
  }
  if (const auto rate = bytes_per_second())
    text += ", " + describe_bytes(static_cast<std::uint64_t>(*rate)) + "/s";
  if (const auto left = seconds_left()) text += ", " + describe_seconds(*left) + " left";
  if (!message_.empty()) text += ": " + message_;
  return text;
}

bool Progress::worth_a_line() {
  if (now_() - last_line_ < kSecondsBetweenLines) return false;
  last_line_ = now_();
  return true;
}

}  // namespace snapcore
