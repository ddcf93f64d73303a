// One object: what it is, and its bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <snapcore/interfaces/objects.hpp>
#include <string>
#include <string_view>

#include "store.hpp"

namespace s3 {

namespace objects = snapcore::sdk::objects;

struct Found {
  objects::Object object = {};
  std::string lock = {};  // why the store will not let this version go; empty when it will
};

// "s3.not_found", "s3.deleted" (the newest version is a delete marker).
snapcore::Result<Found> look_at(Session& session, const std::string& key,
                                const std::optional<std::string>& version_id = {});
// Nothing when the key stands for nothing.
snapcore::Result<std::optional<Found>> find(Session& session, const std::string& key);

// Each write of ours carries the key of its call, so that we know it again when the answer was lost
// or the process ended.
inline constexpr std::string_view kMark = "snapcore-call";
// The version of `key` with this mark, the newest first.
snapcore::Result<std::optional<Found>> find_marked(Session& session, const std::string& key,
                                                   const std::string& mark);

struct Range {
  std::optional<std::string> version_id = {};
  std::optional<std::string> if_match = {};
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> length = {};
  std::uint32_t streams = 1;  // what is large comes in several, and in order all the same
};

// The bytes of one version, in order, each once. A body that breaks off is gone on with where it
// ended, and only if it is still the same content: "s3.changed" else. "s3.bad_offset" behind the
// end.
snapcore::Result<> read(Session& session, const std::string& key, const Range& range,
                        const std::function<snapcore::Result<>(std::string_view)>& sink);

// A small object whole; "s3.too_large" above the limit.
snapcore::Result<std::string> read_text(Session& session, const std::string& key,
                                        std::size_t limit);

}  // namespace s3
