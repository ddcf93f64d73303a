#include "live_state.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <snapcore/support/digest.hpp>
#include <snapcore/support/files.hpp>
#include <snapcore/utf8.hpp>
#include <vector>

namespace tfstate {
namespace {

using snapcore::fail;
using snapcore::Sha256;
using snapcore::shown;
using snapcore::files::UniqueFd;
namespace files = snapcore::files;
namespace fs = std::filesystem;

// Nothing where there is no file. Links are followed, as the tools do.
Result<UniqueFd> open_state(const fs::path& file) {
  std::error_code ignored;
  const fs::path real = fs::weakly_canonical(file, ignored);
  auto fd = files::open_for_reading(ignored ? file : real);
  if (!fd && fd.error().code == "files.not_found") return UniqueFd();
  return fd;
}

bool same_file(const struct stat& a, const struct stat& b) {
  return a.st_size == b.st_size && a.st_mtim.tv_sec == b.st_mtim.tv_sec &&
         a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

}  // namespace

Result<LiveState> read_live(const fs::path& file,
                            const std::function<Result<>(std::span<const std::byte>)>& take) {
  auto fd = open_state(file);
  if (!fd) return fail(fd.error());
  LiveState live;
  Sha256 hash;
  struct stat before = {}, after = {};
  if (*fd && ::fstat(fd->get(), &before) != 0)
    return fail(files::system_error(errno, "cannot examine", file));
  JsonReader reader([&](std::span<std::byte> into) -> Result<std::size_t> {
    if (!*fd) return 0;
    auto got = files::read_some(*fd, into, file);
    if (!got) return got;
    hash.update(into.first(*got));
    live.size += *got;
    if (take) {
      if (auto taken = take(into.first(*got)); !taken) return fail(taken.error());
    }
    return got;
  });
  auto state = read_state(reader, file.string());
  if (*fd && (::fstat(fd->get(), &after) != 0 || !same_file(before, after))) {
    return fail({.code = "tfstate.changed",
                 .message = shown(file.string()) + " changed while it was read",
                 .hint = "try again when nobody writes to it",
                 .category = snapcore::Category::kConflict});
  }
  if (!state) return fail(state.error());
  live.state = std::move(*state);
  live.sha256 = snapcore::to_hex(hash.finish());
  return live;
}

Result<LiveState> read_broken(const fs::path& file) {
  LiveState live;
  live.state.form = Form::kState;
  auto digest = digest_of(file);
  if (!digest) return fail(digest.error());
  live.sha256 = std::move(*digest);
  auto fd = open_state(file);
  if (!fd) return fail(fd.error());
  struct stat found = {};
  if (*fd && ::fstat(fd->get(), &found) == 0) live.size = static_cast<std::uint64_t>(found.st_size);
  JsonReader reader([&](std::span<std::byte> into) -> Result<std::size_t> {
    if (!*fd) return 0;
    return files::read_some(*fd, into, file);
  });
  reader.enter_object();
  for (std::string name; reader.member(name);) {
    std::string number;
    if (name == "lineage" && reader.next() == Json::kString) {
      reader.text(live.state.lineage, 1024);
    } else if (name == "serial" && reader.next() == Json::kNumber) {
      if (reader.number(number)) live.state.serial = std::strtoull(number.c_str(), nullptr, 10);
    } else {
      reader.skip();
    }
  }
  // What is not wholly known is not known.
  if (!reader.ok() && !snapcore::is_utf8(live.state.lineage)) live.state.lineage.clear();
  return live;
}

Result<std::string> digest_of(const fs::path& file) {
  auto fd = open_state(file);
  if (!fd) return fail(fd.error());
  Sha256 hash;
  std::vector<std::byte> piece(256 * 1024);
  while (*fd) {
    const auto got = files::read_some(*fd, piece, file);
    if (!got) return fail(got.error());
    if (*got == 0) break;
    hash.update(std::span(piece).first(*got));
  }
  return snapcore::to_hex(hash.finish());
}

}  // namespace tfstate
