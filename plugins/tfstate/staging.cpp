#include "staging.hpp"

#include <snapcore/support/files.hpp>
#include <snapcore/utf8.hpp>

#include "description.hpp"
#include "live_state.hpp"
#include "replacement.hpp"

namespace tfstate {
namespace {

using snapcore::Category;
using snapcore::fail;
using snapcore::shown;
using snapcore::files::UniqueFd;
namespace files = snapcore::files;

Result<State> receive(const StagingWork& work, const UniqueFd& fd, const files::Path& path) {
  Result<> written;
  JsonReader reader([&](std::span<std::byte> into) -> Result<std::size_t> {
    if (auto going = work.keep_going(); !going) return fail(going.error());
    auto got = work.read(into);
    if (!got) return got;
    written = files::write_all(fd, into.first(*got), path);
    if (!written) return fail(written.error());
    return got;
  });
  return read_state(reader, work.name);
}

// Copies `from` with one edit; both are open at their beginnings.
Result<> copy_edited(const UniqueFd& from, const UniqueFd& to, const Edit& edit,
                     const files::Path& path) {
  std::vector<std::byte> piece(256 * 1024);
  std::uint64_t at = 0;
  const auto copy_to = [&](std::uint64_t end) -> Result<> {
    while (at < end) {
      const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), end - at));
      auto got = files::read_some_at(from, at, std::span(piece).first(wanted), path);
      if (!got) return fail(got.error());
      if (*got == 0) return {};
      if (auto put = files::write_all(to, std::span(piece).first(*got), path); !put) return put;
      at += *got;
    }
    return {};
  };
  if (auto copied = copy_to(edit.offset); !copied) return copied;
  if (auto put = files::write_all(to, std::string_view(edit.text), path); !put) return put;
  at += edit.removed;
  return copy_to(UINT64_MAX);
}

// The received bytes are the state, or it is made of them with another serial.
Result<> finish(const files::Path& received, const files::Path& file, const UniqueFd& fd,
                const std::optional<Edit>& edit) {
  if (edit) {
    auto made = files::create_file(file);
    if (!made) return fail(made.error());
    if (auto copied = copy_edited(fd, *made, *edit, file); !copied) return copied;
    if (auto synced = files::fsync_file(*made, file); !synced) return synced;
    if (auto removed = files::remove_file(received); !removed) return removed;
    return files::fsync_directory(file.parent_path());
  }
  if (auto synced = files::fsync_file(fd, received); !synced) return synced;
  return files::rename_no_replace(received, file);
}

Result<StagingResult> make_staged(const Place& place, const StagingWork& work,
                                  const files::Path& file, const files::Path& received) {
  auto fd = files::create_file(received);
  if (!fd) return fail(fd.error());
  // The source may be read to its end and the state be refused then.
  auto chosen = receive(work, *fd, received);
  if (!chosen) return fail(chosen.error());
  if (auto examined = describe(*chosen, work.name); !examined) return fail(examined.error());
  auto live = read_live(place.file);
  if (!live && live.error().category == snapcore::Category::kCorrupt && work.broken_live)
    live = read_broken(place.file);
  if (!live) return fail(live.error());
  if (auto same = is_as_planned(work.replaces, *live, shown(place.file.string())); !same)
    return fail(same.error());
  const Replacement wanted{.name = work.name,
                           .chosen = *chosen,
                           .here = place.file.string(),
                           .live = live->state,
                           .other_lineage = work.other_lineage};
  if (auto fits = may_replace(wanted); !fits) return fail(fits.error());

  StagingResult result{.handle = {.file = file.string(),
                                  .lineage = chosen->lineage,
                                  .serial = chosen->serial,
                                  .base = {.sha256 = live->sha256,
                                           .size = live->size,
                                           .serial = live->state.serial}},
                       .words = {}};
  const auto made = new_serial(*chosen, live->state.serial);
  if (!made) return fail(made.error());
  result.handle.serial = made->serial;
  result.words.push_back(made->words);
  if (auto finished = finish(received, file, *fd, made->edit); !finished)
    return fail(finished.error());
  auto digest = digest_of(file);
  if (!digest) return fail(digest.error());
  result.handle.sha256 = std::move(*digest);
  return result;
}

}  // namespace

Result<StagingResult> stage(const Place& place, const StagingWork& work) {
  const files::Path file = place.file.string() + work.suffix;
  const files::Path received = file.string() + ".part";
  if (auto kept = work.record_undo(file.string()); !kept) return fail(kept.error());
  const auto remove_both = [&]() -> Result<> {
    if (auto removed = files::remove_file(received); !removed) return removed;
    return files::remove_file(file);
  };
  if (auto removed = remove_both(); !removed) return fail(removed.error());
  auto staged = make_staged(place, work, file, received);
  if (!staged) (void)remove_both();
  return staged;
}

Result<std::vector<std::string>> check_staged(const Place& place, const Staged& staged) {
  const auto found = read_live(staged.file);
  if (!found) return fail(found.error());
  if (found->sha256 != staged.sha256 || found->state.serial != staged.serial ||
      found->state.lineage != staged.lineage) {
    return fail({.code = "tfstate.staged_changed",
                 .message = shown(staged.file) + " is not what was staged",
                 .hint = "run the restore again",
                 .category = Category::kCorrupt});
  }
  auto live = digest_of(place.file);
  if (!live) return fail(live.error());
  if (*live != staged.base.sha256) {
    const auto now = read_broken(place.file);
    if (!now) return fail(now.error());
    return fail(written_since(shown(place.file.string()),
                              replaced_by(staged.base, now->state.lineage), replaced_by(*now)));
  }
  return std::vector<std::string>{"the staged state is whole (" + summary_of(found->state) + ")"};
}

}  // namespace tfstate
