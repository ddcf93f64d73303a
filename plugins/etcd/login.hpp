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
  Login(std::string user, std::string password)
      : user_(std::move(user)), password_(std::move(password)) {}

  const std::string& user() const { return user_; }
  const std::string& password() const { return password_; }

  // Empty until renew() got one.
  std::string token() const;
  // Another one than `refused`: that which somebody else got meanwhile, or what `ask` brings.
  Result<std::string> renew(const std::string& refused,
                            const std::function<Result<std::string>()>& ask);

 private:
  std::string user_;
  std::string password_;
  mutable std::mutex mutex_;
  std::string token_;
};

}  // namespace etcd
