#include "object_lock.hpp"

#include <algorithm>
#include <cstring>
#include <snapcore/utf8.hpp>

#include "state_lock.hpp"

namespace tfstate {
namespace {

using snapcore::Category;
using snapcore::fail;
using snapcore::shown;

ObjectStore::Read reading(std::string_view text) {
  return [text](std::span<std::byte> into) mutable -> Result<std::size_t> {
    const std::size_t size = std::min(into.size(), text.size());
    std::memcpy(into.data(), text.data(), size);
    text.remove_prefix(size);
    return size;
  };
}

}  // namespace

std::string LockLabels::at(const std::string& label, int number) {
  if (number == 0) return label;
  return label + " again" + (number == 1 ? "" : " " + std::to_string(number));
}

std::string how_it_goes(const ObjectPlace& place, const std::optional<LockInfo>& holder) {
  if (holder && holder->operation.starts_with("snapcore-")) {
    return "that is snapcore, " + shown(holder->info) +
           ": if it goes on no more, resume it or roll it back; where nobody has that run any "
           "more: "
           "tofu force-unlock " +
           shown(holder->id);
  }
  if (holder && !holder->id.empty()) {
    return "wait until it is done; only when nobody holds it any more, in the working directory: "
           "tofu force-unlock " +
           shown(holder->id);
  }
  return "wait until it is done; only when nobody holds it any more, remove " +
         shown(place.lock_key());
}

bool ObjectLock::is_ours(const std::optional<LockInfo>& holder) const {
  if (!holder || holder->id.empty()) return false;
  return holder->id == info_.id || std::find(ours_.begin(), ours_.end(), holder->id) != ours_.end();
}

snapcore::Error ObjectLock::locked_by(const std::optional<LockInfo>& holder) const {
  return {.code = "tfstate.locked",
          .message = place_.shown() + " is locked by " +
                     (holder ? words_of(*holder) : "somebody who does not say who it is"),
          .hint = how_it_goes(place_, holder),
          .category = Category::kConflict};
}

// What is there counts, not what a write was answered: an answer may be lost, or come from a
// journal, and many a store never looks at a condition.
Result<> ObjectLock::take_object() {
  const std::string body = info_.to_json();
  for (int number = 0;; ++number) {
    const auto there = store_.text(place_.lock_key());
    if (!there) return fail(there.error());
    if (*there) {
      const auto holder = LockInfo::from_json(**there);
      return is_ours(holder) ? Result<>() : fail(locked_by(holder));
    }
    if (number == labels_.tries) break;
    const auto made = store_.put(
        {.key = place_.lock_key(), .content_type = "application/json", .if_absent = true},
        LockLabels::at(labels_.take, number), reading(body));
    if (made || is_refusal(made.error(), "changed")) continue;
    if (made.error().outcome == snapcore::Outcome::kNothingHappened) return fail(made.error());
  }
  return fail({.code = "tfstate.lock_lost",
               .message = "the lock of " + place_.shown() +
                          " was written, and somebody took it away at once",
               .hint = "look who works with it, then try again",
               .category = Category::kConflict});
}

Result<> ObjectLock::is_free() {
  if (place_.lock_file) {
    const auto there = store_.text(place_.lock_key());
    if (!there) return fail(there.error());
    if (*there) {
      const auto holder = LockInfo::from_json(**there);
      if (!is_ours(holder)) return fail(locked_by(holder));
    }
  }
  if (!table_) return {};
  const auto there = table_->look();
  if (!there) return fail(there.error());
  return !*there || is_ours(**there) ? Result<>() : fail(locked_by(**there));
}

Result<> ObjectLock::take() {
  if (place_.lock_file) {
    if (auto taken = take_object(); !taken) return taken;
  }
  if (!table_) return {};
  auto taken = table_->lock(info_, ours_);
  if (taken) return {};
  snapcore::Error error = taken.error();
  if (error.code == "tfstate.locked") error = locked_by(table_->holder());
  if (place_.lock_file) (void)give_back_object();
  return fail(std::move(error));
}

Result<> ObjectLock::give_back_object() {
  for (int number = 0;; ++number) {
    const auto there = store_.text(place_.lock_key());
    if (!there) return fail(there.error());
    if (!*there || !is_ours(LockInfo::from_json(**there))) return {};
    if (number == labels_.tries) break;
    const auto removed =
        store_.remove(place_.lock_key(), LockLabels::at(labels_.give_back, number));
    if (!removed && removed.error().category == Category::kAuth) return removed;
  }
  return fail({.code = "tfstate.lock_left",
               .message = "the lock of " + place_.shown() + " could not be removed",
               .hint = "remove the object " + shown(place_.lock_key()),
               .category = Category::kTransient});
}

Result<> ObjectLock::give_back() {
  Result<> table = table_ ? table_->unlock(info_, ours_) : Result<>();
  Result<> object = place_.lock_file ? give_back_object() : Result<>();
  return object ? table : object;
}

}  // namespace tfstate
