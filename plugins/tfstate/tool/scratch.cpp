#include "scratch.hpp"

#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <vector>

namespace tfstate {
namespace {

namespace fs = std::filesystem;
namespace files = snapcore::files;
using snapcore::fail;

constexpr std::string_view kPrefix = "snapcore-tfstate-";
constexpr long kTmpfs = 0x01021994;
constexpr long kRamfs = static_cast<long>(0x858458f6);

bool is_in_memory(const fs::path& place) {
  struct statfs found = {};
  if (::statfs(place.c_str(), &found) != 0) return false;
  const bool memory = found.f_type == kTmpfs || found.f_type == kRamfs;
  return memory && ::access(place.c_str(), W_OK | X_OK) == 0;
}

std::vector<fs::path> places() {
  std::vector<fs::path> list = {"/dev/shm"};
  if (const char* runtime = ::getenv("XDG_RUNTIME_DIR"); runtime && *runtime == '/')
    list.emplace_back(runtime);
  list.emplace_back("/run/user/" + std::to_string(::geteuid()));
  list.emplace_back("/run");
  return list;
}

// Nothing when somebody else holds it, or when it is gone.
files::UniqueFd lock(const fs::path& directory) {
  auto fd = files::open_directory(directory);
  if (!fd || ::flock(fd->get(), LOCK_EX | LOCK_NB) != 0) return {};
  struct stat opened = {}, named = {};
  const bool same = ::fstat(fd->get(), &opened) == 0 && ::lstat(directory.c_str(), &named) == 0 &&
                    opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
  return same ? std::move(*fd) : files::UniqueFd();
}

// Whoever uses one holds its lock; the lock of a killed process is gone.
void remove_left_over(const fs::path& place) {
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(place, ignored)) {
    if (!entry.path().filename().string().starts_with(kPrefix)) continue;
    struct stat found = {};
    const bool ours = ::lstat(entry.path().c_str(), &found) == 0 && S_ISDIR(found.st_mode) &&
                      found.st_uid == ::geteuid();
    if (ours && lock(entry.path())) (void)files::remove_tree(entry.path());
  }
}

}  // namespace

Result<Scratch> Scratch::make() {
  for (const fs::path& place : places()) {
    if (!is_in_memory(place)) continue;
    remove_left_over(place);
    // Between its making and its lock another process may take it for one that was left over.
    for (int attempt = 0; attempt < 10; ++attempt) {
      std::string name = (place / (std::string(kPrefix) + "XXXXXX")).string();
      if (!::mkdtemp(name.data())) break;
      if (auto held = lock(name)) return Scratch(name, std::move(held));
    }
  }
  return fail({.code = "tfstate.no_memory",
               .message = "there is no directory in memory that can be written to, such as "
                          "/dev/shm, and what the tool works with holds secrets",
               .category = snapcore::Category::kPrecondition});
}

Scratch::Scratch(Scratch&& other) noexcept
    : path_(std::exchange(other.path_, {})), lock_(std::move(other.lock_)) {}

Scratch::~Scratch() {
  if (!path_.empty()) (void)files::remove_tree(path_);
}

}  // namespace tfstate
