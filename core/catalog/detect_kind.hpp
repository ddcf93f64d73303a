// What an artifact without a manifest is, told from its first bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <snapcore/support/digest.hpp>
#include <span>
#include <string>

namespace snapcore {

struct KindPattern {
  std::string kind = {};
  std::uint64_t offset = 0;
  std::string magic = {};  // raw bytes; an empty one fits nothing
};

// How many first bytes detect_kind needs to see to decide on all of these.
std::uint64_t head_needed(std::span<const KindPattern> patterns);

// The kind of the longest magic that fits, whatever the order of `patterns`; nothing when none
// does, or when two of that length name different kinds.
std::optional<std::string> detect_kind(Bytes head, std::span<const KindPattern> patterns);

}  // namespace snapcore
