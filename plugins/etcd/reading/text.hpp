// Keys and values are bytes; JSON and terminals want text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace etcd {

// For a line on a terminal: what is no printable text stands as \xNN.
std::string shown(std::string_view bytes);

// One of the two is set: the text, or base64 of what is none.
struct Written {
  std::optional<std::string> text;
  std::optional<std::string> base64;
};
Written write_bytes(std::string_view bytes);

// "12.5 MB"
std::string size_words(std::uint64_t bytes);

}  // namespace etcd
