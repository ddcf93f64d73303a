// What staging will take, before anything is written.
#include <map>
#include <snapcore/support/files.hpp>

#include "place.hpp"
#include "staging.hpp"

namespace etcd {
namespace {

using snapcore::fail;

// Besides the database: the small files of the member.
constexpr std::uint64_t kSmallFiles = 1 << 20;
// The staged log takes next to nothing, but etcd reserves its segment and the next one as soon as
// it starts, and does not start without them.
constexpr std::uint64_t kSegments = 2 * 64'000'000;

}  // namespace

Result<std::vector<SpaceNeed>> space_needed(const Target& target, std::uint64_t size) {
  std::map<std::string, SpaceNeed> needs;
  const auto add = [&](const std::filesystem::path& at, std::uint64_t bytes) -> Result<> {
    const std::string mount = mount_point_of(at).string();
    SpaceNeed& need = needs[mount];
    need.mount_point = mount;
    need.needed += bytes;
    const auto space = snapcore::files::free_space(at);
    if (!space) return fail(space.error());
    need.free = space->free;
    return {};
  };
  for (const TargetMember& member : target.members) {
    const auto place = locate(member);
    if (!place) return fail(place.error());
    if (auto ok = check_place(*place); !ok) return fail(ok.error());
    const auto data = staging_parent(place->data_dir, place->data_is_mount);
    if (auto ok = add(data, size + kSmallFiles); !ok) return fail(ok.error());
    const auto wal = place->wal_dir ? staging_parent(*place->wal_dir, place->wal_is_mount) : data;
    if (auto ok = add(wal, kSegments); !ok) return fail(ok.error());
  }
  std::vector<SpaceNeed> list;
  for (auto& [mount, need] : needs) list.push_back(std::move(need));
  return list;
}

}  // namespace etcd
