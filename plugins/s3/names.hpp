// Which keys are artifacts, and which names new ones may have.
#pragma once

#include <snapcore/error.hpp>
#include <snapcore/support/companions.hpp>
#include <string>
#include <string_view>

namespace s3 {

using snapcore::companions::kDigestSuffix;
using snapcore::companions::kManifestSuffix;

// What list shows: neither hidden (a part that begins with a dot), nor a folder's mark (a slash at
// its end), nor the companion of another.
bool is_artifact(std::string_view name);

// "s3.bad_ref" for what is none.
snapcore::Result<> check_ref(std::string_view ref);

// Beyond that: fit for a line of a sha256sum file and for a file of that name.
snapcore::Result<> check_new_name(std::string_view name);

// "c.db" of "a/b/c.db"
std::string_view last_part(std::string_view name);

}  // namespace s3
