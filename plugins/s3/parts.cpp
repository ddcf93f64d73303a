#include "parts.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <snapcore/support/base64.hpp>
#include <snapcore/support/digest.hpp>

#include "writing.hpp"
#include "xml.hpp"

namespace s3 {

using snapcore::Category;
using snapcore::fail;
using snapcore::Result;

namespace {

constexpr std::size_t kMostParts = 10'000;

// How stores say that the bytes are not those that were signed.
bool is_about_the_digest(const Refusal& refusal) {
  static constexpr std::string_view kCodes[] = {"XAmzContentSHA256Mismatch", "BadDigest",
                                                "InvalidDigest", "SignatureDoesNotMatch"};
  return std::find(std::begin(kCodes), std::end(kCodes), refusal.code) != std::end(kCodes);
}

// In whichever words.
bool may_want_md5(const snapcore::Error& error) {
  return error.code == "s3.protected" ||
         (error.code == "s3.refused" && error.category == Category::kPermanent);
}

void add_md5(Ask& ask, const std::string& sum) {
  if (!sum.empty()) ask.headers.emplace_back("content-md5", snapcore::base64(sum));
}

}  // namespace

Ask Parts::ask_for(std::size_t number, std::string bytes) const {
  return {.method = "PUT",
          .key = key_,
          .query = {{"partNumber", std::to_string(number)}, {"uploadId", upload_}},
          .body = std::move(bytes)};
}

Result<> Parts::load() {
  std::string marker;
  for (;;) {
    Ask ask{.key = key_, .query = {{"uploadId", upload_}}};
    if (!marker.empty()) ask.query.emplace_back("part-number-marker", marker);
    auto answer = session_->demand(ask, "cannot go on writing " + session_->store().shown(key_));
    if (!answer) return fail(answer.error());
    auto body = xml::parse(answer->body);
    if (!body) return fail(body.error());
    for (const xml::Element& item : body->children) {
      if (item.name != "Part") continue;
      const std::string number(item.text_of("PartNumber"));
      const std::string size(item.text_of("Size"));
      std::size_t at = 0;
      Kept part{.etag = std::string(item.text_of("ETag"))};
      (void)std::from_chars(number.data(), number.data() + number.size(), at);
      (void)std::from_chars(size.data(), size.data() + size.size(), part.size);
      if (at > 0 && at <= kMostParts) kept_[at] = std::move(part);
    }
    const std::string next(body->text_of("NextPartNumberMarker"));
    if (body->text_of("IsTruncated") != "true" || next.empty() || next == marker) return {};
    marker = next;
  }
}

// A store that looks at the SHA-256 that the signature covers needs no MD5, which costs more time
// than all else; but not all of them look, and a bucket with a retention may insist on it. A first
// part that does not fit what was signed tells: a store that takes it has it replaced by the true
// one, and any other answer than that the digest is wrong says nothing.
Result<> Parts::find_out_about_digests() {
  if (!session_->sha256_is_checked()) {
    Ask ask = ask_for(1, "?");
    ask.payload_hash = snapcore::sha256_hex("!");
    ask.once = true;
    auto answer = session_->send(ask);
    if (!answer) return session_->call().keep_going();
    session_->note_sha256_is_checked(!answer->ok() && is_about_the_digest(refusal_of(*answer)));
  }
  with_md5_ = !*session_->sha256_is_checked();
  return {};
}

Result<> Parts::begin(std::string bytes) {
  const std::size_t number = etags_.size() + under_way_.size() + 1;
  if (number > kMostParts) {
    return fail({.code = "s3.too_large",
                 .message = session_->store().shown(key_) + " would have more than " +
                            std::to_string(kMostParts) + " parts",
                 .hint = "set a larger part_size in the site",
                 .category = Category::kPrecondition});
  }
  auto signing = session_->signing();
  if (!signing) return fail(signing.error());
  std::optional<std::string> kept;
  if (const auto found = kept_.find(number);
      found != kept_.end() && found->second.size == bytes.size()) {
    kept = found->second.etag;
  }
  auto send = [session = session_, ask = ask_for(number, std::move(bytes)),
               with = std::move(*signing), kept = std::move(kept),
               with_md5 = with_md5_](const Beside<Sent>::Stopped& stopped) mutable -> Sent {
    if (kept || with_md5) {
      const std::string sum = md5(ask.body);
      if (kept && !sum.empty() &&
          *kept == "\"" + snapcore::to_hex(snapcore::as_bytes(sum)) + "\"") {
        return {std::move(ask), std::move(*kept)};
      }
      add_md5(ask, sum);
    }
    ask.payload_hash = snapcore::sha256_hex(ask.body);
    auto tried = session->try_once(ask, std::move(with), stopped);
    return {std::move(ask), {}, std::move(tried)};
  };
  under_way_.emplace_back(std::move(send));
  return {};
}

Result<std::string> Parts::end() {
  Sent sent = under_way_.front().get();
  under_way_.pop_front();
  auto etag = etag_of(sent);
  if (!etag) return fail(etag.error());
  etags_.push_back(std::move(*etag));
  return std::move(sent.ask.body);
}

Result<std::string> Parts::etag_of(Sent& sent) {
  if (!sent.tried) return std::move(sent.etag);
  const std::string what = "cannot write " + session_->store().shown(key_);
  auto answer = session_->demand(sent.ask, what, std::move(sent.tried));
  if (!answer && sent.ask.headers.empty() && may_want_md5(answer.error())) {
    // A retention that somebody set meanwhile may ask for it.
    with_md5_ = true;
    add_md5(sent.ask, md5(sent.ask.body));
    if (!sent.ask.headers.empty()) answer = session_->demand(sent.ask, what);
  }
  if (!answer) return fail(answer.error());
  std::string etag(answer->header("etag"));
  if (!etag.empty()) return etag;
  return fail({.code = "s3.bad_answer",
               .message = what + ": a part has no ETag",
               .category = Category::kTransient});
}

bool Parts::break_off() {
  const bool any = !under_way_.empty();
  for (auto& part : under_way_) part.stop();
  under_way_.clear();
  return any;
}

}  // namespace s3
