// The policy of a site, read from its table.
#pragma once

#include "site/site.hpp"

namespace snapcore {

// A member that is not as it should be: its path and what is wrong.
struct Misfit {
  std::string path;
  std::string problem;
};

tl::expected<Policy, Misfit> read_policy(const Value& policy);
Value to_value(const Policy& policy);

// "unknown member; known are a, b, c", when `object` has another one than these.
std::optional<Misfit> unknown_member(const Value& object, const std::string& path,
                                     std::initializer_list<std::string_view> known);

}  // namespace snapcore
