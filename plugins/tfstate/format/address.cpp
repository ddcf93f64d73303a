#include "format/address.hpp"

#include <snapcore/utf8.hpp>

namespace tfstate {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
// Letters of other alphabets are let through unseen.
bool is_foreign(char c) { return static_cast<unsigned char>(c) >= 0x80; }

// Goes through an address; each step answers whether it was there.
class Walk {
 public:
  explicit Walk(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }

  bool take(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }

  bool name() {
    std::size_t size = 0;
    for (const char c : rest_) {
      const bool inside =
          is_letter(c) || c == '_' || is_foreign(c) || (size > 0 && (is_digit(c) || c == '-'));
      if (!inside) break;
      ++size;
    }
    rest_.remove_prefix(size);
    return size > 0;
  }

  // [0], ["text"]; true when there is none, false when it is broken.
  bool optional_key() {
    if (!take("[")) return true;
    if (rest_.starts_with('"')) return quoted() && take("]");
    std::size_t size = rest_.starts_with('-') ? 1 : 0;
    const std::size_t sign = size;
    while (size < rest_.size() && is_digit(rest_[size])) ++size;
    if (size == sign) return false;
    rest_.remove_prefix(size);
    return take("]");
  }

  bool quoted() {
    if (!take("\"")) return false;
    while (!rest_.empty() && !rest_.starts_with('"')) {
      rest_.remove_prefix(rest_.starts_with('\\') && rest_.size() > 1 ? 2 : 1);
    }
    return take("\"");
  }

  // All leading module.NAME[KEY] steps, each with what separates it from what follows.
  bool modules() {
    while (take("module.")) {
      if (!name() || !optional_key()) return false;
      if (done()) return true;
      if (!take(".")) return false;
    }
    return true;
  }

  // host/namespace/type, of which the first parts may be missing.
  bool source() {
    const auto end = rest_.find('"');
    std::string_view text = rest_.substr(0, end);
    if (end == std::string_view::npos || text.empty()) return false;
    rest_.remove_prefix(end);
    std::size_t parts = 1, size = 0;
    for (const char c : text) {
      if (c == '/') {
        if (size == 0) return false;
        ++parts;
        size = 0;
      } else if (is_letter(c) || is_digit(c) || is_foreign(c) || c == '-' || c == '_' || c == '.' ||
                 c == ':') {
        ++size;
      } else {
        return false;
      }
    }
    return size > 0 && parts <= 3;
  }

 private:
  std::string_view rest_;
};

// Letters, digits, '-' and '~' between dots; at least one each.
bool is_suffix(std::string_view text) {
  std::size_t size = 0;
  for (const char c : text) {
    if (c == '.') {
      if (size == 0) return false;
      size = 0;
    } else if (is_letter(c) || is_digit(c) || c == '-' || c == '~') {
      ++size;
    } else {
      return false;
    }
  }
  return size > 0;
}

}  // namespace

bool is_module(std::string_view text) {
  if (text.empty()) return true;
  Walk walk(text);
  // A dot at the end would have to be followed by something.
  return text.starts_with("module.") && walk.modules() && walk.done() && !text.ends_with('.');
}

bool is_provider(std::string_view text) {
  Walk walk(text);
  if (!walk.modules() || !walk.take("provider")) return false;
  if (walk.take("[\"")) {
    if (!walk.source() || !walk.take("\"]")) return false;
  } else if (!walk.take(".") || !walk.name()) {
    return false;
  }
  if (walk.take(".") && !walk.name()) return false;
  return walk.optional_key() && walk.done();
}

bool is_resource(std::string_view text) {
  Walk walk(text);
  if (!walk.modules()) return false;
  walk.take("data.");
  return walk.name() && walk.take(".") && walk.name() && walk.optional_key() && walk.done();
}

bool is_version(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  if (const auto plus = text.find('+'); plus != std::string_view::npos) {
    if (!is_suffix(text.substr(plus + 1))) return false;
    text = text.substr(0, plus);
  }
  std::size_t size = 0, digits = 0;
  for (; size < text.size(); ++size) {
    if (is_digit(text[size])) {
      if (++digits > 18) return false;
    } else if (text[size] == '.' && digits > 0) {
      digits = 0;
    } else {
      break;
    }
  }
  if (digits == 0) return false;
  std::string_view rest = text.substr(size);
  if (rest.empty()) return true;
  if (rest.starts_with('-')) rest.remove_prefix(1);
  return is_suffix(rest);
}

std::string resource_address(std::string_view module, bool data, std::string_view type,
                             std::string_view name) {
  std::string text(module);
  if (!text.empty()) text += '.';
  if (data) text += "data.";
  text.append(type).append(".").append(name);
  return text;
}

std::string key_address(std::string_view key) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string text = "[\"";
  while (!key.empty()) {
    const std::size_t length = snapcore::utf8_sequence_length(key);
    const std::string_view sequence = key.substr(0, length == 0 ? 1 : length);
    key.remove_prefix(sequence.size());
    if (sequence == "\"" || sequence == "\\") {
      text += '\\';
      text += sequence;
    } else if (sequence == "\n") {
      text += "\\n";
    } else if (sequence == "\t") {
      text += "\\t";
    } else if ((sequence == "$" || sequence == "%") && key.starts_with('{')) {
      text += sequence;
      text += sequence;
    } else if (length == 0 || snapcore::is_invisible(sequence)) {
      for (const char c : sequence) {
        const auto byte = static_cast<unsigned char>(c);
        text += "\\x";
        text += kHex[byte >> 4];
        text += kHex[byte & 15];
      }
    } else {
      text += sequence;
    }
  }
  return text + "\"]";
}

std::string folded(std::string_view name) {
  std::string out;
  while (!name.empty()) {
    if (name.starts_with("\xc5\xbf")) {  // long s
      out += 's';
      name.remove_prefix(2);
    } else if (name.starts_with("\xe2\x84\xaa")) {  // the sign of kelvin
      out += 'k';
      name.remove_prefix(3);
    } else {
      const char c = name.front();
      out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
      name.remove_prefix(1);
    }
  }
  return out;
}

}  // namespace tfstate
