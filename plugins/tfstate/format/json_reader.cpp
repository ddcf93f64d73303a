#include "format/json_reader.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <snapcore/utf8.hpp>
#include <utility>

namespace tfstate {
namespace {

constexpr std::size_t kPiece = 256 * 1024;
constexpr std::uint32_t kReplacement = 0xfffd;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Characters of a text that stand for themselves and are whole by themselves.
constexpr auto kPlain = [] {
  std::array<bool, 256> plain{};
  for (std::size_t c = 0x20; c < 0x80; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}();

Json kind_of(char c) {
  switch (c) {
    case '{': return Json::kObject;
    case '[': return Json::kArray;
    case '"': return Json::kString;
    case 't': return Json::kTrue;
    case 'f': return Json::kFalse;
    case 'n': return Json::kNull;
    default: return c == '-' || is_digit(c) ? Json::kNumber : Json::kNone;
  }
}

}  // namespace

void append_utf8(std::string& out, std::uint32_t point) {
  if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) point = kReplacement;
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xc0 | (point >> 6));
    put(0x80 | (point & 0x3f));
  } else if (point < 0x10000) {
    put(0xe0 | (point >> 12));
    put(0x80 | ((point >> 6) & 0x3f));
    put(0x80 | (point & 0x3f));
  } else {
    put(0xf0 | (point >> 18));
    put(0x80 | ((point >> 12) & 0x3f));
    put(0x80 | ((point >> 6) & 0x3f));
    put(0x80 | (point & 0x3f));
  }
}

JsonReader::JsonReader(Read read)
    : read_(std::move(read)), buffer_(std::make_unique_for_overwrite<char[]>(kPiece)) {
  start_ = cursor_ = end_ = buffer_.get();
}

JsonReader::JsonReader(std::string_view bytes)
    : start_(bytes.data()),
      cursor_(bytes.data()),
      end_(bytes.data() + bytes.size()),
      ended_(true) {}

bool JsonReader::fill() {
  if (ended_ || failure_) return false;
  if (sink_ != nullptr)
    sink_->update(
        {reinterpret_cast<const std::byte*>(tapped_), static_cast<std::size_t>(end_ - tapped_)});
  base_ += static_cast<std::uint64_t>(end_ - start_);
  start_ = cursor_ = end_ = tapped_ = buffer_.get();
  auto got = read_(std::as_writable_bytes(std::span(buffer_.get(), kPiece)));
  if (!got) {
    refuse(got.error());
    return false;
  }
  ended_ = *got == 0;
  end_ += *got;
  return !ended_;
}

void JsonReader::begin_tap(snapcore::Sha256& sink) {
  skip_space();
  sink_ = &sink;
  tapped_ = cursor_;
}

void JsonReader::end_tap() {
  if (sink_ == nullptr) return;
  sink_->update(
      {reinterpret_cast<const std::byte*>(tapped_), static_cast<std::size_t>(cursor_ - tapped_)});
  sink_ = nullptr;
}

void JsonReader::refuse(Error error) {
  if (!failure_) failure_ = std::move(error);
}

bool JsonReader::malformed(std::string_view what) {
  const bool cut = ended_ && cursor_ == end_;
  refuse({.code = cut ? "json.cut_off" : "json.malformed",
          .message = (cut ? "ends at byte " : "byte ") + std::to_string(passed()) +
                     (cut ? ", where " : ": ") + std::string(what) +
                     (cut ? " should follow" : " expected"),
          .category = snapcore::Category::kCorrupt});
  return false;
}

bool JsonReader::skip_space() {
  while (more()) {
    while (cursor_ != end_ &&
           (*cursor_ == ' ' || *cursor_ == '\n' || *cursor_ == '\t' || *cursor_ == '\r'))
      ++cursor_;
    if (cursor_ != end_) return true;
  }
  return false;
}

Json JsonReader::next() {
  if (failure_ || !skip_space()) return Json::kNone;
  return kind_of(*cursor_);
}

std::uint64_t JsonReader::offset() {
  if (!failure_) skip_space();
  return passed();
}

bool JsonReader::expect(Json wanted, std::string_view what) {
  return next() == wanted ? true : malformed(what);
}

bool JsonReader::push() {
  if (first_.size() >= kDeepest) return malformed("a value that is nested less deeply");
  first_.push_back(true);
  ++cursor_;
  return true;
}

