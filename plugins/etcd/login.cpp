#include "login.hpp"

namespace etcd {

std::string Login::password() const {
  const std::lock_guard lock(mutex_);
  return password_;
}

void Login::learn(std::string password) {
  const std::lock_guard lock(mutex_);
  password_ = std::move(password);
  token_.clear();
}

void Login::forget(const std::string& token) {
  const std::lock_guard lock(mutex_);
  if (token_ == token) token_.clear();
}

std::string Login::token() const {
  const std::lock_guard lock(mutex_);
  return token_;
}

Result<std::string> Login::renew(const std::string& refused,
                                 const std::function<Result<std::string>()>& ask) {
  const std::lock_guard lock(mutex_);
  if (token_ != refused) return token_;
  auto fresh = ask();
  if (!fresh) return fresh;
  token_ = *fresh;
  return fresh;
}

}  // namespace etcd
