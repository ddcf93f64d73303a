#include "artifact_file.hpp"

#include <cerrno>
#include <filesystem>
#include <snapcore/support/files.hpp>

namespace etcd {
namespace {

namespace sdk = snapcore::sdk;
using snapcore::fail;

bool same(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

}  // namespace

Result<ArtifactFile> ArtifactFile::open(sdk::Call& call, const sdk::Artifact& artifact) {
  std::string name = artifact.name.empty() ? artifact.ref : artifact.name;
  auto port = call.open_input(artifact);
  if (!port) return fail(port.error());
  const auto borrowed = port->borrow_file();
  if (!borrowed) return fail(borrowed.error());
  if (*borrowed) {
    ArtifactFile file(std::move(name), FileBytes((*borrowed)->fd, (*borrowed)->size));
    file.fd_ = (*borrowed)->fd;
    if (::fstat(file.fd_, &file.opened_) != 0)
      return fail(snapcore::files::system_error(errno, "cannot examine", file.name_));
    return file;
  }
  auto size = port->size();
  if (!size) return fail(size.error());
  auto bytes = PortBytes::read(
      [&](std::span<std::byte> into) -> Result<std::size_t> {
        if (auto go = call.keep_going(); !go) return fail(go.error());
        return port->read(into);
      },
      *size, name);
  if (!bytes) return fail(bytes.error());
  auto memory = std::make_shared<PortBytes>(std::move(*bytes));
  ArtifactFile file(std::move(name), FileBytes(memory->bytes()));
  file.memory_ = std::move(memory);
  return file;
}

Result<> ArtifactFile::finish() const {
  if (fd_ < 0) return {};
  struct stat now = {};
  if (::fstat(fd_, &now) != 0)
    return fail(snapcore::files::system_error(errno, "cannot examine", name_));
  if (now.st_size == opened_.st_size && same(now.st_mtim, opened_.st_mtim)) return {};
  return fail({.code = "etcd.snapshot_changed",
               .message = name_ + " changed while it was read",
               .hint = "wait until whoever writes it is done, then try again",
               .category = snapcore::Category::kConflict});
}

}  // namespace etcd
