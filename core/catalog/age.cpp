#include "catalog/age.hpp"

#include "base/clock.hpp"

namespace snapcore {

std::string age_in_words(std::chrono::seconds age) {
  if (!is_ahead(age)) return describe_age(age) + " old";
  return "a time " + describe_age(-age) +
         " in the future: a clock was wrong, and its age is not known";
}

}  // namespace snapcore
