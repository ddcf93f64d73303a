#include "xml.hpp"

#include <charconv>
#include <cstdint>
#include <optional>
#include <snapcore/utf8.hpp>
#include <utility>

namespace s3::xml {

using snapcore::fail;
using snapcore::Result;

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool begins_name(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool continues_name(char c) {
  return begins_name(c) || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':';
}

// A character that XML 1.0 allows, as a number or as itself.
bool is_allowed(std::uint32_t c) {
  if (c < 0x20) return c == '\t' || c == '\n' || c == '\r';
  return c <= 0x10FFFF && !(c >= 0xD800 && c <= 0xDFFF) && c != 0xFFFE && c != 0xFFFF;
}

void append_utf8(std::string& out, std::uint32_t c) {
  const auto byte = [&](std::uint32_t value) { out.push_back(static_cast<char>(value)); };
  if (c < 0x80) {
    byte(c);
  } else if (c < 0x800) {
    byte(0xC0 | (c >> 6));
    byte(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    byte(0xE0 | (c >> 12));
    byte(0x80 | ((c >> 6) & 0x3F));
    byte(0x80 | (c & 0x3F));
  } else {
    byte(0xF0 | (c >> 18));
    byte(0x80 | ((c >> 12) & 0x3F));
    byte(0x80 | ((c >> 6) & 0x3F));
    byte(0x80 | (c & 0x3F));
  }
}

std::string_view local(std::string_view name) {
  const auto colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<Element> document() {
    if (!snapcore::is_utf8(text_)) return fail(wrong("is not UTF-8"));
    skip("\xEF\xBB\xBF");
    if (!prolog()) return fail(wrong(why_));
    Element root;
    if (!skip("<") || !element(root, 1)) return fail(wrong(why_));
    if (!prolog()) return fail(wrong(why_));
    if (at_ != text_.size()) return fail(wrong("goes on after its end"));
    return root;
  }

 private:
  snapcore::Error wrong(std::string_view why) const {
    return {.code = "s3.bad_xml",
            .message = "the answer is not the XML it should be: it " + std::string(why) +
                       " at byte " + std::to_string(at_),
            .category = snapcore::Category::kTransient};
  }
  bool refuse(std::string_view why) {
    why_ = why;
    return false;
  }

  bool skip(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }
  bool skip_behind(std::string_view end) {
    const auto found = text_.find(end, at_);
    if (found == std::string_view::npos) return refuse("ends too early");
    at_ = found + end.size();
    return true;
  }

  // What may stand before and after the root.
  bool prolog() {
    for (;;) {
      skip_blanks();
      if (skip("<?")) {
        if (!skip_behind("?>")) return false;
      } else if (skip("<!--")) {
        if (!skip_behind("-->")) return false;
      } else if (text_.substr(at_).starts_with("<!")) {
        return refuse("declares a document type");
      } else {
        return true;
      }
    }
  }

  bool name(std::string_view& out) {
    const std::size_t begin = at_;
    if (at_ >= text_.size() || !begins_name(text_[at_])) return refuse("has a tag without a name");
    while (at_ < text_.size() && continues_name(text_[at_])) ++at_;
    out = text_.substr(begin, at_ - begin);
    return true;
  }

  // Behind "&".
  bool reference(std::string& out) {
    const auto end = text_.substr(at_, 12).find(';');
    if (end == std::string_view::npos) return refuse("has an entity without an end");
    const std::string_view body = text_.substr(at_, end);
    static constexpr std::pair<std::string_view, char> kKnown[] = {
        {"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"apos", '\''}, {"quot", '"'}};
    for (const auto& [known, letter] : kKnown) {
      if (body != known) continue;
      out.push_back(letter);
      at_ += end + 1;
      return true;
    }
    if (!body.starts_with('#')) return refuse("has an unknown entity");
    const bool hex = body.starts_with("#x");
    const std::string_view digits = body.substr(hex ? 2 : 1);
    std::uint32_t code = 0;
    const auto [last, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), code, hex ? 16 : 10);
    if (error != std::errc() || last != digits.data() + digits.size() || !is_allowed(code)) {
      return refuse("has a number that is no character");
    }
    append_utf8(out, code);
    at_ += end + 1;
    return true;
  }

  bool plain(std::string& out) {
    const auto c = static_cast<unsigned char>(text_[at_]);
    if (!is_allowed(c)) return refuse("has a control character");
    out.push_back(text_[at_++]);
    return true;
  }

  // None of them matters to us; they must be well-formed all the same.
  bool attributes() {
    for (;;) {
      const std::size_t before = at_;
      skip_blanks();
      if (at_ >= text_.size()) return refuse("ends too early");
      if (text_[at_] == '>' || text_[at_] == '/') return true;
      if (before == at_) return refuse("has a tag that is malformed");
      std::string_view ignored;
      if (!name(ignored)) return false;
      skip_blanks();
      if (!skip("=")) return refuse("has an attribute without a value");
      skip_blanks();
      const char quote = at_ < text_.size() ? text_[at_] : '\0';
      if (quote != '"' && quote != '\'') return refuse("has an attribute without quotes");
      ++at_;
      const auto end = text_.find(quote, at_);
      if (end == std::string_view::npos) return refuse("ends too early");
      if (text_.substr(at_, end - at_).find('<') != std::string_view::npos) {
        return refuse("has an attribute that is malformed");
      }
      at_ = end + 1;
    }
  }

  // Behind "<".
  bool element(Element& out, std::size_t depth) {
    if (depth > kMostDepth) return refuse("is nested too deeply");
    if (++elements_ > kMostElements) return refuse("has too many elements");
    std::string_view full;
    if (!name(full) || !attributes()) return false;
    out.name = local(full);
    if (skip("/>")) return true;
    if (!skip(">")) return refuse("has a tag that is malformed");
    return content(out, full, depth);
  }

  bool content(Element& out, std::string_view full, std::size_t depth) {
    while (at_ < text_.size()) {
      if (skip("</")) return end_tag(full);
      if (skip("<!--")) {
        if (!skip_behind("-->")) return false;
      } else if (skip("<![CDATA[")) {
        const std::size_t begin = at_;
        if (!skip_behind("]]>")) return false;
        out.text += text_.substr(begin, at_ - 3 - begin);
      } else if (skip("<?")) {
        if (!skip_behind("?>")) return false;
      } else if (skip("<")) {
        out.children.emplace_back();
        if (!element(out.children.back(), depth + 1)) return false;
      } else if (skip("&")) {
        if (!reference(out.text)) return false;
      } else if (!plain(out.text)) {
        return false;
      }
    }
    return refuse("ends too early");
  }

  bool end_tag(std::string_view full) {
    std::string_view closing;
    if (!name(closing)) return false;
    skip_blanks();
    if (!skip(">")) return refuse("has a tag that is malformed");
    return closing == full ? true : refuse("has a tag that ends another");
  }

  std::string_view text_;
  std::string_view why_ = "has no root";
  std::size_t at_ = 0;
  std::size_t elements_ = 0;
};

}  // namespace

const Element* Element::find(std::string_view child) const {
  for (const Element& element : children) {
    if (element.name == child) return &element;
  }
  return nullptr;
}

std::string_view Element::text_of(std::string_view child) const {
  const Element* found = find(child);
  return found ? std::string_view(found->text) : std::string_view();
}

Result<Element> parse(std::string_view text) { return Parser(text).document(); }

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '&': out += "&amp;"; break;
      case '"': out += "&quot;"; break;
      default: out.push_back(c);
    }
  }
  return out;
}

}  // namespace s3::xml
