#include "versions.hpp"

#include <charconv>
#include <utility>

namespace etcd {

std::optional<Version> parse_version(std::string_view text) {
  Version version;
  unsigned* const parts[] = {&version.major, &version.minor, &version.patch};
  const char* at = text.data();
  const char* const end = at + text.size();
  for (std::size_t i = 0; i < std::size(parts); ++i) {
    if (i > 0 && (at == end || *at++ != '.')) return std::nullopt;
    const auto [next, problem] = std::from_chars(at, end, *parts[i]);
    if (problem != std::errc()) return std::nullopt;
    at = next;
  }
  return version;
}

namespace {

constexpr Version kOldest = {.major = 3, .minor = 4};

bool can_read(const Version& server, const Version& written) {
  return std::pair(written.major, written.minor) <= std::pair(server.major, server.minor);
}

}  // namespace

std::string problem_between(std::string_view written, std::string_view running) {
  const auto from = parse_version(written);
  if (!from) return "";
  const auto to = parse_version(running);
  if (can_read(to.value_or(kOldest), *from)) return "";
  if (!to) {
    return "the snapshot is of etcd " + std::string(written) +
           ", which older servers may not read, and nobody knows which etcd will read it: no "
           "member answers, and the instance names no server_version (set it in the site)";
  }
  return "the snapshot is of etcd " + std::string(written) + ", and what will read it is etcd " +
         std::string(running) + ", which is older and may not be able to";
}

std::string readers_of(std::string_view written) {
  const auto from = parse_version(written);
  if (!from) return "unknown";
  return "etcd " + std::to_string(from->major) + "." + std::to_string(from->minor) + " and later";
}

}  // namespace etcd
