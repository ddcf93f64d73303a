// What a runbook expects to find among the keys.
#pragma once

#include <cstdint>
#include <optional>
#include <snapcore/sdk/fields.hpp>
#include <string>
#include <vector>

#include "target.hpp"

namespace etcd {

struct KeysWanted {
  std::optional<std::string> prefix = {};
  std::optional<std::uint64_t> at_least = {};
  std::optional<std::uint64_t> exactly = {};
  std::optional<std::string> key = {};
  std::optional<std::string> value = {};
};
void fields(snapcore::sdk::Fields& f, KeysWanted& wanted);

struct KeysFound {
  std::optional<std::uint64_t> count = {};
  std::vector<std::string> words = {};
};
void fields(snapcore::sdk::Fields& f, KeysFound& found);

// Something is asked for, and value only with key: "arguments.bad_value".
Result<> check_wanted(const KeysWanted& wanted);
// In words, for a plan.
std::vector<std::string> describe(const KeysWanted& wanted);

// Linearizable reads of the first member that answers. "etcd.keys_missing" when there are fewer
// than wanted, "etcd.keys_differ" when there are more or a value is another one; values are never
// shown.
Result<KeysFound> expect_keys(const Target& target, const KeysWanted& wanted,
                              const std::function<bool()>& cancelled);

}  // namespace etcd
