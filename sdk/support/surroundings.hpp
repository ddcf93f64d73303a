// What another system is reached with beside the network: a clock, chance, a way to wait, the
// environment. Tests bring their own.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace snapcore {

struct Surroundings {
  std::function<std::chrono::sys_seconds()> now;
  std::function<void(std::chrono::milliseconds)> sleep;
  std::function<double()> random;  // from 0 up to 1
  std::function<std::optional<std::string>(const std::string& name)> environment;
  std::chrono::seconds stall{30};  // a connection on which nothing moves for so long is dead

  static Surroundings real();
};

}  // namespace snapcore
