// Keys and values are bytes; JSON and terminals want text.
#pragma once

#include <optional>
#include <snapcore/utf8.hpp>
#include <string>
#include <string_view>

namespace etcd {

using snapcore::shown;

// One of the two is set: the text, or base64 of what is none.
struct Written {
  std::optional<std::string> text;
  std::optional<std::string> base64;
};
Written write_bytes(std::string_view bytes);

// A key, and where an argument cannot say it as text, how it can be asked for.
Written write_key(std::string_view key);
std::string shown_key(std::string_view key);

// "1 key", "2 keys"
std::string count_words(std::uint64_t count, const std::string& one);

// "12.5 MB"
std::string size_words(std::uint64_t bytes);

}  // namespace etcd
