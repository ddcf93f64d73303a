// The bucket itself: made where it is not there, for a store that was lost with all it held.
#pragma once

#include <snapcore/interfaces/objects.hpp>
#include <string>
#include <vector>

#include "store.hpp"

namespace s3 {

namespace objects = snapcore::sdk::objects;

struct BucketResult {
  bool made = false;  // it was not there
  objects::Versioning versioning = objects::Versioning::kUnknown;
  std::vector<std::string> words = {};
};
void fields(snapcore::sdk::Fields& f, BucketResult& result);

// What making a bucket changed: recorded before each step, and all that its undo needs.
struct BucketTraces {
  bool made = false;
  bool versioned = false;  // versioning was turned on
};
void fields(snapcore::sdk::Fields& f, BucketTraces& traces);

snapcore::Result<bool> bucket_is_there(Session& session);

// `traces` is what an earlier attempt changed; `keep` is called with what is about to be changed.
snapcore::Result<BucketResult> make_bucket(
    Session& session, BucketTraces traces,
    const std::function<snapcore::Result<>(const BucketTraces&)>& keep);

// A bucket that holds anything stays.
snapcore::Result<std::vector<std::string>> take_back_bucket(Session& session,
                                                            const BucketTraces& traces);

}  // namespace s3
