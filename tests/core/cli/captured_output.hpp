#pragma once

#include <sstream>

#include "cli/output.hpp"

namespace snapcore {

// An Output whose channels are strings.
class CapturedOutput {
 public:
  explicit CapturedOutput(OutputWish wish = {}, bool terminal = false)
      : output(wish, {.stream = out_, .style = {}, .terminal = terminal},
               {.stream = err_, .style = {}, .terminal = terminal, .columns = [this] {
                  return columns;
                }}) {}

  std::string out() const { return out_.str(); }
  std::string err() const { return err_.str(); }

 private:
  std::ostringstream out_;
  std::ostringstream err_;

 public:
  std::size_t columns = 80;  // of its terminal
  Output output;
};

}  // namespace snapcore
