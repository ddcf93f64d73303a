#include "cli/person.hpp"

#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>

namespace snapcore {

bool PersonAtTerminal::present() const {
  return isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1;
}

// Waits for it. A signal may have come to any thread, and need not end a read of this one.
bool PersonAtTerminal::something_is_typed() const {
  constexpr int kMilliseconds = 100;
  while (!cancelled_) {
    pollfd terminal{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&terminal, 1, kMilliseconds);
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
  return false;
}

std::optional<std::string> PersonAtTerminal::ask(std::string_view question) {
  // What was typed or pasted before the question stood there is no answer to it.
  ::tcflush(STDIN_FILENO, TCIFLUSH);
  output_.say(painted(output_.err_style(), Tone::kBold, shown(output_.err_style(), question)) +
              " ");
  std::string line;
  for (;;) {
    char c = 0;
    if (!something_is_typed() || ::read(STDIN_FILENO, &c, 1) <= 0) {
      output_.say("\n");
      return std::nullopt;
    }
    if (c == '\n') return line;
    if (c != '\r') line += c;
  }
}

}  // namespace snapcore
