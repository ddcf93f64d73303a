#include "reading.hpp"

#include <algorithm>
#include <snapcore/support/digest.hpp>
#include <snapcore/support/http_headers.hpp>

namespace web {

using snapcore::Category;
using snapcore::Error;
using snapcore::fail;
using snapcore::Result;

namespace {

// Told from every other error, for it is none.
constexpr char kEnough[] = "http.enough";

std::string cannot_read(const Url& url) { return "cannot read " + http::shown_url(url.text); }

auto bad_answer(const Url& url, std::string_view why) {
  return fail({.code = "http.bad_answer",
               .message = cannot_read(url) + ": the server " + std::string(why),
               .category = Category::kPermanent});
}

bool is_strong(const http::Response& head) {
  const auto etag = head.header("etag");
  if (!etag.empty() && !etag.starts_with("W/")) return true;
  // A time tells contents apart once its second has passed (RFC 9110, 8.8.2.2).
  const auto modified = http::date(head.header("last-modified"));
  const auto now = http::date(head.header("date"));
  return modified && now && *now - *modified > std::chrono::seconds(1);
}

std::optional<std::uint64_t> size_of(const http::Response& head) {
  const auto range = head.header("content-range");
  if (head.status == 416) {
    return range == "bytes */0" ? std::optional<std::uint64_t>(0) : std::nullopt;
  }
  if (head.status != 206) return http::number(head.header("content-length"));
  const auto extent = http::extent(range);
  return extent ? std::optional(extent->total) : std::nullopt;
}

class Reading {
 public:
  Reading(Visit& visit, const Url& url, const Range& range,
          const std::function<Result<>(std::string_view)>& sink)
      : visit_(visit), url_(url), range_(range), sink_(sink), at_(range.offset) {}

  Result<> run() {
    const Ask ask{.url = url_,
                  .on_head = [this](const http::Response& head) { return begin(head); },
                  .on_body = [this](std::string_view piece) { return take(piece); },
                  .go_on = [this](Ask& next) { return go_on(next); }};
    for (;;) {
      auto answer = visit_.send(ask);
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

 private:
  Error changed() const {
    return {.code = "http.changed",
            .message = http::shown_url(url_.text) + " was replaced" +
                       (at_ > range_.offset ? " while it was read" : " since it was looked at"),
            .hint = "try again",
            .category = Category::kConflict};
  }
  Error broken() const {
    return {.code = "http.broken",
            .message = cannot_read(url_) + ": the server sends no more than " +
                       std::to_string(at_) + " of its bytes",
            .category = Category::kTransient};
  }
  Error behind_the_end(std::uint64_t size) const {
    return {.code = "http.bad_offset",
            .message = http::shown_url(url_.text) + " has " + std::to_string(size) +
                       " bytes, byte " + std::to_string(range_.offset) + " is none of them",
            .category = Category::kPrecondition};
  }

  // The first byte that is asked for.
  std::uint64_t wanted() const { return mark_ && !mark_->strong ? range_.offset : at_; }
  std::uint64_t last() const {
    return range_.offset + std::min(*range_.length, UINT64_MAX - range_.offset) - 1;
  }

  // Sets what is still to be had; true when something came since the last time.
  bool go_on(Ask& ask) {
    const bool progress = at_ != began_at_;
    began_at_ = at_;
    ask.headers.clear();
    // The rest is refused by a server that knows that it is of something else; one that does not is
    // found out by its headers.
    const std::string version = mark_ ? mark_->version() : range_.version.value_or("");
    if (version.starts_with('"')) {
      ask.headers.emplace_back("if-match", version);
    } else if (http::date(version)) {
      ask.headers.emplace_back("if-unmodified-since", version);
    }
    // A range of nothing is refused: all of it is asked for without one.
    if (wanted() > 0 || range_.length) {
      ask.headers.emplace_back("range", "bytes=" + std::to_string(wanted()) + "-" +
                                            (range_.length ? std::to_string(last()) : ""));
    }
    return progress;
  }

  Result<> begin(const http::Response& head) {
    auto mark = mark_of(head, cannot_read(url_));
    if (!mark) return fail(mark.error());
    const auto extent = http::extent(head.header("content-range"));
    const std::uint64_t first = head.status == 206 && extent ? extent->first : 0;
    if (first > wanted()) return bad_answer(url_, "sends other bytes than it was asked for");
    if (range_.version && !range_.version->empty() && mark->version() != *range_.version) {
      return fail(changed());
    }
    if (mark_) {
      if (mark->etag != mark_->etag || mark->modified != mark_->modified ||
          mark->size != mark_->size) {
        return fail(changed());
      }
    } else {
      if (range_.offset > mark->size) return fail(behind_the_end(mark->size));
      end_ = range_.length ? std::min(mark->size, last() + 1) : mark->size;
      mark_ = std::move(*mark);
    }
    position_ = first;
    again_ = snapcore::Sha256();
    return {};
  }

  Result<> take(std::string_view piece) {
    // What lies before that which was asked for, where the range was ignored.
    skip_to(piece, range_.offset);
    // What was handed over before the body broke off.
    const std::string_view known = skip_to(piece, at_);
    if (!mark_->strong && !known.empty()) {
      again_.update(known);
      if (position_ == at_ && again_.so_far() != handed_over_.so_far()) return fail(changed());
    }
    piece = piece.substr(
        0, static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), end_ - at_)));
    if (!piece.empty()) {
      if (auto put = sink_(piece); !put) return put;
      if (!mark_->strong) handed_over_.update(piece);
      at_ += piece.size();
      position_ = at_;
    }
    if (at_ == end_ && mark_->size > end_) {
      return fail({.code = kEnough, .message = "all is there"});
    }
    return {};
  }

