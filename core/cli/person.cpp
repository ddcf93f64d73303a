#include "cli/person.hpp"

#include <unistd.h>

namespace snapcore {

bool PersonAtTerminal::present() const {
  return isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1;
}

std::optional<std::string> PersonAtTerminal::ask(std::string_view question) {
  output_.say(painted(output_.err_style(), Tone::kBold, shown(output_.err_style(), question)) +
              " ");
  std::string line;
  // read(2) returns when a signal arrives; the stream classes would go on waiting.
  for (;;) {
    char c = 0;
    const auto got = ::read(STDIN_FILENO, &c, 1);
    if (got <= 0) {
      output_.say("\n");
      return std::nullopt;
    }
    if (c == '\n') return line;
    if (c != '\r') line += c;
  }
}

}  // namespace snapcore
