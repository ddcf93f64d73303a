// What the phases of an act answer: a plan, a probe's finding, what was taken back.
#pragma once

#include <cstdint>
#include <optional>
#include <snapcore/sdk/types.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace snapcore::sdk {

// Which guard a concern belongs to.
enum class Guard { kAge, kDestroys, kHash, kIdentity, kHealthy, kSpace, kVersion, kLock };
constexpr auto enum_names(Guard) {
  return names<Guard>({{Guard::kAge, "age"},
                       {Guard::kDestroys, "destroys"},
                       {Guard::kHash, "hash"},
                       {Guard::kIdentity, "identity"},
                       {Guard::kHealthy, "healthy"},
                       {Guard::kSpace, "space"},
                       {Guard::kVersion, "version"},
                       {Guard::kLock, "lock"}});
}

// What execute would do. Every function adds to it and returns it, so that a plan reads as one
// sentence.
class Planned {
 public:
  explicit Planned(std::string first_effect = {});

  Planned& effect(std::string words);
  // A member of the result that is known now and must come true.
  template <class T>
  Planned& predict(std::string_view member, const T& value) {
    return predict_value(member, sdk::to_value(value));
  }
  Planned& predict(std::string_view member, const char* value) {
    return predict_value(member, value);
  }
  // The whole result is known.
  template <Described T>
  Planned& predict_all(const T& result) {
    const Value value = sdk::to_value(result);
    for (const auto& [name, member] : value.members()) predict_value(name, member);
    return *this;
  }
  Planned& bytes(std::uint64_t count);
  Planned& seconds(std::uint64_t count);
  // `free` is what the place has now; without it only the need is shown.
  Planned& space(std::string where, std::uint64_t needed, std::optional<std::uint64_t> free = {});
  Planned& resource(std::string key);
  Planned& undo(std::string words);
  Planned& keeps(std::string words);
  // A command of stock tools, on one line and properly quoted, that does a part of this by hand. It
  // stands in a bash script behind `set -eu`, where "$artifact" is the file with the bytes that are
  // restored and "$stamp" the time in the form of <time>.
  Planned& shell(std::string line);
  Planned& concern(Guard guard, std::string message);
  // An act that execute will make through another instance. A member of `args` that only execute
  // knows is later(); it may then also be left out.
  Planned& call(std::string_view label, const Instance& instance, std::string_view operation,
                Value args);
  static Value later();

  const Value& value() const { return value_; }

 private:
  Planned& predict_value(std::string_view member, Value value);
  Value value_;
};

// Did the call happen?
template <class R>
struct Probed {
  static Probed not_started() { return {"not_started", {}, {}}; }
  static Probed done(R result) { return {"done", std::move(result), {}}; }
  static Probed partial(std::string detail) { return {"partial", {}, std::move(detail)}; }
  static Probed cannot_tell(std::string detail) { return {"cannot_tell", {}, std::move(detail)}; }

  std::string state;
  std::optional<R> result;
  std::string detail;
};

// What compensate gets: the call's arguments, its result when it had one, and what record_undo()
// left. All three may be missing or half true: it must accept that the act never happened, half
// happened, or was already taken back.
template <class A, class R>
struct Compensation {
  A args;
  std::optional<R> result;
  bool recorded = false;  // record_undo() was called
  Value undo = {};        // its `data`
};

// What was taken back, in words.
struct Undone {
  std::vector<std::string> words = {};
};
inline void fields(Fields& f, Undone& undone) { f("words", undone.words, "what was taken back"); }

}  // namespace snapcore::sdk
