// The person at the terminal, if there is one.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <string_view>

#include "cli/output.hpp"
#include "engine/person.hpp"

namespace snapcore {

// Asks on stderr and listens on stdin; present when both are terminals. Once `cancelled` is set a
// question has no answer.
class PersonAtTerminal final : public Person {
 public:
  PersonAtTerminal(Output& output, const std::atomic<bool>& cancelled)
      : output_(output), cancelled_(cancelled) {}
  bool present() const override;
  std::optional<std::string> ask(std::string_view question) override;
  bool interrupted() const override { return cancelled_; }

 private:
  bool something_is_typed() const;

  Output& output_;
  const std::atomic<bool>& cancelled_;
};

}  // namespace snapcore
