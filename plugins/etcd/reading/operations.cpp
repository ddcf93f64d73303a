#include "reading/operations.hpp"

#include "artifact_file.hpp"
#include "reading/belt.hpp"

namespace etcd {
namespace {

namespace sdk = snapcore::sdk;
using sdk::Call;
using snapcore::fail;

Reading reading_of(Call& call) {
  return {.canceled = [&call] { return call.cancelled(); },
          .emit = [&call](const snapcore::Value& item) { return call.emit(item); }};
}

// A file that changed while it was read explains whatever else went wrong.
template <class R>
Result<R> concluded(Result<R> answer, std::initializer_list<const ArtifactFile*> files) {
  for (const ArtifactFile* file : files) {
    if (auto same = file->finish(); !same) return fail(same.error());
  }
  if (!answer && answer.error().code == "etcd.canceled") return fail(sdk::stopped());
  return answer;
}

template <class R, class A>
Result<R> read_artifact(Call& call, const A& args,
                        Result<R> (*work)(const KeySpace&, const A&, const Reading&)) {
  const auto file = ArtifactFile::open(call, args.artifact);
  if (!file) return fail(file.error());
  const auto space = KeySpace::open(file->bytes(), file->name());
  if (!space) return concluded<R>(fail(space.error()), {&*file});
  return concluded(
      found_beside(reading_of(call),
                   [&](const Reading& reading) { return work(*space, args, reading); }),
      {&*file});
}

}  // namespace

Result<Counted> call_keys(Call& call, const KeysArgs& args) {
  return read_artifact(call, args, &list_keys);
}
Result<Counted> call_get(Call& call, const GetArgs& args) {
  return read_artifact(call, args, &get_key);
}
Result<Counted> call_history(Call& call, const GetArgs& args) {
  return read_artifact(call, args, &history_of);
}
Result<Exported> call_export(Call& call, const KeysArgs& args) {
  return read_artifact(call, args, &export_keys);
}
Result<Hashed> call_hashkv(Call& call, const HashArgs& args) {
  return read_artifact(call, args, &hash_of);
}
Result<Stats> call_stats(Call& call, const StatsArgs& args) {
  return read_artifact(call, args, &stats_of);
}

Result<Diff> call_diff(Call& call, const DiffArgs& args) {
  const auto a = ArtifactFile::open(call, args.a);
  if (!a) return fail(a.error());
  const auto b = ArtifactFile::open(call, args.b);
  if (!b) return fail(b.error());
  const auto before = KeySpace::open(a->bytes(), a->name());
  if (!before) return concluded<Diff>(fail(before.error()), {&*a});
  const auto after = KeySpace::open(b->bytes(), b->name());
  if (!after) return concluded<Diff>(fail(after.error()), {&*b});
  return concluded(
      found_beside(reading_of(call),
                   [&](const Reading& reading) { return compare(*before, *after, args, reading); }),
      {&*a, &*b});
}

}  // namespace etcd