bool JsonReader::enter_object() { return expect(Json::kObject, "an object") && push(); }
bool JsonReader::enter_array() { return expect(Json::kArray, "a list") && push(); }

bool JsonReader::member(std::string& name) {
  if (failure_) return false;
  if (!skip_space()) return malformed("the end of an object");
  if (*cursor_ == '}') {
    ++cursor_;
    pop();
    return false;
  }
  if (!first_.back()) {
    if (*cursor_ != ',') return malformed("',' or '}'");
    ++cursor_;
  }
  first_.back() = false;
  if (!expect(Json::kString, "a name in quotes")) return false;
  name.clear();
  if (!quoted(&name, kLongestName)) return false;
  if (!skip_space() || *cursor_ != ':') return malformed("':'");
  ++cursor_;
  return true;
}

bool JsonReader::element() {
  if (failure_) return false;
  if (!skip_space()) return malformed("the end of a list");
  if (*cursor_ == ']') {
    ++cursor_;
    pop();
    return false;
  }
  if (!first_.back()) {
    if (*cursor_ != ',') return malformed("',' or ']'");
    ++cursor_;
  }
  first_.back() = false;
  return next() != Json::kNone ? true : malformed("a value");
}

bool JsonReader::text(std::string& out, std::size_t limit) {
  out.clear();
  return expect(Json::kString, "a text") && quoted(&out, limit);
}

bool JsonReader::number(std::string& raw) {
  raw.clear();
  return expect(Json::kNumber, "a number") && number_to(&raw);
}

bool JsonReader::boolean(bool& out) {
  const Json kind = next();
  if (kind != Json::kTrue && kind != Json::kFalse) return malformed("true or false");
  out = kind == Json::kTrue;
  return skip_scalar(kind);
}

// --- texts

bool JsonReader::quoted(std::string* out, std::size_t limit) {
  ++cursor_;
  for (;;) {
    if (!more()) return malformed("the end of a text");
    const char* const from = cursor_;
    while (cursor_ != end_ && kPlain[static_cast<unsigned char>(*cursor_)]) ++cursor_;
    if (out != nullptr) {
      out->append(from, cursor_);
      if (out->size() > limit) {
        refuse({.code = "json.too_long",
                .message = "byte " + std::to_string(passed()) + ": a text of more than " +
                           std::to_string(limit) + " bytes where a short one is expected",
                .category = snapcore::Category::kCorrupt});
        return false;
      }
    }
    if (cursor_ == end_) continue;
    const char c = *cursor_;
    if (c == '"') {
      ++cursor_;
      return true;
    }
    if (c == '\\') {
      ++cursor_;
      if (!escape(out)) return false;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      return malformed("no control character in a text");
    } else if (!beyond_ascii(out)) {
      return false;
    }
  }
}

bool JsonReader::hex4(unsigned& unit) {
  unit = 0;
  for (int i = 0; i < 4; ++i) {
    if (!more()) return malformed("four hexadecimal digits");
    const char c = *cursor_;
    unsigned digit = 0;
    if (is_digit(c)) {
      digit = static_cast<unsigned>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      digit = static_cast<unsigned>(c - 'a') + 10;
    } else if (c >= 'A' && c <= 'F') {
      digit = static_cast<unsigned>(c - 'A') + 10;
    } else {
      return malformed("four hexadecimal digits");
    }
    unit = unit * 16 + digit;
    ++cursor_;
  }
  return true;
}

