// The hash by which members of a cluster compare their data, of a file and without a server.
#pragma once

#include <cstdint>
#include <format/key_space.hpp>
#include <functional>

namespace etcd {

// What a live member answers to HashKV at `revision` when it has compacted what this file has. Sums
// what is left of the history too, except what the next compaction would take: two members agree
// although only one of them is done with its compaction.
//
// `revision` is one that KeySpace::choose() accepts. Takes 32 bytes for each key and one bit for
// each change before the compaction. `canceled` is asked now and then; true is "etcd.canceled".
Result<std::uint32_t> hash_kv(const KeySpace& space, std::int64_t revision,
                              const std::function<bool()>& canceled = {});

}  // namespace etcd
