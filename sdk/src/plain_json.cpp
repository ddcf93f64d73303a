#include "plain_json.hpp"

#include <utility>

namespace snapcore::detail {
namespace {

constexpr int kDepth = 100;
constexpr std::size_t kDigits = 18;

class PlainJson {
 public:
  explicit PlainJson(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  std::optional<Value> all() {
    Value value;
    if (!read(value)) return std::nullopt;
    skip_space();
    if (at_ != end_) return std::nullopt;
    return value;
  }

 private:
  bool skip_space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) ++at_;
    return at_ != end_;
  }

  bool pass(char expected) {
    if (!skip_space() || *at_ != expected) return false;
    ++at_;
    return true;
  }

  bool pass_word(std::string_view word) {
    if (std::string_view(at_, static_cast<std::size_t>(end_ - at_)).substr(0, word.size()) != word)
      return false;
    at_ += word.size();
    return true;
  }

  bool read(Value& value) {
    if (!skip_space()) return false;
    switch (*at_) {
      case '{': return read_object(value);
      case '[': return read_array(value);
      case '"': {
        std::string text;
        if (!read_text(text)) return false;
        value = Value(std::move(text));
        return true;
      }
      case 'n': return pass_word("null");
      case 't': value = true; return pass_word("true");
      case 'f': value = false; return pass_word("false");
      default: return read_integer(value);
    }
  }

  bool read_integer(Value& value) {
    const bool negative = *at_ == '-';
    if (negative) ++at_;
    const char* first = at_;
    std::int64_t number = 0;
    for (; at_ != end_ && *at_ >= '0' && *at_ <= '9'; ++at_) {
      if (static_cast<std::size_t>(at_ - first) == kDigits) return false;
      number = 10 * number + (*at_ - '0');
    }
    const bool is_zero = at_ - first == 1 && *first == '0';
    if (at_ == first || (*first == '0' && (!is_zero || negative))) return false;
    if (at_ != end_ && (*at_ == '.' || *at_ == 'e' || *at_ == 'E')) return false;
    value = negative ? -number : number;
    return true;
  }

  bool read_text(std::string& text) {
    const char* plain = ++at_;
    for (; at_ != end_; ++at_) {
      const auto byte = static_cast<unsigned char>(*at_);
      if (byte < 0x20 || byte >= 0x80) return false;
      if (byte != '"' && byte != '\\') continue;
      text.append(plain, at_);
      if (byte == '"') {
        ++at_;
        return true;
      }
      if (++at_ == end_ || !append_escaped(text, *at_)) return false;
      plain = at_ + 1;
    }
    return false;
  }

  static bool append_escaped(std::string& text, char c) {
    switch (c) {
      case '"':
      case '\\':
      case '/': text += c; return true;
      case 'b': text += '\b'; return true;
      case 'f': text += '\f'; return true;
      case 'n': text += '\n'; return true;
      case 'r': text += '\r'; return true;
      case 't': text += '\t'; return true;
      default: return false;
    }
  }

  bool read_array(Value& value) {
    Value::Array items;
    ++at_;
    if (++depth_ > kDepth) return false;
    if (!pass(']')) {
      do {
        if (!read(items.emplace_back())) return false;
      } while (pass(','));
      if (!pass(']')) return false;
    }
    --depth_;
    value = Value(std::move(items));
    return true;
  }

  bool read_object(Value& value) {
    Value::Object members;
    ++at_;
    if (++depth_ > kDepth) return false;
    if (!pass('}')) {
      do {
        if (!read_member(members)) return false;
      } while (pass(','));
      if (!pass('}')) return false;
    }
    --depth_;
    value = Value(std::move(members));
    return true;
  }

  bool read_member(Value::Object& members) {
    std::string name;
    if (!skip_space() || *at_ != '"' || !read_text(name) || !pass(':')) return false;
    // Most come in their order.
    const bool behind = members.empty() || members.rbegin()->first < name;
    if (!behind && members.find(name) != members.end()) return false;
    const auto place = behind ? members.end() : members.lower_bound(name);
    return read(members.emplace_hint(place, std::move(name), Value())->second);
  }

  const char* at_;
  const char* end_;
  int depth_ = 0;
};

}  // namespace

std::optional<Value> parse_plain_json(std::string_view text) { return PlainJson(text).all(); }

}  // namespace snapcore::detail
