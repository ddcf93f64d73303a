// The policy of a site, read from its table.
#pragma once

#include <array>

#include "site/site.hpp"

namespace snapcore {

// Every guard there is, as plans, waivers and policies call it.
inline constexpr std::array<std::string_view, 8> kGuardNames = {
    "age", "destroys", "hash", "identity", "healthy", "lock", "space", "version"};

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
