// A state in a store, read.
#pragma once

#include "live_state.hpp"
#include "object_store.hpp"

namespace tfstate {

using Take = std::function<Result<>(std::span<const std::byte>)>;

// One version of it, whole, with its digest.
Result<LiveState> read_object(ObjectStore& store, const std::string& key,
                              const objects::Object& object, const std::string& name,
                              const Take& take = {});

// As it is now. Of one that was deleted, what the store still has of it.
Result<LiveState> read_live_object(ObjectStore& store, const ObjectPlace& place,
                                   const Take& take = {});

// Of the bytes alone, whatever they are.
struct ObjectDigests {
  std::string sha256 = {};
  std::string md5 = {};
};
Result<ObjectDigests> digests_of_object(ObjectStore& store, const std::string& key,
                                        const objects::Object& object);

// Exactly the version that was looked at.
objects::GetArgs pinned(const std::string& key, const objects::Object& object);

}  // namespace tfstate