  std::string_view skip_to(std::string_view& piece, std::uint64_t place) {
    if (position_ >= place) return {};
    const auto size =
        static_cast<std::size_t>(std::min<std::uint64_t>(place - position_, piece.size()));
    const std::string_view skipped = piece.substr(0, size);
    piece.remove_prefix(size);
    position_ += size;
    return skipped;
  }

  Result<> refused(const http::Response& answer) {
    if (answer.status == 416) {
      auto found = look_at(visit_, url_);
      if (!found) return fail(found.error());
      // Nothing is left to read right behind the last byte.
      if (found->mark.size == at_ && !mark_) return {};
      if (mark_) return fail(changed());
      return fail(behind_the_end(found->mark.size));
    }
    if (answer.status == 412 || (mark_ && (answer.status == 404 || answer.status == 410))) {
      return fail(changed());
    }
    return fail(error_of(answer, cannot_read(url_)));
  }

  Visit& visit_;
  const Url& url_;
  const Range& range_;
  const std::function<Result<>(std::string_view)>& sink_;
  std::uint64_t at_;  // the next byte to hand over
  std::uint64_t began_at_ = UINT64_MAX;
  std::uint64_t end_ = 0;
  std::uint64_t position_ = 0;  // of the body that comes
  std::optional<Mark> mark_;
  snapcore::Sha256 handed_over_;
  snapcore::Sha256 again_;
};

}  // namespace

Result<Mark> mark_of(const http::Response& head, const std::string& what) {
  Mark mark{.etag = std::string(head.header("etag")),
            .modified = std::string(head.header("last-modified")),
            .strong = is_strong(head)};
  const auto size = size_of(head);
  if (!size) {
    return fail({.code = "http.no_size",
                 .message = what + ": the server does not say how many bytes there are",
                 .category = Category::kPermanent});
  }
  mark.size = *size;
  return mark;
}

Result<Found> look_at(Visit& visit, const Url& url) {
  const std::string what = "cannot look at " + http::shown_url(url.text);
  auto answer = visit.send({.method = "HEAD", .url = url});
  if (!answer) return fail(answer.error());
  std::optional<http::Response> head;
  if (answer->ok() && http::number(answer->header("content-length"))) head = *answer;
  // Many that answer a GET refuse a HEAD, a presigned URL for instance, or say less in its answer.
  const int status = answer->status;
  if (answer->ok() ? !head : status == 400 || status == 403 || status == 405 || status == 501) {
    auto first = visit.send(
        {.url = url,
         .headers = {{"range", "bytes=0-0"}},
         .on_head = [&](const http::Response& shown) -> Result<> {
           head = shown;
           return fail({.code = kEnough, .message = "the headers are all that is wanted"});
         },
         .on_body = [](std::string_view) -> Result<> { return {}; }});
    if (!first && first.error().code != kEnough) return fail(first.error());
    if (first && first->status == 416) {
      head = *first;  // of nothing there is no first byte
    } else if (first && !first->ok()) {
      return fail(error_of(*first, what));
    }
  }
  if (!head) return fail(error_of(*answer, what));
  auto mark = mark_of(*head, what);
  if (!mark) return fail(mark.error());
  Found found{.mark = std::move(*mark)};
  if (const auto time = http::date(head->header("last-modified")))
    found.modified = sdk::Time{*time};
  return found;
}

Result<> read(Visit& visit, const Url& url, const Range& range,
              const std::function<Result<>(std::string_view)>& sink) {
  if (range.length && *range.length == 0) return {};
  return Reading(visit, url, range, sink).run();
}

Result<std::string> read_text(Visit& visit, const Url& url, std::size_t limit) {
  auto answer = visit.send({.url = url, .max_response = limit});
  if (!answer) return fail(answer.error());
  if (!answer->ok()) return fail(error_of(*answer, cannot_read(url)));
  return std::move(answer->body);
}

}  // namespace web
