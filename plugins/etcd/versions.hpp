// Versions of etcd, as far as it matters who can read whose files.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace etcd {

struct Version {
  unsigned major = 0;
  unsigned minor = 0;
  unsigned patch = 0;
  auto operator<=>(const Version&) const = default;
};

// "3.4.23", "3.6.0-rc.1"
std::optional<Version> parse_version(std::string_view text);

// Why servers of `running` should not be given what `written` wrote; empty when they can read it.
// Only major and minor count. `running` is empty when nobody knows which servers it will be: what
// the oldest ones known here wrote can be read by all, and anything later is a problem then.
std::string problem_between(std::string_view written, std::string_view running);

// Which servers can read it, in words.
std::string readers_of(std::string_view written);

}  // namespace etcd
