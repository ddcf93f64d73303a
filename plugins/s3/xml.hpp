// Reads the XML that a store answers with: small documents of elements and text.
//
// Strict, since what is read decides what is restored: one root, tags that match, the five entities
// of XML and numbers, UTF-8. Refused are document types (and with them every entity of one's own),
// undeclared entities and anything cut off. Bounded in depth and in elements; the size is bounded
// by whoever fetches it.
#pragma once

#include <cstddef>
#include <snapcore/error.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace s3::xml {

struct Element {
  std::string name = {};  // without its prefix
  std::string text = {};  // of this element alone, its pieces joined
  std::vector<Element> children = {};

  // The first of that name; null when there is none.
  const Element* find(std::string_view child) const;
  // Its text; empty when there is none.
  std::string_view text_of(std::string_view child) const;
};

inline constexpr std::size_t kMostDepth = 16;
inline constexpr std::size_t kMostElements = 200'000;

// "s3.bad_xml" with the byte where it ends to make sense.
snapcore::Result<Element> parse(std::string_view text);

// For what we send.
std::string escaped(std::string_view text);

}  // namespace s3::xml
