// The person at the terminal, if there is one.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/output.hpp"

namespace snapcore {

class Person {
 public:
  virtual ~Person() = default;
  virtual bool present() const = 0;
  // One line, without its end; nothing when the person went away or pressed Ctrl-C.
  virtual std::optional<std::string> ask(std::string_view question) = 0;
};

// Asks on stderr and listens on stdin; present when both are terminals.
class PersonAtTerminal final : public Person {
 public:
  explicit PersonAtTerminal(Output& output) : output_(output) {}
  bool present() const override;
  std::optional<std::string> ask(std::string_view question) override;

 private:
  Output& output_;
};

}  // namespace snapcore
