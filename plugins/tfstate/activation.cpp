#include "activation.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <snapcore/utf8.hpp>
#include <vector>

#include "live_state.hpp"

namespace tfstate {
namespace {

using snapcore::Category;
using snapcore::fail;
using snapcore::Outcome;
using snapcore::shown;
namespace files = snapcore::files;
using files::Path;

constexpr std::size_t kPiece = 256 * 1024;

// Bytes of a file from an offset on; those behind its end are missing. An empty path is no file.
class Bytes {
 public:
  static Result<Bytes> open(const std::string& path) {
    Bytes bytes(path);
    if (path.empty()) return bytes;
    auto fd = files::open_for_reading(path);
    if (!fd) return fail(fd.error());
    bytes.fd_ = std::move(*fd);
    return bytes;
  }

  Result<std::span<const std::byte>> at(std::uint64_t offset) {
    std::size_t size = 0;
    while (fd_ && size < piece_.size()) {
      auto got = files::read_some_at(fd_, offset + size, std::span(piece_).subspan(size), path_);
      if (!got) return fail(got.error());
      if (*got == 0) break;
      size += *got;
    }
    return std::span<const std::byte>(piece_).first(size);
  }

 private:
  explicit Bytes(std::string path) : path_(std::move(path)), piece_(kPiece) {}
  std::string path_;
  UniqueFd fd_;
  std::vector<std::byte> piece_;
};

bool is_one_of(std::byte byte, std::span<const std::byte> a, std::span<const std::byte> b,
               std::size_t i) {
  if (i < a.size() && a[i] == byte) return true;
  if (i < b.size() && b[i] == byte) return true;
  return byte == std::byte{0} && (i < a.size() || i < b.size());  // never reached the disk
}

// What a write that did not come to its end leaves.
Result<bool> is_half_written(const std::string& live, const std::string& old_state,
                             const std::string& new_state) {
  auto found = Bytes::open(live), before = Bytes::open(old_state), after = Bytes::open(new_state);
  for (const auto* one : {&found, &before, &after}) {
    if (!*one) return fail(one->error());
  }
  for (std::uint64_t offset = 0;; offset += kPiece) {
    const auto bytes = found->at(offset);
    if (!bytes) return fail(bytes.error());
    if (bytes->empty()) return true;
    const auto a = before->at(offset), b = after->at(offset);
    if (!a) return fail(a.error());
    if (!b) return fail(b.error());
    for (std::size_t i = 0; i < bytes->size(); ++i) {
      if (!is_one_of((*bytes)[i], *a, *b, i)) return false;
    }
  }
}

Result<> copy_over(const std::string& from, const UniqueFd& to, const Path& path) {
  auto bytes = Bytes::open(from);
  if (!bytes) return fail(bytes.error());
  std::uint64_t offset = 0;
  for (;;) {
    const auto piece = bytes->at(offset);
    if (!piece) return fail(piece.error());
    if (piece->empty()) break;
    if (auto put = files::write_all_at(to, offset, *piece, path); !put) return put;
    offset += piece->size();
  }
  if (::ftruncate(to.get(), static_cast<off_t>(offset)) != 0)
    return fail(files::system_error(errno, "cannot write", path));
  return files::fsync_file(to, path);
}

// In place, and read back. From the first byte on something has happened.
Result<> write_state(const Place& place, const StateLock& lock, const std::string& from,
                     const std::string& sha256) {
  const auto unsure = [](snapcore::Error error) {
    error.outcome = Outcome::kMayHaveHappened;
    return fail(std::move(error));
  };
  if (auto copied = copy_over(from, lock.fd(), place.file); !copied) return unsure(copied.error());
  if (auto synced = files::fsync_directory(place.file.parent_path()); !synced)
    return unsure(synced.error());
  const auto digest = digest_of(place.file);
  if (!digest) return unsure(digest.error());
  if (*digest == sha256) return {};
  return unsure({.code = "tfstate.not_as_written",
                 .message = shown(place.file.string()) + " does not hold what was written to it",
                 .category = Category::kCorrupt});
}

snapcore::Error changed_since(const Place& place, std::string hint) {
  return {.code = "tfstate.changed_since",
          .message = shown(place.file.string()) + " was written by somebody else meanwhile",
          .hint = std::move(hint),
          .category = Category::kConflict};
}

// A copy of the live state that is whole and durable, made once.
Result<> keep_aside(const Place& place, const std::string& kept, const std::string& sha256) {
  if (const auto there = digest_of(kept); there && *there == sha256) return {};
  const Path part = kept + ".part";
  for (const Path& old : {part, Path(kept)}) {
    if (auto removed = files::remove_file(old); !removed) return removed;
  }
  auto fd = files::create_file(part);
  if (!fd) return fail(fd.error());
  std::error_code ignored;
  const Path real = std::filesystem::weakly_canonical(place.file, ignored);
  if (auto copied = copy_over((ignored ? place.file : real).string(), *fd, part); !copied)
    return copied;
  if (auto named = files::rename_no_replace(part, kept); !named) return named;
  const auto digest = digest_of(kept);
  if (!digest) return fail(digest.error());
  if (*digest == sha256) return {};
  return fail(changed_since(place, "nothing was touched; run the restore again"));
}

enum class Now { kOld, kNew, kHalf, kOther };

Result<Now> look(const Place& place, const WayBack& back) {
  const auto live = digest_of(place.file);
  if (!live) return fail(live.error());
  if (*live == back.sha256) return Now::kNew;
  if (*live == back.base.sha256) return Now::kOld;
  // Without both of them nothing was being written.
  for (const std::string& file : {back.kept, back.staged}) {
    if (file.empty()) continue;
    const auto there = files::look_at(file);
    if (!there) return fail(there.error());
    if (!*there) return Now::kOther;
  }
  std::error_code ignored;
  const auto real = std::filesystem::weakly_canonical(place.file, ignored);
  const auto half = is_half_written((ignored ? place.file : real).string(), back.kept, back.staged);
  if (!half) return fail(half.error());
  return *half ? Now::kHalf : Now::kOther;
}

}  // namespace

Result<ActivationResult> activate(const Place& place, const Staged& staged,
                                  const ActivationWork& work) {
  WayBack back{.staged = staged.file, .sha256 = staged.sha256, .base = staged.base};
  if (staged.base.size > 0) back.kept = place.file.string() + work.suffix;
  const auto lock = StateLock::take(place, work.lock);
  if (!lock) return fail(lock.error());
  const auto now = look(place, back);
  if (!now) return fail(now.error());
  // Another run may have made the same of the same copy; what this one replaced it had kept.
  const auto kept_before = files::look_at(back.kept);
  if (!kept_before) return fail(kept_before.error());
  const bool by_another = *now == Now::kNew && !back.kept.empty() && !*kept_before;
  if (*now == Now::kOther || by_another) {
    return fail(changed_since(
        place, "nothing was touched; run the restore again when whoever works with it is done"));
  }
  if (auto recorded = work.record_undo(back); !recorded) return fail(recorded.error());
  if (*now != Now::kNew) {
    if (!back.kept.empty() && *now == Now::kOld) {
      if (auto kept = keep_aside(place, back.kept, staged.base.sha256); !kept) {
        // Nothing live was touched, and nothing stays behind.
        (void)files::remove_file(back.kept + ".part");
        (void)files::remove_file(back.kept);
        return fail(kept.error());
      }
    }
    work.say("writing " + shown(place.file.string()) + " under its lock");
    if (auto written = write_state(place, *lock, staged.file, staged.sha256); !written)
      return fail(written.error());
  }
  ActivationResult result;
  result.words.push_back(shown(place.file.string()) + " holds the restored state, serial " +
                         std::to_string(staged.serial));
  const auto kept = files::look_at(back.kept);
  if (!back.kept.empty() && kept && *kept) result.kept = Kept{back.kept};
  // Its bytes are live now; one that cannot be removed is removed by discard.
  (void)files::remove_file(staged.file);
  return result;
}

Result<std::vector<std::string>> take_back(const Place& place, const WayBack& back,
                                           const LockInfo& info) {
  const auto lock = StateLock::take(place, info);
  if (!lock) return fail(lock.error());
  const auto now = look(place, back);
  if (!now) return fail(now.error());
  if (*now == Now::kOther) {
    return fail(changed_since(
        place, back.kept.empty() ? "there was no state before the restore"
                                 : "what was there before the restore is " + shown(back.kept)));
  }
  std::vector<std::string> words = {"the old state is in its place"};
  if (*now != Now::kOld) {
    // By both of them half a write is known, should this one be cut off.
    if (*now == Now::kNew) {
      if (auto kept = keep_aside(place, back.staged, back.sha256); !kept) return fail(kept.error());
    }
    if (auto written = write_state(place, *lock, back.kept, back.base.sha256); !written)
      return fail(written.error());
    words = {back.kept.empty()
                 ? "emptied " + shown(place.file.string()) + ", since there was no state before"
                 : "put the old state back into " + shown(place.file.string())};
  }
  for (const std::string& file : {back.staged, back.kept}) {
    if (file.empty()) continue;
    for (const std::string& part : {file + ".part", file}) {
      if (auto removed = files::remove_file(part); !removed) return fail(removed.error());
    }
  }
  return words;
}

}  // namespace tfstate
