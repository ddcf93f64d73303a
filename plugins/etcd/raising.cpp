#include "raising.hpp"

#include <algorithm>

namespace etcd {
namespace {

constexpr char kPromise[] = " and compact, so that no old watch waits for ever";

// How far the members are ahead of the snapshot; at most so far where that is not known.
std::int64_t ahead(const Revisions& known) { return known.newest - known.of_snapshot.value_or(0); }

// A watch goes on behind the last revision it saw, and is told of a compaction above that alone.
bool is_enough(std::int64_t bump, const Revisions& known) { return bump - 1 > ahead(known); }

std::string enough(const Revisions& known) {
  return "bump_revision=" + std::to_string(usual_bump(known)) + " is enough";
}

std::string words_as_asked(std::int64_t bump, const Revisions& known) {
  const std::string words = "raise the revision by " + std::to_string(bump);
  const std::string as_asked = words + " and compact, as asked";
  if (known.newest == 0) return as_asked;
  if (is_enough(bump, known)) return words + kPromise;
  if (known.of_snapshot) return as_asked + ": " + shortfall(bump, known);
  return as_asked + ": whether that comes above revision " + std::to_string(known.newest) +
         ", where the target is now, shows when the snapshot is read; " + enough(known);
}

}  // namespace

std::int64_t usual_bump(const Revisions& known) {
  return kUsualBump + std::max<std::int64_t>(0, ahead(known));
}

std::string shortfall(std::int64_t bump, const Revisions& known) {
  if (bump == 0 || known.newest == 0 || !known.of_snapshot || is_enough(bump, known)) return "";
  return "the restored data comes to revision " + std::to_string(*known.of_snapshot + bump) +
         ", and the target was at " + std::to_string(known.newest) +
         ": a watch that goes on from there waits for ever; " + enough(known);
}

std::string words_for_bump(std::optional<std::int64_t> wanted, const Revisions& known) {
  if (wanted && *wanted == 0)
    return "leave the revision as it is, as asked (bump_revision=0): an old watch may wait for "
           "ever";
  if (wanted) return words_as_asked(*wanted, known);
  return "if the data is that of Kubernetes, raise the revision by " + std::to_string(kUsualBump) +
         (known.newest > 0 ? ", counted from the target's (" + std::to_string(known.newest) +
                                 ") where that is higher,"
                           : "") +
         kPromise + " (bump_revision=0 leaves it); else leave the revision as it is";
}

}  // namespace etcd
