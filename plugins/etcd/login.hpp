// The user a cluster with authentication knows us as, shared by everybody who asks its members.
#pragma once

#include <functional>
#include <mutex>
#include <snapcore/error.hpp>
#include <string>

namespace etcd {

using snapcore::Result;

// Safe to use from several threads. A token holds for all members; etcd forgets those it made
// itself ("simple" ones) after five minutes and with a restart.
class Login {
 public:
  explicit Login(std::string user, std::string password = {})
      : user_(std::move(user)), password_(std::move(password)) {}

  const std::string& user() const { return user_; }
  // Empty until a call learned it; until then the members are asked as nobody.
  std::string password() const;
  // What an earlier call was given as a token is forgotten: the members may be others by now.
  void learn(std::string password);

  // Empty until renew() got one.
  std::string token() const;
  // A member that has not come to the raft index in a simple token is silent until it has: one from
  // a cluster of before would be waited for without an end.
  void forget(const std::string& token);
  // Another one than `refused`: that which somebody else got meanwhile, or what `ask` brings.
  Result<std::string> renew(const std::string& refused,
                            const std::function<Result<std::string>()>& ask);

 private:
  const std::string user_;
  mutable std::mutex mutex_;
  std::string password_;
  std::string token_;
};

}  // namespace etcd
