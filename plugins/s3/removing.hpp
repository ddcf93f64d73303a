// Taking away what was written, also where the bucket keeps it for a while.
#pragma once

#include <string>

#include "store.hpp"

namespace s3 {

enum class Gone : std::uint8_t {
  kRemoved,
  // A retention or a legal hold keeps the version; nobody sees it who does not ask for versions.
  kHidden,
};

// Removes the version; one that is protected gets a delete marker in front, unless something newer
// hides it already. Made again, it comes to the same.
snapcore::Result<Gone> take_away(Session& session, const std::string& key,
                                 const std::string& version_id);

}  // namespace s3
