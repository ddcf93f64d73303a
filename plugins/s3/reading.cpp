#include "reading.hpp"

#include <algorithm>
#include <deque>
#include <snapcore/support/http_headers.hpp>

#include "listing.hpp"
#include "streams.hpp"

namespace s3 {

using snapcore::Category;
using snapcore::Error;
using snapcore::fail;
using snapcore::Result;
namespace sdk = snapcore::sdk;

namespace {

constexpr std::string_view kMetadata = "x-amz-meta-";
constexpr int kVersionsLookedAt = 50;

std::optional<std::string> given(std::string_view text) {
  if (text.empty()) return std::nullopt;
  return std::string(text);
}

std::string lock_of(const http::Response& head, std::chrono::sys_seconds now) {
  if (head.header("x-amz-object-lock-legal-hold") == "ON") return "a legal hold is on it";
  const std::string until(head.header("x-amz-object-lock-retain-until-date"));
  const auto end = sdk::Time::parse(until);
  if (until.empty() || (end && end->point <= now)) return {};
  return "it is to be kept until " + until;
}

Found found_from(const http::Response& head, const std::string& key, std::chrono::sys_seconds now) {
  Found found;
  objects::Object& object = found.object;
  object.key = key;
  object.size = http::number(head.header("content-length")).value_or(0);
  object.etag = given(head.header("etag"));
  object.version_id = given(head.header("x-amz-version-id"));
  object.content_type = given(head.header("content-type"));
  if (const auto time = http::date(head.header("last-modified")))
    object.modified = sdk::Time{*time};
  for (const auto& [name, value] : head.headers) {
    if (name.starts_with(kMetadata)) object.metadata[name.substr(kMetadata.size())] = value;
  }
  found.lock = lock_of(head, now);
  return found;
}

std::string shown_version(const Session& session, const std::string& key,
                          const std::optional<std::string>& version) {
  return session.store().shown(key) + (version ? " (version " + *version + ")" : std::string());
}

// Told from every other error, for it is none.
constexpr char kEnough[] = "s3.enough";

class Reading {
 public:
  Reading(Session& session, const std::string& key, const Range& range,
          const std::function<Result<>(std::string_view)>& sink)
      : session_(session), key_(key), range_(range), sink_(sink), at_(range.offset) {}

  Result<> run() { return range_.streams > 1 ? in_streams() : up_to(wanted_end()); }

 private:
  static constexpr std::uint64_t kNoEnd = UINT64_MAX;

  // Behind the last byte that is wanted, wherever the object ends.
  std::uint64_t wanted_end() const {
    if (!range_.length) return kNoEnd;
    return range_.offset + std::min(*range_.length, kNoEnd - range_.offset);
  }

  // In one stream, with all patience.
  Result<> up_to(std::uint64_t stop) {
    stop_ = stop;
    Ask ask{.key = key_,
            .on_head = [this](const http::Response& head) { return begin(head); },
            .on_body = [this](std::string_view piece) { return take(piece); },
            .go_on = [this](Ask& next) { return go_on(next); }};
    for (;;) {
      go_on(ask);
      auto answer = session_.send(ask);
      if (!answer) {
        if (answer.error().code == kEnough) return {};
        return fail(answer.error());
      }
      if (!answer->ok()) return refused(*answer);
      // Some that stand in between end a body early and call it whole.
      if (at_ >= end_) return {};
      if (at_ == began_at_) return fail(broken());
    }
  }

  // The first piece says which object it is; what lies behind it comes in several streams.
  Result<> in_streams() {
    const std::uint64_t wanted = wanted_end();
    if (auto first = up_to(std::min(wanted, piece_behind(at_))); !first) return first;
    const std::uint64_t end = std::min(wanted, total_);
    if (at_ >= end) return {};
    if (etag_ || version_) {
      if (auto ahead = ahead_up_to(end); !ahead) return ahead;
    }
    return at_ < end ? up_to(wanted) : Result<>();
  }

  static std::uint64_t piece_behind(std::uint64_t at) {
    return at + std::min(Stream::kRoom, kNoEnd - at);
  }

  // Those on their way, the one with the next bytes first.
  struct Streams {
    ~Streams() {
      for (const auto& stream : all) stream->stop();
    }
    std::deque<std::unique_ptr<Stream>> all = {};
  };

