#pragma once

#include <snapcore/value.hpp>
#include <string>
#include <vector>

namespace snapcore {

// The texts of a list.
inline std::vector<std::string> texts(const Value& list) {
  std::vector<std::string> all;
  for (const Value& item : list.items()) all.push_back(item.text());
  return all;
}

}  // namespace snapcore
