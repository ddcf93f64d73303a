// What is not done as things stand.
#pragma once

#include <snapcore/error.hpp>
#include <string>

namespace tfstate {

inline snapcore::Error refused(std::string code, std::string message, std::string hint = {}) {
  return {.code = std::move(code),
          .message = std::move(message),
          .hint = std::move(hint),
          .category = snapcore::Category::kPrecondition};
}

}  // namespace tfstate
