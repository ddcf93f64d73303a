// Descriptors of local files, from a source to a reader.
#include <fcntl.h>
#include <sys/stat.h>

#include "plugin/host_guard.hpp"

namespace snapcore {
namespace {

bool is_readable_file(int fd) {
  struct stat found = {};
  const int flags = ::fcntl(fd, F_GETFL);
  return flags >= 0 && (flags & O_ACCMODE) == O_RDONLY && ::fstat(fd, &found) == 0 &&
         S_ISREG(found.st_mode);
}

std::int32_t offer(sc_call* call, std::uint32_t number, std::int32_t fd) {
  return guarded(call, "offer", kThread | kRunning, [&]() -> std::int32_t {
    if (number >= call->ports.size() || !call->ports[number].out)
      return call->misuse("offer", "port " + std::to_string(number) + " is no open out port");
    if (!is_readable_file(fd))
      return call->misuse("offer", "the descriptor is no regular file open for reading alone");
    if (!call->ports[number].out->offer(fd)) return SC_NOT_FOUND;
    return call->succeeded();
  });
}

std::int32_t borrow(sc_call* call, std::uint32_t number, std::int32_t* out_fd,
                    std::uint64_t* out_size) {
  return guarded(call, "borrow", kThread | kRunning, [&]() -> std::int32_t {
    if (!out_fd || !out_size) return call->misuse("borrow", "nowhere to put the file");
    if (number >= call->ports.size() || call->ports[number].declared || !call->ports[number].in)
      return call->misuse("borrow", "the port was not made by open_input");
    auto file = call->ports[number].in->file();
    if (!file) return call->failed(file.error());
    if (!*file) return SC_NOT_FOUND;
    *out_fd = (*file)->fd;
    *out_size = (*file)->size;
    return call->succeeded();
  });
}

}  // namespace

const sc_port_file& port_file_table() {
  static const sc_port_file table = {sizeof(sc_port_file), offer, borrow};
  return table;
}

}  // namespace snapcore