bool JsonReader::escape(std::string* out) {
  static constexpr std::string_view kLetters = "\"\\/bfnrt";
  static constexpr std::string_view kMeant = "\"\\/\b\f\n\r\t";
  if (!more()) return malformed("the rest of an escape");
  const char c = *cursor_;
  if (const auto at = kLetters.find(c); at != std::string_view::npos) {
    ++cursor_;
    if (out != nullptr) *out += kMeant[at];
    return true;
  }
  if (c != 'u') return malformed("a character that can be escaped");
  ++cursor_;
  unsigned unit = 0;
  if (!hex4(unit)) return false;
  // Half a pair by itself is no character: U+FFFD, and what follows it stands for itself.
  while (unit >= 0xd800 && unit < 0xdc00) {
    if (!more() || *cursor_ != '\\') break;
    ++cursor_;
    if (!more() || *cursor_ != 'u') {
      if (out != nullptr) append_utf8(*out, kReplacement);
      return escape(out);
    }
    ++cursor_;
    unsigned low = 0;
    if (!hex4(low)) return false;
    if (low >= 0xdc00 && low < 0xe000) {
      if (out != nullptr) append_utf8(*out, 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
      return true;
    }
    if (out != nullptr) append_utf8(*out, kReplacement);
    unit = low;
  }
  if (out != nullptr) append_utf8(*out, unit);
  return true;
}

bool JsonReader::beyond_ascii(std::string* out) {
  char sequence[4];
  std::size_t size = 0;
  sequence[size++] = *cursor_++;
  const auto lead = static_cast<unsigned char>(sequence[0]);
  const std::size_t wanted = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  while (size < wanted && more() && (static_cast<unsigned char>(*cursor_) & 0xc0) == 0x80)
    sequence[size++] = *cursor_++;
  if (failure_) return false;
  if (snapcore::utf8_sequence_length({sequence, size}) == size) {
    if (out != nullptr) out->append(sequence, size);
    return true;
  }
  bad_utf8_ = true;
  // Go puts one mark for each byte of what is no character.
  for (std::size_t i = 0; out != nullptr && i < size; ++i) append_utf8(*out, kReplacement);
  return true;
}

// --- numbers and words

bool JsonReader::digits(std::string* out) {
  if (!more() || !is_digit(*cursor_)) return malformed("a digit");
  while (more() && is_digit(*cursor_)) {
    if (out != nullptr) {
      *out += *cursor_;
      if (out->size() > kLongestName) return malformed("a number that is shorter");
    }
    ++cursor_;
  }
  return true;
}

bool JsonReader::number_to(std::string* out) {
  const auto take = [&] {
    if (out != nullptr) *out += *cursor_;
    ++cursor_;
  };
  if (*cursor_ == '-') take();
  if (more() && *cursor_ == '0') {
    take();
  } else if (!digits(out)) {
    return false;
  }
  if (more() && *cursor_ == '.') {
    take();
    if (!digits(out)) return false;
  }
  if (more() && (*cursor_ == 'e' || *cursor_ == 'E')) {
    take();
    if (more() && (*cursor_ == '+' || *cursor_ == '-')) take();
    if (!digits(out)) return false;
  }
  return !failure_;
}

bool JsonReader::word(std::string_view text) {
  for (const char c : text) {
    if (!more() || *cursor_ != c) return malformed("'" + std::string(text) + "'");
    ++cursor_;
  }
  return true;
}

bool JsonReader::skip_scalar(Json kind) {
  switch (kind) {
    case Json::kString: return quoted(nullptr, 0);
    case Json::kNumber: return number_to(nullptr);
    case Json::kTrue: return word("true");
    case Json::kFalse: return word("false");
    case Json::kNull: return word("null");
    default: return malformed("a value");
  }
}

// Without recursion: how deep a document is must not decide about our stack.
bool JsonReader::skip() {
  const std::size_t level = first_.size();
  std::vector<bool> objects;
  for (;;) {
    const Json kind = next();
    if (kind == Json::kObject || kind == Json::kArray) {
      if (!push()) return false;
      objects.push_back(kind == Json::kObject);
    } else if (!skip_scalar(kind)) {
      return false;
    }
    // Behind a value: the next member or element, or the ends of what we are in.
    for (;;) {
      if (first_.size() == level) return true;
      if (!skip_space())
        return malformed(objects.back() ? "the end of an object" : "the end of a list");
      const char c = *cursor_;
      if (c == (objects.back() ? '}' : ']')) {
        ++cursor_;
        pop();
        objects.pop_back();
        continue;
      }
      if (!first_.back()) {
        if (c != ',') return malformed(objects.back() ? "',' or '}'" : "',' or ']'");
        ++cursor_;
      }
      first_.back() = false;
      if (!objects.back()) break;
      if (!expect(Json::kString, "a name in quotes") || !quoted(nullptr, 0)) return false;
      if (!skip_space() || *cursor_ != ':') return malformed("':'");
      ++cursor_;
      break;
    }
  }
}

bool JsonReader::finish() {
  if (failure_) return false;
  if (!skip_space()) return !failure_;
  return malformed("nothing more");
}

}  // namespace tfstate
