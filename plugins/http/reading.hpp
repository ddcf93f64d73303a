// One URL: what lies there, and its bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <snapcore/sdk/types.hpp>
#include <string>
#include <string_view>

#include "visit.hpp"

namespace web {

// What tells one content from another.
struct Mark {
  std::string etag = {};      // as it came
  std::string modified = {};  // as it came
  std::uint64_t size = 0;
  // Equal marks mean equal bytes. Else they may differ although the marks do not: a weak ETag, a
  // time of a second that had not passed, nothing at all.
  bool strong = false;

  // What stands for it in an artifact: the ETag, else the time; empty when there is neither.
  const std::string& version() const { return etag.empty() ? modified : etag; }
};

// "http.no_size" when the headers do not say how much there is.
snapcore::Result<Mark> mark_of(const http::Response& head, const std::string& what);

struct Found {
  Mark mark = {};
  std::optional<sdk::Time> modified = {};
};

// Asks by HEAD, and where that is refused by a GET of one byte.
snapcore::Result<Found> look_at(Visit& visit, const Url& url);

struct Range {
  std::optional<std::string> version = {};  // Mark::version() of the content that is meant
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> length = {};
};

// The bytes in order, each once. A body that breaks off is gone on with where it ended, and only if
// it is still the same content: "http.changed" else. Where marks are not strong, what was handed
// over is read again and must be the same. "http.bad_offset" behind the end.
snapcore::Result<> read(Visit& visit, const Url& url, const Range& range,
                        const std::function<snapcore::Result<>(std::string_view)>& sink);

// A small body whole, as it stands now: "http.too_large" above the limit.
snapcore::Result<std::string> read_text(Visit& visit, const Url& url, std::size_t limit);

}  // namespace web
