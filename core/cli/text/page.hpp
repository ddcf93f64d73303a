// Lines of text for people: wrapped, indented, painted on terminals that can.
//
// Everything that comes from outside (names, messages, words of plugins) passes through a page or
// shown(), so that no control character reaches the terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace snapcore {

struct Style {
  bool colour = false;
  bool utf8 = false;  // else everything outside ASCII becomes '?'
  std::size_t width = 100;
};

enum class Tone { kPlain, kBold, kDim, kGood, kLoud, kBad };

std::string painted(const Style& style, Tone tone, std::string_view text);

// One line, safe to print.
std::string shown(const Style& style, std::string_view text);

class Page {
 public:
  explicit Page(Style style) : style_(style) {}

  void blank();
  // A section's name, with an empty line above it.
  void heading(std::string_view text, Tone tone = Tone::kBold);
  // Wrapped at the width; further lines stand below the first word, or `hang` deeper.
  void line(std::size_t indent, std::string_view text, Tone tone = Tone::kPlain,
            std::size_t hang = 0);
  // A label in a column of `label_width`, then wrapped text beside it.
  void field(std::size_t indent, std::string_view label, std::size_t label_width,
             std::string_view text, Tone tone = Tone::kPlain, Tone label_tone = Tone::kDim);
  // Never wrapped: commands to paste, digests.
  void verbatim(std::size_t indent, std::string_view text, Tone tone = Tone::kPlain);

  const Style& style() const { return style_; }
  const std::string& text() const { return text_; }

 private:
  void wrapped(std::string first, std::size_t first_width, std::size_t indent,
               std::string_view text, Tone tone);

  Style style_;
  std::string text_;
};

}  // namespace snapcore
