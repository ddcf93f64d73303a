// What became of the objects and outputs of one state in another.
//
// Each file is read once from front to back, which leaves a few words for each object; the bytes of
// an object are looked at again only where they differ.
#pragma once

#include <cstdint>
#include <format/attribute_diff.hpp>
#include <format/state.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace tfstate {

// A state that can be read anywhere. Gives 0 at the end.
struct StateBytes {
  std::string name = {};
  std::function<Result<std::size_t>(std::uint64_t offset, std::span<std::byte>)> read_at = {};
};

enum class What { kAdded, kRemoved, kChanged, kReplaced, kMoved };

struct Difference {
  What what = What::kChanged;
  bool output = false;
  std::string address = {};
  std::optional<std::string> was = {};  // the address before a move
  AttributeChanges attributes = {};
  bool too_large = false;  // it differs, and is too large to say where

  std::vector<std::string> words() const;
};

struct DiffCounts {
  std::uint64_t added = 0;
  std::uint64_t removed = 0;
  std::uint64_t changed = 0;
  std::uint64_t replaced = 0;
  std::uint64_t moved = 0;
  std::uint64_t unchanged = 0;
  std::uint64_t outputs = 0;  // that differ
};

struct StateDiff {
  State before = {};
  State after = {};
  DiffCounts counts = {};
};

using Report = std::function<Result<>(const Difference&)>;

// In the order of `after`, then what is gone in the order of `before`, then the outputs. A moved
// object is one: the same provider, type and id under another address. Both must be states of
// version 4, or nothing at all; else "tfstate.cannot_compare".
Result<StateDiff> compare_states(const StateBytes& before, const StateBytes& after,
                                 const Report& report,
                                 const std::function<Result<>()>& keep_going = {});

}  // namespace tfstate
