// The last line of --json where a signal ends the process in the middle of its work: the handler
// writes it, behind whole lines alone, and nothing is written behind it.
#pragma once

#include <string_view>

namespace snapcore {

// Around the writing of a line: no last line gets into it.
class WholeLine {
 public:
  WholeLine();
  ~WholeLine();
  WholeLine(const WholeLine&) = delete;
  WholeLine& operator=(const WholeLine&) = delete;
};

// From here on the output lacks its last line, and from there on it does not.
void owe_last_line();
void last_line_is_told();

// For signal handlers. Nothing is written where none is owed, where somebody stays in the middle of
// a line, or where the descriptor would have to be waited for: whoever leaves at once waits for
// nobody. A line is at most PIPE_BUF bytes.
void tell_last_line(int descriptor, std::string_view line);

}  // namespace snapcore
