// JSON read from front to back, a piece at a time, as strictly as Go reads it: no comments, no
// trailing commas, no mark of byte order, nothing behind the value, at most 10000 levels.
//
// What is not asked for is checked and passed over, so memory does not grow with the document.
// After a failure every question answers "nothing more"; look at ok() at the end.
//
//   reader.enter_object();
//   while (reader.member(name)) {
//     if (name == "serial") reader.number(serial); else reader.skip();
//   }
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <snapcore/error.hpp>
#include <snapcore/support/digest.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tfstate {

using snapcore::Error;
using snapcore::Result;

enum class Json { kObject, kArray, kString, kNumber, kTrue, kFalse, kNull, kNone };

class JsonReader {
 public:
  // Gives 0 at the end; short reads are fine.
  using Read = std::function<Result<std::size_t>(std::span<std::byte>)>;

  static constexpr std::size_t kDeepest = 10000;
  static constexpr std::size_t kLongestName = 1 << 16;

  explicit JsonReader(Read read);
  // Of bytes that outlive the reader.
  explicit JsonReader(std::string_view bytes);

  // What stands next, without passing it; kNone at the end, and after a failure.
  Json next();
  // Where the next value or bracket begins.
  std::uint64_t offset();
  // Behind what was passed last.
  std::uint64_t passed() const { return base_ + static_cast<std::uint64_t>(cursor_ - start_); }

  // Each answers false, and fails, when something else stands there.
  bool enter_object();
  bool member(std::string& name);  // false behind the last one; its value must be taken
  bool enter_array();
  bool element();  // false behind the last one; its value must be taken
  bool text(std::string& out, std::size_t limit);
  bool number(std::string& raw);
  bool boolean(bool& out);
  bool skip();

  // Nothing but white space follows.
  bool finish();

  bool ok() const { return !failure_; }
  const std::optional<Error>& failure() const { return failure_; }
  // Makes the reader fail: what stands here must not.
  void refuse(Error error);

  // Some text was not UTF-8; Go puts U+FFFD in its place, and so does text().
  bool found_bad_utf8() const { return bad_utf8_; }

  // From the next value on every byte goes to `sink`, until end_tap().
  void begin_tap(snapcore::Sha256& sink);
  void end_tap();

 private:
  bool fill();
  bool more() { return cursor_ != end_ || fill(); }
  bool skip_space();
  bool expect(Json wanted, std::string_view what);
  bool malformed(std::string_view what);
  bool push();
  void pop() { first_.pop_back(); }
  bool quoted(std::string* out, std::size_t limit);
  bool escape(std::string* out);
  bool hex4(unsigned& unit);
  bool beyond_ascii(std::string* out);
  bool digits(std::string* out);
  bool number_to(std::string* out);
  bool word(std::string_view text);
  bool skip_scalar(Json kind);

  Read read_;
  std::unique_ptr<char[]> buffer_;
  const char* start_ = nullptr;
  const char* cursor_ = nullptr;
  const char* end_ = nullptr;
  std::uint64_t base_ = 0;  // where the buffer begins
  bool ended_ = false;
  std::vector<bool> first_;  // of each object or array we are in: nothing was taken from it yet
  bool bad_utf8_ = false;
  std::optional<Error> failure_;
  snapcore::Sha256* sink_ = nullptr;
  const char* tapped_ = nullptr;
};

// Appends a code point as UTF-8; what is none becomes U+FFFD.
void append_utf8(std::string& out, std::uint32_t point);

}  // namespace tfstate
