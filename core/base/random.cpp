#include "base/random.hpp"

#include <sys/random.h>

#include <cerrno>
#include <snapcore/support/digest.hpp>
#include <system_error>
#include <vector>

namespace snapcore {

Result<std::string> random_hex(std::size_t digits) {
  std::vector<std::byte> bytes((digits + 1) / 2);
  for (std::size_t filled = 0; filled < bytes.size();) {
    const ssize_t got = ::getrandom(bytes.data() + filled, bytes.size() - filled, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      return fail({.code = "system.no_random_bytes",
                   .message = "the kernel gives no random bytes: " +
                              std::generic_category().message(errno)});
    }
    filled += static_cast<std::size_t>(got);
  }
  std::string text = to_hex(bytes);
  text.resize(digits);
  return text;
}

Result<std::string> random_uuid() {
  auto hex = random_hex(32);
  if (!hex) return hex;
  (*hex)[12] = '4';
  (*hex)[16] = "89ab"[(*hex)[16] & 3];
  for (const std::size_t at : {8U, 13U, 18U, 23U}) hex->insert(at, 1, '-');
  return hex;
}

}  // namespace snapcore
