// The person at the terminal, if there is one.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/output.hpp"
#include "engine/person.hpp"

namespace snapcore {

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
