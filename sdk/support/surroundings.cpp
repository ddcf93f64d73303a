#include "surroundings.hpp"

#include <cstdlib>
#include <memory>
#include <mutex>
#include <random>
#include <thread>

namespace snapcore {

Surroundings Surroundings::real() {
  struct Chance {
    std::mutex mutex;
    std::mt19937_64 engine{std::random_device{}()};
    std::uniform_real_distribution<double> spread{0.0, 1.0};
  };
  auto chance = std::make_shared<Chance>();
  return {
      .now =
          [] { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); },
      .sleep = [](std::chrono::milliseconds length) { std::this_thread::sleep_for(length); },
      .random =
          [chance] {
            const std::lock_guard lock(chance->mutex);
            return chance->spread(chance->engine);
          },
      .environment = [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        if (value == nullptr || *value == '\0') return std::nullopt;
        return std::string(value);
      },
  };
}

}  // namespace snapcore