  // Ends early when no stream is left.
  Result<> ahead_up_to(std::uint64_t end) {
    Streams streams;
    std::uint64_t asked = at_;
    for (std::uint32_t i = 0; i < range_.streams && asked < end; ++i) {
      streams.all.push_back(std::make_unique<Stream>(session_));
      if (auto sent = send(*streams.all.back(), asked, end); !sent) return sent;
    }
    while (!streams.all.empty()) {
      Stream& next = *streams.all.front();
      if (auto read = read_all(next); !read) return read;
      // What did not come by itself is had the ordinary way. When that ignores ranges it brings all
      // there is.
      if (at_ < next.to()) {
        if (auto rest = up_to(next.to()); !rest) return rest;
      }
      if (at_ > next.to()) return {};
      auto free = std::move(streams.all.front());
      streams.all.pop_front();
      if (free->was_too_much() || asked == end) continue;
      streams.all.push_back(std::move(free));
      if (auto sent = send(*streams.all.back(), asked, end); !sent) return sent;
    }
    return {};
  }

  // The next piece behind what was asked for.
  Result<> send(Stream& stream, std::uint64_t& asked, std::uint64_t end) {
    const std::uint64_t to = std::min(end, piece_behind(asked));
    Ask ask{.key = key_};
    ask_for(ask, asked, to);
    auto signing = session_.signing();
    if (!signing) return fail(signing.error());
    stream.start(std::move(ask), std::move(*signing), asked, to, {.etag = etag_, .total = total_});
    asked = to;
    return {};
  }

  Result<> read_all(Stream& stream) {
    for (;;) {
      const auto piece = stream.next([this] { return session_.call().keep_going(); });
      if (!piece) return fail(piece.error());
      if (piece->empty()) return {};
      if (auto put = sink_(*piece); !put) return put;
      at_ += piece->size();
    }
  }

  std::string what() const {
    return "cannot read " + shown_version(session_, key_, range_.version_id);
  }
  Error changed() const {
    return {.code = "s3.changed",
            .message = session_.store().shown(key_) + " was replaced while it was read",
            .hint = "try again: a version that stat names stays the same",
            .category = Category::kConflict};
  }
  Error broken() const {
    return {.code = "s3.unreachable",
            .message =
                what() + ": the store sends no more than " + std::to_string(at_) + " of its bytes",
            .category = Category::kTransient};
  }

  // Sets what is still to be had; true when something came since the last time.
  bool go_on(Ask& ask) {
    const bool progress = at_ != began_at_;
    began_at_ = at_;
    // A range of an empty object is refused by every store: all of it is asked for without one.
    ask_for(ask, at_, stop_);
    return progress;
  }

  // The bytes from `from` up to `to`, of what was read before.
  void ask_for(Ask& ask, std::uint64_t from, std::uint64_t to) const {
    ask.query.clear();
    ask.headers.clear();
    const auto& version = version_ ? version_ : range_.version_id;
    if (version) ask.query.emplace_back("versionId", *version);
    const auto& etag = etag_ ? etag_ : range_.if_match;
    if (etag) ask.headers.emplace_back("if-match", *etag);
    if (from == 0 && to == kNoEnd) return;
    ask.headers.emplace_back("range", "bytes=" + std::to_string(from) + "-" +
                                          (to == kNoEnd ? "" : std::to_string(to - 1)));
  }

  Result<> begin(const http::Response& head) {
    const auto etag = given(head.header("etag"));
    std::uint64_t first = 0;
    std::uint64_t total = 0;
    if (head.status == 206) {
      const auto extent = http::extent(head.header("content-range"));
      if (!extent || extent->first > at_) {
        return fail({.code = "s3.bad_answer",
                     .message = what() + ": the store sends other bytes than it was asked for",
                     .category = Category::kPermanent});
      }
      first = extent->first;
      total = extent->total;
    } else {
      // The range was ignored: everything comes, from the first byte on. It comes once alone.
      stop_ = wanted_end();
      const auto length = http::number(head.header("content-length"));
      if (!length) {
        return fail({.code = "s3.bad_answer",
                     .message = what() + ": the store does not say how many bytes there are",
                     .category = Category::kPermanent});
      }
      total = *length;
    }
    if (range_.offset > total) return fail(behind_the_end(total));
    if (pinned_) {
      if (etag != etag_ || total != total_) return fail(changed());
    } else {
      pinned_ = true;
      etag_ = etag;
      version_ = given(head.header("x-amz-version-id"));
      total_ = total;
    }
    end_ = std::min(total, stop_);
    const auto length = http::number(head.header("content-length"));
    goes_beyond_ = !length || *length > end_ - std::min(first, end_);
    skip_ = at_ - first;
    return {};
  }

