// Finding out what a store really does, by doing it: stores of many makes answer 200 to conditions
// and checksums that they never look at.
#pragma once

#include <snapcore/interfaces/objects.hpp>

#include "store.hpp"

namespace s3 {

namespace objects = snapcore::sdk::objects;

snapcore::Result<objects::Versioning> versioning_of(Session& session);

// Where the last test left its answer: in the bucket, so that whoever uses it finds it.
std::string traits_key(const Settings& settings);

// What the last test said, and whether the bucket keeps versions now.
snapcore::Result<objects::Traits> known_traits(Session& session);

// Makes the test, on a key of its own that is gone afterwards with all its versions, and leaves the
// answer at traits_key().
snapcore::Result<objects::Traits> test_traits(Session& session, const std::string& mark);

}  // namespace s3
