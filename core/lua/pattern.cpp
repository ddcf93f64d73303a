#include "lua/pattern.hpp"

#include <cctype>
#include <cstring>

namespace snapcore {
namespace {

constexpr int kMaxDepth = 200;

bool in_class(unsigned char c, char name) {
  bool found = false;
  switch (std::tolower(static_cast<unsigned char>(name))) {
    case 'a': found = std::isalpha(c) != 0; break;
    case 'c': found = std::iscntrl(c) != 0; break;
    case 'd': found = std::isdigit(c) != 0; break;
    case 'g': found = std::isgraph(c) != 0; break;
    case 'l': found = std::islower(c) != 0; break;
    case 'p': found = std::ispunct(c) != 0; break;
    case 's': found = std::isspace(c) != 0; break;
    case 'u': found = std::isupper(c) != 0; break;
    case 'w': found = std::isalnum(c) != 0; break;
    case 'x': found = std::isxdigit(c) != 0; break;
    case 'z': found = c == 0; break;
    default: return name == static_cast<char>(c);
  }
  return std::isupper(static_cast<unsigned char>(name)) != 0 ? !found : found;
}

}  // namespace

Pattern::Pattern(const char* text, std::size_t text_size, const char* pattern,
                 std::size_t pattern_size, std::uint64_t steps)
    : text_(text),
      text_end_(text + text_size),
      pattern_(pattern),
      pattern_end_(pattern + pattern_size),
      steps_(steps) {}

const char* Pattern::match_at(const char* at) {
  level_ = 0;
  depth_ = 0;
  return match(at, pattern_);
}

const char* Pattern::fail_with(const char* problem) {
  if (problem_ == nullptr) problem_ = problem;
  return nullptr;
}

bool Pattern::step() {
  if (++steps_used_ <= steps_) return problem_ == nullptr;
  exhausted_ = true;
  fail_with("the pattern takes too long on this text");
  return false;
}

// The end of the single-character class that begins at p.
const char* Pattern::class_end(const char* p) {
  if (*p++ == '%') {
    if (p == pattern_end_) return fail_with("malformed pattern (ends with '%')");
    return p + 1;
  }
  if (p[-1] != '[') return p;
  if (p < pattern_end_ && *p == '^') ++p;
  do {  // a ']' right at the beginning is a plain character
    if (p == pattern_end_) return fail_with("malformed pattern (missing ']')");
    if (*p++ == '%') {
      if (p == pattern_end_) return fail_with("malformed pattern (missing ']')");
      ++p;
    }
  } while (p == pattern_end_ || *p != ']');
  return p + 1;
}

// `p` is at '[', `last` at the closing ']'.
bool Pattern::matches_set(unsigned char c, const char* p, const char* last) const {
  bool in = true;
  if (p[1] == '^') {
    in = false;
    ++p;
  }
  while (++p < last) {
    if (*p == '%') {
      ++p;
      if (in_class(c, *p)) return in;
    } else if (p[1] == '-' && p + 2 < last) {
      p += 2;
      if (static_cast<unsigned char>(p[-2]) <= c && c <= static_cast<unsigned char>(*p)) return in;
    } else if (static_cast<unsigned char>(*p) == c) {
      return in;
    }
  }
  return !in;
}

bool Pattern::matches_single(const char* at, const char* p, const char* end) {
  if (!step() || at >= text_end_) return false;
  const auto c = static_cast<unsigned char>(*at);
  switch (*p) {
    case '.': return true;
    case '%': return in_class(c, p[1]);
    case '[': return matches_set(c, p, end - 1);
    default: return static_cast<unsigned char>(*p) == c;
  }
}

const char* Pattern::match(const char* at, const char* p) {
  if (++depth_ > kMaxDepth) return fail_with("pattern too complex");
  bool again = true;
  while (again && at != nullptr && p != pattern_end_) {
    again = false;
    if (!step()) {
      at = nullptr;
      break;
    }
    if (*p == '(') {
      const bool position = p + 1 < pattern_end_ && p[1] == ')';
      at = position ? open_capture(at, p + 2, kPosition) : open_capture(at, p + 1, kUnfinished);
      break;
    }
    if (*p == ')') {
      at = close_capture(at, p + 1);
      break;
    }
    if (*p == '$' && p + 1 == pattern_end_) {
      if (at != text_end_) at = nullptr;
      break;
    }
    if (*p == '%' && p + 1 < pattern_end_ &&
        (p[1] == 'b' || p[1] == 'f' || std::isdigit(static_cast<unsigned char>(p[1])) != 0)) {
      at = match_escape(at, &p, &again);
      continue;
    }
    const char* end = class_end(p);
    if (end == nullptr) {
      at = nullptr;
      break;
    }
    const char suffix = end < pattern_end_ ? *end : '\0';
    at = match_once(at, p, end, suffix, &again);
    p = suffix == '?' ? end + 1 : end;
  }
  --depth_;
  return at;
}

// One class with its suffix. `again`: the rest of the pattern is still to be matched from what is
// returned.
const char* Pattern::match_once(const char* at, const char* p, const char* end, char suffix,
                                bool* again) {
  switch (suffix) {
    case '*': return max_expand(at, p, end);
    case '-': return min_expand(at, p, end);
    case '+': return matches_single(at, p, end) ? max_expand(at + 1, p, end) : nullptr;
    case '?':
      if (matches_single(at, p, end)) {
        const char* rest = match(at + 1, end + 1);
        if (rest != nullptr || problem_ != nullptr) return rest;
      }
      *again = true;
      return at;
    default:
      if (!matches_single(at, p, end)) return nullptr;
      *again = true;
      return at + 1;
  }
}

// %b, %f and %1 to %9. Moves *p behind them.
const char* Pattern::match_escape(const char* at, const char** p, bool* again) {
  const char kind = (*p)[1];
  if (kind == 'f') return match_frontier(at, p, again);
  if (kind == 'b') {
    at = match_balance(at, *p + 2);
    *p += 4;
  } else {
    at = match_back_reference(at, kind);
    *p += 2;
  }
  *again = at != nullptr;
  return at;
}

const char* Pattern::match_balance(const char* at, const char* p) {
  if (pattern_end_ - p < 2) return fail_with("malformed pattern (missing arguments to '%b')");
  if (at >= text_end_ || *at != *p) return nullptr;
  const char open = p[0], close = p[1];
  std::size_t nesting = 1;
  while (++at < text_end_) {
    if (!step()) return nullptr;
    if (*at == close) {
      if (--nesting == 0) return at + 1;
    } else if (*at == open) {
      ++nesting;
    }
  }
  return nullptr;
}

const char* Pattern::match_frontier(const char* at, const char** p, bool* again) {
  const char* set = *p + 2;
  if (set >= pattern_end_ || *set != '[') return fail_with("missing '[' after '%f' in pattern");
  const char* end = class_end(set);
  if (end == nullptr) return nullptr;
  const auto previous = static_cast<unsigned char>(at == text_ ? '\0' : at[-1]);
  const auto here = static_cast<unsigned char>(at == text_end_ ? '\0' : *at);
  if (matches_set(previous, set, end - 1) || !matches_set(here, set, end - 1)) return nullptr;
  *p = end;
  *again = true;
  return at;
}

const char* Pattern::match_back_reference(const char* at, char digit) {
  const int index = digit - '1';
  if (index < 0 || index >= level_ || captures_[index].size == kUnfinished) {
    return fail_with("invalid capture index in pattern");
  }
  const auto size = captures_[index].size;
  if (size < 0) return nullptr;
  steps_used_ += static_cast<std::uint64_t>(size) / 8;
  if (text_end_ - at < size ||
      std::memcmp(captures_[index].begin, at, static_cast<std::size_t>(size)) != 0) {
    return nullptr;
  }
  return at + size;
}

const char* Pattern::max_expand(const char* at, const char* p, const char* end) {
  std::ptrdiff_t count = 0;
  while (matches_single(at + count, p, end)) ++count;
  for (; count >= 0 && problem_ == nullptr; --count) {
    const char* rest = match(at + count, end + 1);
    if (rest != nullptr) return rest;
  }
  return nullptr;
}

const char* Pattern::min_expand(const char* at, const char* p, const char* end) {
  for (;;) {
    const char* rest = match(at, end + 1);
    if (rest != nullptr || problem_ != nullptr) return rest;
    if (!matches_single(at, p, end)) return nullptr;
    ++at;
  }
}

const char* Pattern::open_capture(const char* at, const char* p, std::ptrdiff_t kind) {
  if (level_ >= kMaxCaptures) return fail_with("too many captures");
  captures_[level_] = {at, kind};
  ++level_;
  const char* rest = match(at, p);
  if (rest == nullptr) --level_;
  return rest;
}

const char* Pattern::close_capture(const char* at, const char* p) {
  int open = level_ - 1;
  while (open >= 0 && captures_[open].size != kUnfinished) --open;
  if (open < 0) return fail_with("invalid pattern capture");
  captures_[open].size = at - captures_[open].begin;
  const char* rest = match(at, p);
  if (rest == nullptr) captures_[open].size = kUnfinished;
  return rest;
}

}  // namespace snapcore