  Result<> take(std::string_view piece) {
    const auto skipped = std::min<std::uint64_t>(skip_, piece.size());
    skip_ -= skipped;
    piece.remove_prefix(static_cast<std::size_t>(skipped));
    piece = piece.substr(
        0, static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), end_ - at_)));
    if (!piece.empty()) {
      if (auto put = sink_(piece); !put) return put;
      at_ += piece.size();
    }
    if (at_ == end_ && goes_beyond_) return fail({.code = kEnough, .message = "all is there"});
    return {};
  }

  Error behind_the_end(std::uint64_t size) const {
    return {.code = "s3.bad_offset",
            .message = session_.store().shown(key_) + " has " + std::to_string(size) +
                       " bytes, byte " + std::to_string(range_.offset) + " is none of them",
            .category = Category::kPrecondition};
  }

  Result<> refused(const http::Response& answer) {
    const Refusal refusal = refusal_of(answer);
    if (answer.status == 416) {
      auto found = look_at(session_, key_, version_ ? version_ : range_.version_id);
      if (!found) return fail(found.error());
      // Nothing is left to read right behind the last byte.
      if (found->object.size == at_) return {};
      return fail(behind_the_end(found->object.size));
    }
    if (answer.status == 412 && pinned_) return fail(changed());
    if (answer.status == 404 && pinned_) return fail(changed());
    Error error = error_of(refusal, what());
    if (answer.header("x-amz-delete-marker") == "true") error.code = "s3.deleted";
    return fail(std::move(error));
  }

  Session& session_;
  const std::string& key_;
  const Range& range_;
  const std::function<Result<>(std::string_view)>& sink_;
  std::uint64_t at_;
  std::uint64_t began_at_ = UINT64_MAX;
  std::uint64_t stop_ = kNoEnd;  // of what is asked for
  std::uint64_t end_ = 0;        // the same, within the object
  bool goes_beyond_ = false;     // the answer, behind that end
  std::uint64_t skip_ = 0;
  bool pinned_ = false;
  std::uint64_t total_ = 0;
  std::optional<std::string> etag_;
  std::optional<std::string> version_;
};

}  // namespace

Result<Found> look_at(Session& session, const std::string& key,
                      const std::optional<std::string>& version_id) {
  Ask ask{.method = "HEAD", .key = key};
  if (version_id) ask.query.emplace_back("versionId", *version_id);
  auto answer = session.send(ask);
  if (!answer) return fail(answer.error());
  if (answer->ok()) {
    return found_from(*answer, key, session.store().surroundings().now());
  }
  Error error =
      error_of(refusal_of(*answer), "cannot look at " + shown_version(session, key, version_id));
  if (answer->header("x-amz-delete-marker") == "true") {
    error.code = "s3.deleted";
    error.category = Category::kPrecondition;
    error.hint = "it was deleted; older versions of it may be there";
  }
  return fail(std::move(error));
}

Result<std::optional<Found>> find(Session& session, const std::string& key) {
  auto found = look_at(session, key);
  if (found) return std::optional(std::move(*found));
  if (found.error().code == "s3.not_found" || found.error().code == "s3.deleted") {
    return std::optional<Found>();
  }
  return fail(found.error());
}

Result<std::optional<Found>> find_marked(Session& session, const std::string& key,
                                         const std::string& mark) {
  const auto is_marked = [&](const Found& found) {
    const auto value = found.object.metadata.find(std::string(kMark));
    return value != found.object.metadata.end() && value->second == mark;
  };
  auto newest = find(session, key);
  if (!newest) return fail(newest.error());
  if (*newest && is_marked(**newest)) return newest;
  // Without versions nothing is hidden below the newest.
  if (*newest && !(*newest)->object.version_id) return std::optional<Found>();
  std::optional<Found> marked;
  int looked_at = 0;
  auto listed = list_versions_of(session, key, [&](objects::Version& version) -> Result<bool> {
    if (version.marker) return true;
    if (++looked_at > kVersionsLookedAt) return false;
    auto found = look_at(session, key, version.version_id);
    if (!found) {
      if (found.error().code == "s3.not_found") return true;
      return fail(found.error());
    }
    if (is_marked(*found)) marked = std::move(*found);
    return !marked.has_value();
  });
  if (!listed) {
    // A store without versions may not know the question.
    if (listed.error().code == "s3.unsupported") return std::optional<Found>();
    return fail(listed.error());
  }
  return marked;
}

Result<> read(Session& session, const std::string& key, const Range& range,
              const std::function<Result<>(std::string_view)>& sink) {
  if (range.length && *range.length == 0) return {};
  return Reading(session, key, range, sink).run();
}

Result<std::string> read_text(Session& session, const std::string& key, std::size_t limit) {
  std::string text;
  auto done = read(session, key, {}, [&](std::string_view piece) -> Result<> {
    if (text.size() + piece.size() > limit) {
      return fail({.code = "s3.too_large",
                   .message = session.store().shown(key) + " has more than " +
                              std::to_string(limit) + " bytes",
                   .category = Category::kPrecondition});
    }
    text += piece;
    return {};
  });
  if (!done) return fail(done.error());
  return text;
}

}  // namespace s3
