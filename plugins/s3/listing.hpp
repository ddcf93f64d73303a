// The keys of a bucket, and the versions of them: page after page, never more than one in memory.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <snapcore/interfaces/objects.hpp>
#include <string>

#include "store.hpp"

namespace s3 {

namespace objects = snapcore::sdk::objects;

// False ends the listing there.
template <class T>
using Visit = std::function<snapcore::Result<bool>(T& found)>;

// In the order of the store: ascending keys; of each key the newest version first. Delete markers
// and versions stay in the order of the answer. "s3.bad_listing" when a page leads nowhere.
snapcore::Result<> list_objects(Session& session, const std::string& prefix,
                                const Visit<objects::Object>& visit);
snapcore::Result<> list_versions(Session& session, const std::string& prefix,
                                 const Visit<objects::Version>& visit);

// Of one key alone.
snapcore::Result<> list_versions_of(Session& session, const std::string& key,
                                    const Visit<objects::Version>& visit);

}  // namespace s3
