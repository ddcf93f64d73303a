// Starting and stopping members by the site's commands, and what tells whether one runs: its ports
// and the lock on its database. An exit status of 0 is a promise, not a proof.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "place.hpp"
#include "target.hpp"

namespace etcd {

// What keeps a member from counting as stopped, in words ("its client port 127.0.0.1:2379
// answers"); empty when it is stopped. Only a refused or impossible connection counts as no answer.
std::optional<std::string> sign_of_life(const TargetMember& member, const Place& place);

struct Watch {
  std::function<bool()> cancelled = [] { return false; };
  std::function<void(const std::string&)> say = [](const std::string&) {};
};

// Runs all stop commands side by side and waits until every member is seen to be stopped, each for
// at most stop_timeout. A command that fails for a member that is not running is only mentioned.
// What has begun is let finish, whatever the operator asks meanwhile; so it is with a start.
//   "etcd.stop_failed", "etcd.member_still_running"
Result<> stop_members(const Target& target, const std::vector<Place>& places, const Watch& watch);
// The same, with what became of each member, in the site's order.
std::vector<Result<>> stop_each(const Target& target, const std::vector<Place>& places,
                                const Watch& watch);

// Runs the start commands of `names` side by side; each must return within start_timeout.
//   "etcd.start_failed", "etcd.start_in_foreground"
Result<> start_members(const Target& target, const std::vector<std::string>& names,
                       const Watch& watch);
// The same, with what became of each.
std::vector<Result<>> start_each(const Target& target, const std::vector<std::string>& names,
                                 const Watch& watch);

// argv[0] is there and may be executed: "etcd.bad_command".
Result<> check_program(const TargetMember& member, const std::vector<std::string>& argv,
                       const char* what);

// "3 members", "1 member"
std::string counted(std::size_t count, const std::string& noun);

// "at most 60 s"
std::string at_most(std::chrono::milliseconds timeout);

}  // namespace etcd
