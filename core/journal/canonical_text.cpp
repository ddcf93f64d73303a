#include "journal/canonical_text.hpp"

#include <array>
#include <cstdint>

namespace snapcore {
namespace {

constexpr int kDepth = 100;  // Value::parse() refuses more than 200
constexpr std::size_t kDigits = 18;

// What a byte inside of a string is.
enum class Kind : std::uint8_t { kPlain, kQuote, kEscape, kLead, kForeign };

constexpr std::array<Kind, 256> kinds() {
  std::array<Kind, 256> all{};
  for (std::size_t byte = 0; byte < all.size(); ++byte) {
    const bool lead = byte >= 0xc2 && byte <= 0xf4;
    const bool plain = byte >= 0x20 && byte < 0x7f;
    all[byte] = plain ? Kind::kPlain : lead ? Kind::kLead : Kind::kForeign;
  }
  all['"'] = Kind::kQuote;
  all['\\'] = Kind::kEscape;
  return all;
}
constexpr std::array<Kind, 256> kKinds = kinds();

class Scan {
 public:
  Scan(std::string_view text, std::size_t at) : text_(text), at_(at) {}

  std::size_t at() const { return at_; }

  bool value(int depth) {
    if (at_ == text_.size()) return false;
    switch (text_[at_]) {
      case '"': return string();
      case '{': return object(depth + 1);
      case '[': return array(depth + 1);
      case 't': return word("true");
      case 'f': return word("false");
      case 'n': return word("null");
      default: return integer();
    }
  }

 private:
  bool is(char c) const { return at_ < text_.size() && text_[at_] == c; }
  bool pass(char c) {
    if (!is(c)) return false;
    ++at_;
    return true;
  }
  unsigned byte(std::size_t at) const {
    return at < text_.size() ? static_cast<unsigned char>(text_[at]) : 0U;
  }

  bool word(std::string_view expected) {
    if (text_.substr(at_, expected.size()) != expected) return false;
    at_ += expected.size();
    return true;
  }

  bool integer() {
    const bool negative = pass('-');
    const std::size_t first = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    const std::size_t digits = at_ - first;
    if (digits == 0 || digits > kDigits) return false;
    if (text_[first] == '0' && (digits > 1 || negative)) return false;
    return !is('.') && !is('e') && !is('E');
  }

  bool string() {
    ++at_;
    for (;;) {
      skip_plain();
      switch (kKinds[byte(at_)]) {
        case Kind::kQuote: ++at_; return true;
        case Kind::kEscape:
          if (!escape()) return false;
          break;
        case Kind::kLead:
          if (!wide()) return false;
          break;
        default: return false;
      }
    }
  }

  // The loop that most of the time goes into.
  void skip_plain() {
    const char* const begin = text_.data();
    const char* const end = begin + text_.size();
    const char* here = begin + at_;
    while (here != end && kKinds[static_cast<unsigned char>(*here)] == Kind::kPlain) ++here;
    at_ = static_cast<std::size_t>(here - begin);
  }

  // Only what must be escaped is, and in the one way there is for it.
  bool escape() {
    escaped_ = true;
    const char what = static_cast<char>(byte(at_ + 1));
    if (what == '"' || what == '\\' || what == 'n' || what == 'r' || what == 't') {
      at_ += 2;
      return true;
    }
    if (text_.substr(at_, 4) != "\\u00" || text_.size() - at_ < 6) return false;
    const char high = text_[at_ + 4], low = text_[at_ + 5];
    const bool hex = (low >= '0' && low <= '9') || (low >= 'a' && low <= 'f');
    const bool has_short_form = high == '0' && (low == '9' || low == 'a' || low == 'd');
    if (!hex || has_short_form) return false;
    if (high != '0' && high != '1' && !(high == '7' && low == 'f')) return false;
    at_ += 6;
    return true;
  }

  // One character of more than one byte, as Unicode's table of well-formed UTF-8 has it.
  bool wide() {
    const unsigned lead = byte(at_), second = byte(at_ + 1);
    const std::size_t size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    const unsigned least = lead == 0xe0 ? 0xa0U : lead == 0xf0 ? 0x90U : 0x80U;
    const unsigned most = lead == 0xed ? 0x9fU : lead == 0xf4 ? 0x8fU : 0xbfU;
    if (second < least || second > most) return false;
    for (std::size_t more = 2; more < size; ++more) {
      if ((byte(at_ + more) & 0xc0U) != 0x80U) return false;
    }
    at_ += size;
    return true;
  }

  bool array(int depth) {
    if (depth > kDepth) return false;
    ++at_;
    if (pass(']')) return true;
    do {
      if (!value(depth)) return false;
    } while (pass(','));
    return pass(']');
  }

  bool object(int depth) {
    if (depth > kDepth) return false;
    ++at_;
    if (pass('}')) return true;
    std::optional<std::string_view> before;
    do {
      const std::size_t begin = at_;
      escaped_ = false;
      // Without an escape the text of a name is the name, and sorts as it does.
      if (!is('"') || !string() || escaped_) return false;
      const std::string_view name = text_.substr(begin + 1, at_ - begin - 2);
      if (before && name <= *before) return false;
      before = name;
      if (!pass(':') || !value(depth)) return false;
    } while (pass(','));
    return pass('}');
  }

  std::string_view text_;
  std::size_t at_;
  bool escaped_ = false;  // a string since it was unset had an escape
};

}  // namespace

std::optional<std::size_t> end_of_canonical(std::string_view text, std::size_t at) {
  Scan scan(text, at);
  if (!scan.value(0)) return std::nullopt;
  return scan.at();
}

}  // namespace snapcore
