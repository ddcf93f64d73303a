#include "cli/text/page.hpp"

#include <vector>

#include "base/text.hpp"

namespace snapcore {
namespace {

constexpr std::size_t kLongestForeignText = 4000;

std::string_view code_of(Tone tone) {
  switch (tone) {
    case Tone::kBold: return "\x1b[1m";
    case Tone::kDim: return "\x1b[2m";
    case Tone::kGood: return "\x1b[32m";
    case Tone::kLoud: return "\x1b[1;33m";
    case Tone::kBad: return "\x1b[1;31m";
    case Tone::kPlain: break;
  }
  return "";
}

bool continues_a_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// Columns on the screen, near enough: one for each character.
std::size_t columns(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += continues_a_character(c) ? 0 : 1;
  return count;
}

// Where the word at the beginning ends; a command in quotes is one word, so that it is never
// broken.
std::size_t end_of_word(std::string_view text) {
  constexpr std::string_view kCommand = "'snapcore ";
  const auto quote = text.substr(0, kCommand.size()) == kCommand ? text.find('\'', 1) : 0;
  return std::min(text.find(' ', quote == std::string_view::npos ? 0 : quote), text.size());
}

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
  std::vector<std::string> lines(1);
  std::size_t used = 0;
  while (!text.empty()) {
    const auto spaces = std::min(text.find_first_not_of(' '), text.size());
    const auto end = spaces + end_of_word(text.substr(spaces));
    const std::string_view gap = text.substr(0, spaces), word = text.substr(spaces, end - spaces);
    text.remove_prefix(end);
    if (word.empty()) break;
    if (used > 0 && used + gap.size() + columns(word) > width) {
      lines.emplace_back();
      used = 0;
    }
    if (used > 0) {
      lines.back() += gap;
      used += gap.size();
    }
    lines.back() += word;
    used += columns(word);
  }
  return lines;
}

std::string legible(const Style& style, std::string_view text, std::size_t limit) {
  const std::string clean = printable(text, limit);
  if (style.utf8) return clean;
  std::string ascii;
  for (const char c : clean) {
    if (continues_a_character(c)) continue;
    ascii += static_cast<unsigned char>(c) < 0x80 ? c : '?';
  }
  return ascii;
}

}  // namespace

std::string painted(const Style& style, Tone tone, std::string_view text) {
  const std::string_view code = code_of(tone);
  if (!style.colour || code.empty() || text.empty()) return std::string(text);
  return std::string(code) + std::string(text) + "\x1b[0m";
}

std::string shown(const Style& style, std::string_view text) {
  return legible(style, text, kLongestForeignText);
}

void Page::blank() {
  if (!text_.empty()) text_ += '\n';
}

void Page::heading(std::string_view text, Tone tone) {
  blank();
  verbatim(0, text, tone);
}

void Page::verbatim(std::size_t indent, std::string_view text, Tone tone) {
  // Nothing is cut off: a command that lost its end would be another command.
  const std::string clean = legible(style_, text, text.size() * 4);
  text_ += std::string(indent, ' ') + painted(style_, tone, clean) + '\n';
}

void Page::line(std::size_t indent, std::string_view text, Tone tone, std::size_t hang) {
  wrapped(std::string(indent, ' '), indent, indent + hang, text, tone);
}

void Page::field(std::size_t indent, std::string_view label, std::size_t label_width,
                 std::string_view text, Tone tone, Tone label_tone) {
  const std::string name = shown(style_, label);
  const std::size_t used = columns(name);
  std::string first = std::string(indent, ' ') + painted(style_, label_tone, name);
  const std::size_t column = indent + std::max(label_width, used + 1);
  first += std::string(column - indent - used, ' ');
  wrapped(std::move(first), column, indent + label_width, text, tone);
}

void Page::wrapped(std::string first, std::size_t first_width, std::size_t indent,
                   std::string_view text, Tone tone) {
  const std::size_t margin = std::max(first_width, indent);
  const std::size_t room = style_.width > margin + 20 ? style_.width - margin : 20;
  bool is_first = true;
  for (const std::string& part : wrap(shown(style_, text), room)) {
    if (is_first && part.empty()) {  // a label alone
      first.erase(first.find_last_not_of(' ') + 1);
      text_ += first + '\n';
      return;
    }
    text_ += (is_first ? first : std::string(indent, ' ')) + painted(style_, tone, part) + '\n';
    is_first = false;
  }
}

}  // namespace snapcore
