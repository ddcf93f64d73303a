#include <algorithm>
#include <array>
#include <cstdint>
#include <snapcore/utf8.hpp>

namespace snapcore {
namespace {

struct Points {
  std::uint32_t first;
  std::uint32_t last;
};

constexpr std::array kInvisible = {
    Points{0x00, 0x1f},        // control characters,
    Points{0x7f, 0x9f},        // of which a terminal may take the later ones for escape sequences
    Points{0xad, 0xad},        // a hyphen that is not there
    Points{0x61c, 0x61c},      // direction of Arabic
    Points{0x180e, 0x180e},    // a space without width
    Points{0x200b, 0x200f},    // more of those, joiners, direction
    Points{0x2028, 0x202e},    // ends of lines and paragraphs, direction
    Points{0x2060, 0x206f},    // joiners, direction
    Points{0xfeff, 0xfeff},    // a mark of byte order
    Points{0xfff9, 0xfffb},    // notes between the lines
    Points{0xe0000, 0xe0fff},  // tags
};

// Of a sequence that is one.
std::uint32_t point_of(std::string_view sequence) {
  const auto first = static_cast<unsigned char>(sequence.front());
  if (sequence.size() == 1) return first;
  std::uint32_t point = first & (0x7fu >> sequence.size());
  for (const char byte : sequence.substr(1))
    point = point << 6 | (static_cast<unsigned char>(byte) & 0x3fu);
  return point;
}

void append_escaped(std::string& text, std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
  }
}

// Here rather than in the public function, so that is_utf8 has it inlined in shared objects too.
std::size_t sequence_length(std::string_view bytes) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  std::size_t length = 0;
  unsigned low = 0x80, high = 0xbf;  // what the second byte may be
  if (first >= 0xc2 && first <= 0xdf) {
    length = 2;
  } else if (first >= 0xe0 && first <= 0xef) {
    length = 3;
    if (first == 0xe0) low = 0xa0;   // no overlong forms
    if (first == 0xed) high = 0x9f;  // no surrogates
  } else if (first >= 0xf0 && first <= 0xf4) {
    length = 4;
    if (first == 0xf0) low = 0x90;   // no overlong forms
    if (first == 0xf4) high = 0x8f;  // nothing above U+10FFFF
  }
  if (length == 0 || bytes.size() < length || byte(1) < low || byte(1) > high) return 0;
  for (std::size_t at = 2; at < length; ++at) {
    if (byte(at) < 0x80 || byte(at) > 0xbf) return 0;
  }
  return length;
}

}  // namespace

bool is_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t length = sequence_length(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

std::size_t utf8_sequence_length(std::string_view bytes) {
  return bytes.empty() ? 0 : sequence_length(bytes);
}

bool is_invisible(std::string_view sequence) {
  const std::uint32_t point = point_of(sequence);
  if (point >= 0x20 && point < 0x7f) return false;
  return std::any_of(kInvisible.begin(), kInvisible.end(), [point](const Points& points) {
    return point >= points.first && point <= points.last;
  });
}

std::string shown(std::string_view bytes) {
  std::string text;
  while (!bytes.empty()) {
    const std::size_t length = sequence_length(bytes);
    const std::string_view sequence = bytes.substr(0, std::max<std::size_t>(length, 1));
    if (length == 0 || is_invisible(sequence)) {
      append_escaped(text, sequence);
    } else {
      if (sequence == "\\") text += '\\';
      text += sequence;
    }
    bytes.remove_prefix(sequence.size());
  }
  return text;
}

}  // namespace snapcore
