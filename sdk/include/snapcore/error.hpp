// Errors as values, the same on both sides of the plugin border.
//
// An expected failure is returned, never thrown. An Error names what failed (code, message), what
// the operator can do next (hint), and, because guessing here is how data gets lost, what is known
// about the outside world (outcome).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace snapcore {

enum class Category : std::int32_t {
  kPrecondition,  // something that must hold before the act does not
  kTransient,     // may go away by itself: try again later
  kPermanent,     // will fail again the same way
  kAuth,          // credentials missing or refused
  kConflict,      // somebody else is, or was, there
  kCorrupt,       // bytes are not what they should be
  kInternal,      // a bug, here or in a plugin
};

// What is known about the effect of the call that failed.
enum class Outcome : std::int32_t { kNothingHappened, kMayHaveHappened, kHappened };

struct Error {
  std::string code = {};     // stable: "area.what_is_wrong"
  std::string message = {};  // what failed, with the name of the thing
  std::string hint = {};     // the next thing to do; may be empty
  Category category = Category::kPermanent;
  Outcome outcome = Outcome::kNothingHappened;
  std::shared_ptr<const Error> cause = nullptr;
};

template <class T = void>
using Result = tl::expected<T, Error>;

[[nodiscard]] inline tl::unexpected<Error> fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}

// The error of `wrapper` with `cause` below it; category and outcome are those of the cause.
[[nodiscard]] Error caused_by(Error wrapper, Error cause);

std::string_view to_text(Category category);
std::string_view to_text(Outcome outcome);
Category category_from(std::string_view text);  // unknown text is kInternal
Outcome outcome_from(std::string_view text);    // unknown text is kMayHaveHappened

}  // namespace snapcore
