// What whoever holds the lock of a state says of itself, as the tools write and read it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tfstate {

struct LockInfo {
  std::string id = {};  // a UUID
  std::string operation = {};
  std::string info = {};
  std::string who = {};  // user@host
  std::string version = {};
  std::string created = {};  // 2026-01-02T03:04:05.678Z
  std::string path = {};

  // Byte for byte what the tools write: they compare it as text.
  std::string to_json() const;
  // Nothing when it is no such JSON.
  static std::optional<LockInfo> from_json(std::string_view text);
};

// 32 digits of a hexadecimal text as a random UUID.
std::string uuid_from(std::string_view hex);

}  // namespace tfstate
