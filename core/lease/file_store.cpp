// Reading takes no lock: a file is replaced in one step, so a reader sees one writing or the next.
// Writing compares the revision and replaces the file under the lock.
#include "lease/file_store.hpp"

#include <algorithm>
#include <snapcore/support/digest.hpp>

#include "base/text.hpp"
#include "lease/lease_text.hpp"

namespace snapcore {
namespace {

constexpr std::uint64_t kMaxFileBytes = std::uint64_t{64} << 10;
constexpr std::size_t kNameDigits = 32;
constexpr std::string_view kSuffix = ".json";
// Somebody writes for two syncs; ten seconds of a slow disk are waited for.
constexpr int kLockAttempts = 5000;
constexpr std::chrono::milliseconds kLockPause{2};

bool is_lease_name(std::string_view name) {
  if (name.size() != kNameDigits + kSuffix.size() || !name.ends_with(kSuffix)) return false;
  return name.find_first_not_of("0123456789abcdef") == kNameDigits;
}

Error store_failed(std::string_view doing, const Path& place, Error cause) {
  std::string hint = cause.hint;
  return caused_by({.code = "lease.store_failed",
                    .message = "cannot " + std::string(doing) + " in " + place.string(),
                    .hint = std::move(hint)},
                   std::move(cause));
}

Error damaged(std::string why) {
  return {.code = "lease.damaged", .message = std::move(why), .category = Category::kCorrupt};
}

// `problem` has said why; the name of the file and what to do about it come from here.
Error unreadable(const Path& path, Error problem, std::string_view remedy) {
  if (problem.code == "lease.newer") {
    problem.message = "cannot read " + path.string() + ": " + problem.message;
    problem.hint = "use the snapcore that wrote it, or a newer one";
  } else {
    problem.message = path.string() + " is damaged: " + problem.message;
    problem.hint = remedy;
  }
  return problem;
}

constexpr std::string_view kLeaseRemedy =
    "nobody can tell who holds it; when it is certain that no run works on that resource, remove "
    "the file";
constexpr std::string_view kFenceRemedy =
    "remove the file: the numbers then go on after the highest of the leases beside it";

}  // namespace

FileLeaseStore::FileLeaseStore(FileSystem& fs, Path directory, Sleeper& sleeper)
    : fs_(fs), directory_(std::move(directory)), sleeper_(sleeper) {}

Path FileLeaseStore::path_of(std::string_view key) const {
  return directory_ / (sha256_hex(key).substr(0, kNameDigits) + std::string(kSuffix));
}

Result<std::optional<Lease>> FileLeaseStore::read(const std::string& key) {
  return read_file_of(path_of(key));
}

Result<std::optional<Lease>> FileLeaseStore::read_file_of(const Path& path) {
  const auto text = read_file(fs_, path, kMaxFileBytes);
  if (!text && text.error().code == "file.not_found") return std::nullopt;
  if (!text && (text.error().code == "file.too_large" || text.error().code == "file.not_regular")) {
    return fail(unreadable(path, damaged(text.error().message), kLeaseRemedy));
  }
  if (!text) return fail(store_failed("read a lease", directory_, text.error()));
  auto lease = parse_lease(*text);
  if (!lease) return fail(unreadable(path, lease.error(), kLeaseRemedy));
  if (path_of(lease->key) == path) return std::move(*lease);
  // Somebody copied or renamed it.
  return fail(
      unreadable(path, damaged("it is the lease of " + printable(lease->key)), kLeaseRemedy));
}

Result<> FileLeaseStore::write(const Lease& lease) {
  const auto locked = lock();
  if (!locked) return fail(locked.error());
  const auto stored = read(lease.key);
  if (!stored) return fail(stored.error());
  const std::uint64_t revision = *stored ? (*stored)->revision : 0;
  if (lease.revision != revision + 1) {
    return fail({.code = "lease.changed",
                 .message = "the lease of " + printable(lease.key) + " was changed meanwhile",
                 .category = Category::kConflict});
  }
  if (auto done = replace_file(fs_, path_of(lease.key), lease_text(lease)); !done) {
    return fail(store_failed("write a lease", directory_, done.error()));
  }
  return {};
}

Result<std::uint64_t> FileLeaseStore::draw_fence(std::uint64_t after) {
  const auto locked = lock();
  if (!locked) return fail(locked.error());
  const auto last = last_fence();
  if (!last) return last;
  const std::uint64_t fence = std::max(after, *last) + 1;
  if (auto done = replace_file(fs_, directory_ / "fence", fence_text(fence)); !done) {
    return fail(store_failed("draw the number of a lease", directory_, done.error()));
  }
  return fence;
}

Result<std::uint64_t> FileLeaseStore::last_fence() {
  const Path path = directory_ / "fence";
  const auto text = read_file(fs_, path, kMaxFileBytes);
  if (!text && text.error().code == "file.not_found") return highest_fence();
  if (!text) return fail(store_failed("read the last number", directory_, text.error()));
  const auto fence = parse_fence(*text);
  if (!fence) return fail(unreadable(path, fence.error(), kFenceRemedy));
  return fence;
}

Result<std::uint64_t> FileLeaseStore::highest_fence() {
  const auto known = list();
  if (!known) return fail(known.error());
  // A lease that cannot be read may have the highest.
  if (!known->damaged.empty()) return fail(known->damaged.front());
  std::uint64_t highest = 0;
  for (const Lease& lease : known->leases) highest = std::max(highest, lease.fence);
  return highest;
}

Result<KnownLeases> FileLeaseStore::list() {
  const auto names = fs_.list(directory_);
  if (!names && names.error().code == "file.not_found") return KnownLeases();
  if (!names) return fail(store_failed("list the leases", directory_, names.error()));
  KnownLeases known;
  for (const std::string& name : *names) {
    if (!is_lease_name(name)) continue;
    auto lease = read_file_of(directory_ / name);
    if (!lease) {
      known.damaged.push_back(lease.error());
    } else if (*lease) {
      known.leases.push_back(std::move(**lease));
    }
  }
  std::sort(known.leases.begin(), known.leases.end(),
            [](const Lease& a, const Lease& b) { return a.key < b.key; });
  return known;
}

Result<std::unique_ptr<FileLock>> FileLeaseStore::lock() {
  if (auto made = make_directories(fs_, directory_); !made) {
    return fail(store_failed("keep leases", directory_, made.error()));
  }
  for (int attempt = 1;; ++attempt) {
    auto lock = fs_.lock(directory_ / "lock");
    if (lock) return lock;
    if (lock.error().code != "file.locked") {
      return fail(store_failed("keep leases", directory_, lock.error()));
    }
    if (attempt == kLockAttempts) break;
    sleeper_.sleep(kLockPause);
  }
  return fail({.code = "lease.store_busy",
               .message = "another process keeps " + (directory_ / "lock").string() +
                          " locked; leases are written in moments",
               .hint = "look for a snapcore that is stopped or hangs, and try again",
               .category = Category::kTransient});
}

}  // namespace snapcore
