#include <format/hash_kv.hpp>

#include "reading/reading.hpp"

namespace etcd {

using snapcore::fail;

Result<Hashed> hash_of(const KeySpace& space, const HashArgs& args, const Reading& reading) {
  const auto revision = space.choose(args.revision);
  if (!revision) return fail(revision.error());
  const auto hash = hash_kv(space, *revision, reading.canceled);
  if (!hash) return fail(hash.error());
  // Servers start counting compactions at -1.
  const std::int64_t compacted = space.compacted() > 0 ? space.compacted() : -1;
  Hashed hashed{.hash = *hash, .revision = *revision, .compact_revision = compacted};
  hashed.words = {
      "hash " + std::to_string(*hash) + " of " + space.name() + " at revision " +
      std::to_string(*revision) + ", " +
      (compacted > 0 ? "compacted to " + std::to_string(compacted) : "never compacted")};
  return hashed;
}

}  // namespace etcd
