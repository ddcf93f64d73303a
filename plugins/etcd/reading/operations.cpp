#include "reading/operations.hpp"

#include <format/snapshot.hpp>
#include <type_traits>

#include "artifact_file.hpp"
#include "reading/belt.hpp"

namespace etcd {
namespace {

namespace sdk = snapcore::sdk;
using sdk::Call;
using snapcore::fail;

Reading reading_of(Call& call, bool& listed) {
  return {.canceled = [&call] { return call.cancelled(); },
          .emit =
              [&call, &listed](const snapcore::Value& item) {
                listed = true;
                return call.emit(item);
              }};
}

// A file that changed while it was read explains whatever else went wrong.
template <class R>
Result<R> concluded(Result<R> answer, std::initializer_list<const ArtifactFile*> files,
                    bool listed = false) {
  for (const ArtifactFile* file : files) {
    if (auto same = file->finish(); !same) return fail(same.error());
  }
  if (!answer && answer.error().code == "etcd.canceled") return fail(sdk::stopped());
  if (!answer && listed) answer.error().message += "; what is listed up to here is not all";
  return answer;
}

void warn(Call& call, const Soundness& sound) {
  if (!sound.problems) return;
  for (const std::string& problem : *sound.problems) call.log(sdk::Level::kWarning, problem);
}

// To people; programs have `verified`.
constexpr char kNotCompared[] =
    "SHA-256 not compared, since only a part of the file was read: the operation 'examine' does";

// Whether a reading goes through so much of the file that the rest may come along.
enum class Part { kSome, kAll };

template <class R, class A>
Result<R> read_artifact(Call& call, const A& args,
                        Result<R> (*work)(const KeySpace&, const A&, const Reading&), Part part) {
  const auto file = ArtifactFile::open(call, args.artifact);
  if (!file) return fail(file.error());
  const auto space = KeySpace::open(file->bytes(), file->name());
  if (!space) return concluded<R>(fail(space.error()), {&*file});
  Soundness sound = look_over(file->bytes(), *space);
  warn(call, sound);
  std::optional<DigestBeside> digest;
  if (part == Part::kAll) digest.emplace(file->bytes(), file->name());
  bool listed = false;
  auto answer = found_beside(reading_of(call, listed),
                             [&](const Reading& reading) { return work(*space, args, reading); });
  if (answer) {
    warn(call, answer->soundness);
    const auto problem = digest ? digest->finish(sound) : std::nullopt;
    if (problem) call.log(sdk::Level::kWarning, *problem);
    if constexpr (std::is_same_v<R, Counted>) {
      if (!digest && has_trailer(file->bytes().size())) answer->words.emplace_back(kNotCompared);
    }
    sound.add_problems(answer->soundness);
    answer->soundness = std::move(sound);
  }
  return concluded(std::move(answer), {&*file}, listed);
}

}  // namespace

Result<Counted> call_keys(Call& call, const KeysArgs& args) {
  return read_artifact(call, args, &list_keys, Part::kSome);
}
Result<Counted> call_get(Call& call, const GetArgs& args) {
  return read_artifact(call, args, &get_key, Part::kSome);
}
Result<Counted> call_history(Call& call, const GetArgs& args) {
  return read_artifact(call, args, &history_of, Part::kSome);
}
Result<Exported> call_export(Call& call, const KeysArgs& args) {
  return read_artifact(call, args, &export_keys, Part::kAll);
}
Result<Hashed> call_hashkv(Call& call, const HashArgs& args) {
  return read_artifact(call, args, &hash_of, Part::kAll);
}
Result<Stats> call_stats(Call& call, const StatsArgs& args) {
  return read_artifact(call, args, &stats_of, Part::kAll);
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
  Soundness of_a = look_over(a->bytes(), *before);
  Soundness of_b = look_over(b->bytes(), *after);
  warn(call, of_a);
  warn(call, of_b);
  DigestBeside a_digest(a->bytes(), a->name());
  DigestBeside b_digest(b->bytes(), b->name());
  bool listed = false;
  auto answer = found_beside(reading_of(call, listed), [&](const Reading& reading) {
    return compare(*before, *after, args, reading);
  });
  if (answer) {
    for (const auto& problem : {a_digest.finish(of_a), b_digest.finish(of_b)}) {
      if (problem) call.log(sdk::Level::kWarning, *problem);
    }
    of_a.add(of_b);
    answer->soundness = std::move(of_a);
  }
  return concluded(std::move(answer), {&*a, &*b}, listed);
}

}  // namespace etcd
