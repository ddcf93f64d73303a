// Lua's patterns, matched with a meter.
//
// Some patterns take a time that grows with a power of the text's length, inside one library call
// that no hook interrupts. This matcher counts its steps and gives up when they are used up. Apart
// from that it finds what Lua 5.4 finds.
#pragma once

#include <cstddef>
#include <cstdint>

namespace snapcore {

// Trivially destructible: it may stand on the stack of a function that raises.
class Pattern {
 public:
  static constexpr int kMaxCaptures = 32;

  struct Capture {
    const char* begin;
    std::ptrdiff_t size;  // or one of the two below
  };
  static constexpr std::ptrdiff_t kUnfinished = -1;
  static constexpr std::ptrdiff_t kPosition = -2;

  // Borrows both texts. `steps` is what it may use up.
  Pattern(const char* text, std::size_t text_size, const char* pattern, std::size_t pattern_size,
          std::uint64_t steps);

  // Matches at exactly `at`; the end of the match, or null. After null look at problem().
  const char* match_at(const char* at);

  // What is wrong with the pattern, or null.
  const char* problem() const { return problem_; }
  bool exhausted() const { return exhausted_; }
  std::uint64_t steps_used() const { return steps_used_; }

  int captures() const { return level_; }
  const Capture& capture(int index) const { return captures_[index]; }

  const char* text_begin() const { return text_; }
  const char* text_end() const { return text_end_; }

 private:
  const char* match(const char* at, const char* p);
  const char* match_once(const char* at, const char* p, const char* end, char suffix, bool* again);
  const char* match_escape(const char* at, const char** p, bool* again);
  const char* match_balance(const char* at, const char* p);
  const char* match_frontier(const char* at, const char** p, bool* again);
  const char* match_back_reference(const char* at, char digit);
  const char* max_expand(const char* at, const char* p, const char* end);
  const char* min_expand(const char* at, const char* p, const char* end);
  const char* open_capture(const char* at, const char* p, std::ptrdiff_t kind);
  const char* close_capture(const char* at, const char* p);
  const char* class_end(const char* p);
  bool matches_single(const char* at, const char* p, const char* end);
  bool matches_set(unsigned char c, const char* p, const char* last) const;
  bool step();
  const char* fail_with(const char* problem);

  const char* text_;
  const char* text_end_;
  const char* pattern_;
  const char* pattern_end_;
  std::uint64_t steps_;
  std::uint64_t steps_used_ = 0;
  int depth_ = 0;
  int level_ = 0;
  bool exhausted_ = false;
  const char* problem_ = nullptr;
  Capture captures_[kMaxCaptures];
};

}  // namespace snapcore
