#include <format/hash_kv.hpp>

#include "reading/reading.hpp"

namespace etcd {

using snapcore::fail;

Result<Hashed> hash_of(const KeySpace& space, const HashArgs& args, const Reading& reading) {
  const auto revision = space.choose(args.revision);
  if (!revision) return fail(revision.error());
  const auto hash = hash_kv(space, *revision, reading.canceled);
  if (!hash) return fail(hash.error());
  Hashed hashed{.hash = *hash, .revision = *revision, .compact_revision = space.compacted()};
  hashed.words = {"hash " + std::to_string(*hash) + " of " + space.name() + " at revision " +
                  std::to_string(*revision) + ", compacted to " +
                  std::to_string(space.compacted())};
  return hashed;
}

}  // namespace etcd
