#include "observe.hpp"

#include <system_error>
#include <thread>

namespace etcd {
namespace {

template <class T>
bool take(Result<T> answer, std::optional<T>& into, Observation& seen) {
  if (answer) {
    into = std::move(*answer);
    return true;
  }
  if (!seen.problem) seen.problem = answer.error();
  return false;
}

Observation ask(Gateway gateway, Depth depth) {
  Observation seen;
  const bool answers = take(gateway.health(), seen.health, seen);
  if (depth == Depth::kHealth) return seen;
  // A member that nobody could reach is not asked three more times.
  const bool deaf =
      !answers && (seen.problem->code == "etcd.unreachable" || seen.problem->code == "etcd.tls");
  if (deaf && seen.problem->cause && seen.problem->cause->code != "http.timeout") return seen;
  std::optional<std::string> version;
  take(gateway.version(), version, seen);
  seen.version = version.value_or("");
  take(gateway.status(), seen.status, seen);
  take(gateway.members(), seen.members, seen);
  if (seen.version.empty() && seen.status) seen.version = seen.status->version;
  return seen;
}

}  // namespace

void side_by_side(std::size_t count, const std::function<void(std::size_t)>& work) {
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < count; ++i) {
    try {
      threads.emplace_back([&work, i] { work(i); });
    } catch (const std::system_error&) {
      work(i);  // no thread to be had: in turn, then
    }
  }
  if (count > 0) work(0);
  for (std::thread& thread : threads) thread.join();
}

Gateway gateway_of(const TargetMember& member, const Target& target,
                   const std::function<bool()>& cancelled, std::chrono::milliseconds patience) {
  return {member.clients, target.tls, patience, cancelled, target.login};
}

std::vector<Observation> observe(const Target& target, Depth depth,
                                 const std::function<bool()>& cancelled,
                                 std::chrono::milliseconds patience) {
  std::vector<Observation> seen(target.members.size());
  side_by_side(seen.size(), [&](std::size_t i) {
    seen[i] = ask(gateway_of(target.members[i], target, cancelled, patience), depth);
  });
  return seen;
}

}  // namespace etcd
