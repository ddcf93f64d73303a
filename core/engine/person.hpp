// The person who plans a run, if there is one at the terminal.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace snapcore {

class Person {
 public:
  virtual ~Person() = default;
  virtual bool present() const = 0;
  // One line, without its end; nothing when the person went away or pressed Ctrl-C.
  virtual std::optional<std::string> ask(std::string_view question) = 0;
  // The last question has no answer because of Ctrl-C.
  virtual bool interrupted() const { return false; }
};

}  // namespace snapcore
