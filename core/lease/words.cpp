#include "lease/words.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace snapcore {
namespace {

std::string process_words(const LeaseHolder& holder) {
  return "process " + std::to_string(holder.process.pid) + " on " + printable(holder.host, 64);
}

std::string liveness_words(Liveness process) {
  switch (process) {
    case Liveness::kRunning: return "that process is running";
    case Liveness::kGone: return "that process is gone";
    case Liveness::kUnknown: break;
  }
  return "whether that process still runs cannot be told from here";
}

std::string held_hint(const Lease& lease, Liveness process, Time now, const std::string& asking,
                      Remains remains) {
  const std::string run = printable(lease.holder.run, 128);
  const std::string wait = "wait for it with --lock-wait, for instance --lock-wait 10m";
  const std::string breaking = "--break-lease " + std::to_string(lease.fence);
  switch (process) {
    case Liveness::kRunning:
      if (lease.expires > now) return wait;
      return process_words(lease.holder) + " renews it no more: look what it does, end it, or " +
             wait;
    case Liveness::kGone:
      if (remains == Remains::kNoRun)
        return "there is no run " + run +
               " here: it was killed before it began, or was removed; to take the resource away "
               "from it: " +
               breaking;
      return "finish or undo run " + run +
             " first; to take the resource away from it: " + breaking + "\nsnapcore runs " + run +
             "   # says how";
    case Liveness::kUnknown: break;
  }
  if (lease.holder.run == asking)
    return "once it has expired this run takes it back: wait for that with --lock-wait, for "
           "instance --lock-wait 3m, or, only when it is certain that " +
           process_words(lease.holder) + " has ended, " + breaking;
  if (lease.expires > now) return wait;
  return "look at " + process_words(lease.holder) +
         ": wait for it with --lock-wait, or, only when it is certain that it has ended, " +
         breaking;
}

std::string why_not_broken(const Lease& lease, const std::vector<std::uint64_t>& breaking) {
  if (breaking.empty()) return "";
  if (std::find(breaking.begin(), breaking.end(), lease.fence) != breaking.end())
    return "\n--break-lease " + std::to_string(lease.fence) +
           " is its number, but a lease is not broken while its process runs";
  std::string given;
  for (const std::uint64_t number : breaking)
    given += (given.empty() ? "" : ", ") + std::to_string(number);
  return "\n--break-lease " + given + " is wrong: the number of this lease is " +
         std::to_string(lease.fence);
}

}  // namespace

std::string describe_lease(const Lease& lease, Liveness process, Time now) {
  std::string words = "lease " + std::to_string(lease.fence) + " of run " +
                      printable(lease.holder.run, 128) + " (" + process_words(lease.holder) +
                      ", since " + to_rfc3339(lease.acquired);
  if (!lease.holder.words.empty()) words += ": \"" + printable(lease.holder.words) + "\"";
  words += ")";
  if (lease.released) return words + ", released at " + to_rfc3339(*lease.released);
  words += (lease.expires > now ? ", expires at " : ", expired at ") + to_rfc3339(lease.expires);
  return words + "; " + liveness_words(process);
}

Error held_error(const Lease& lease, Liveness process, Time now, const std::string& asking,
                 const StillHeld& why) {
  return {.code = "lease.held",
          .message = printable(lease.key) + " is held: " + describe_lease(lease, process, now) +
                     why_not_broken(lease, why.breaking),
          .hint = held_hint(lease, process, now, asking, why.remains),
          .category = Category::kConflict};
}

Error lost_error(const Lease& lease, const std::string& why) {
  return {
      .code = "lease.lost",
      .message = "lease " + std::to_string(lease.fence) + " of " + printable(lease.key) + " " + why,
      .hint = "nothing more is done under it; look who works there before the run goes on",
      .category = Category::kConflict};
}

}  // namespace snapcore
