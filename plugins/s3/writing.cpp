#include "writing.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <charconv>
#include <new>
#include <snapcore/support/base64.hpp>
#include <snapcore/support/digest.hpp>
#include <span>

#include "xml.hpp"

namespace s3 {

using snapcore::Category;
using snapcore::Error;
using snapcore::fail;
using snapcore::Outcome;
using snapcore::Result;

namespace {

constexpr std::size_t kMostParts = 10'000;

// What stores compare on arrival.
std::string md5(std::string_view bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_md5(), nullptr) != 1) return {};
  return {reinterpret_cast<const char*>(digest), size};
}

void describe(const NewObject& object, http::Headers& headers) {
  headers.emplace_back("content-type", object.content_type.value_or("application/octet-stream"));
  for (const auto& [name, value] : object.metadata) {
    headers.emplace_back("x-amz-meta-" + name, value);
  }
  headers.emplace_back("x-amz-meta-" + std::string(kMark), object.mark);
}

void add_conditions(const NewObject& object, http::Headers& headers) {
  if (object.if_match) headers.emplace_back("if-match", *object.if_match);
  if (object.if_absent) headers.emplace_back("if-none-match", "*");
}

void add_body(Ask& ask, Body& body) {
  if (!body.md5.empty()) ask.headers.emplace_back("content-md5", snapcore::base64(body.md5));
  ask.payload_hash = body.sha256;
  ask.body = std::move(body.bytes);
}

auto look_for(Session& session, const NewObject& object) {
  return
      [&session, key = object.key, mark = object.mark]() -> Result<std::optional<http::Response>> {
        auto found = find_marked(session, key, mark);
        if (!found) {
          Error error = found.error();
          error.outcome = Outcome::kMayHaveHappened;
          return fail(std::move(error));
        }
        if (!*found) return std::optional<http::Response>();
        http::Response response{.status = 200};
        if (const auto& id = (*found)->object.version_id) {
          response.headers.emplace_back("x-amz-version-id", *id);
        }
        return std::optional(std::move(response));
      };
}

// The object as the store has it now, by the version that the answer names.
Result<Found> written(Session& session, const NewObject& object, const http::Response& answer) {
  const std::string id(answer.header("x-amz-version-id"));
  auto found = look_at(session, object.key, id.empty() ? std::nullopt : std::optional(id));
  if (!found) {
    Error error = found.error();
    error.outcome = Outcome::kHappened;
    return fail(std::move(error));
  }
  const auto mark = found->object.metadata.find(std::string(kMark));
  if (mark == found->object.metadata.end() || mark->second != object.mark) {
    return fail({.code = "s3.changed",
                 .message = session.store().shown(object.key) +
                            " was written, and replaced by somebody else at the same time",
                 .category = Category::kConflict,
                 .outcome = Outcome::kHappened});
  }
  return found;
}

Error not_a_part(const Session& session, const NewObject& object, std::string_view why) {
  return {.code = "s3.bad_answer",
          .message = "cannot write " + session.store().shown(object.key) + ": " + std::string(why),
          .category = Category::kTransient};
}

}  // namespace

Body digested(std::string bytes) {
  Body body{.bytes = std::move(bytes)};
  body.sha256 = snapcore::sha256_hex(body.bytes);
  body.md5 = md5(body.bytes);
  return body;
}

Result<Found> put_whole(Session& session, const NewObject& object, Body body) {
  Ask ask{.method = "PUT", .key = object.key, .look_first = look_for(session, object)};
  describe(object, ask.headers);
  add_conditions(object, ask.headers);
  add_body(ask, body);
  auto answer = session.demand(ask, "cannot write " + session.store().shown(object.key));
  if (!answer) return fail(answer.error());
  return written(session, object, *answer);
}

Result<Upload> Upload::begin(Session& session, const NewObject& object) {
  // Broken off, it would leave an upload whose id nobody knows.
  Ask ask{.method = "POST", .key = object.key, .query = {{"uploads", ""}}, .to_the_end = true};
  describe(object, ask.headers);
  const std::string what = "cannot begin to write " + session.store().shown(object.key);
  auto answer = session.demand(ask, what);
  if (!answer) return fail(answer.error());
  auto body = xml::parse(answer->body);
  if (!body) return fail(body.error());
  const std::string id(body->text_of("UploadId"));
  if (id.empty()) return fail(not_a_part(session, object, "the store gives no id to the upload"));
  return Upload(session, object, id);
}

Result<Upload> Upload::go_on(Session& session, const NewObject& object, const std::string& id) {
  Upload upload(session, object, id);
  if (auto loaded = upload.load_parts(); !loaded) return fail(loaded.error());
  return upload;
}

Result<> Upload::load_parts() {
  std::string marker;
  for (;;) {
    Ask ask{.key = object_.key, .query = {{"uploadId", id_}}};
    if (!marker.empty()) ask.query.emplace_back("part-number-marker", marker);
    auto answer =
        session_->demand(ask, "cannot go on writing " + session_->store().shown(object_.key));
    if (!answer) return fail(answer.error());
    auto body = xml::parse(answer->body);
    if (!body) return fail(body.error());
    for (const xml::Element& item : body->children) {
      if (item.name != "Part") continue;
      const std::string number(item.text_of("PartNumber"));
      const std::string size(item.text_of("Size"));
      std::uint32_t at = 0;
      Part part{.etag = std::string(item.text_of("ETag"))};
      (void)std::from_chars(number.data(), number.data() + number.size(), at);
      (void)std::from_chars(size.data(), size.data() + size.size(), part.size);
      if (at > 0 && at <= kMostParts) kept_[at] = std::move(part);
    }
    const std::string next(body->text_of("NextPartNumberMarker"));
    if (body->text_of("IsTruncated") != "true" || next.empty() || next == marker) return {};
    marker = next;
  }
}

Result<> Upload::add(Body& body) {
  const auto number = static_cast<std::uint32_t>(parts_.size() + 1);
  if (number > kMostParts) {
    return fail({.code = "s3.too_large",
                 .message = session_->store().shown(object_.key) + " would have more than " +
                            std::to_string(kMostParts) + " parts",
                 .hint = "set a larger part_size in the site",
                 .category = Category::kPrecondition});
  }
  const std::uint64_t size = body.bytes.size();
  if (const auto kept = kept_.find(number); kept != kept_.end() && kept->second.size == size) {
    const std::string sum = snapcore::to_hex(snapcore::as_bytes(body.md5));
    if (!sum.empty() && kept->second.etag == "\"" + sum + "\"") {
      parts_.push_back(kept->second);
      return {};
    }
  }
  Ask ask{.method = "PUT",
          .key = object_.key,
          .query = {{"partNumber", std::to_string(number)}, {"uploadId", id_}}};
  add_body(ask, body);
  auto answer = session_->demand(ask, "cannot write " + session_->store().shown(object_.key));
  body.bytes = std::move(ask.body);
  if (!answer) return fail(answer.error());
  Part part{size, std::string(answer->header("etag"))};
  if (part.etag.empty()) return fail(not_a_part(*session_, object_, "a part has no ETag"));
  parts_.push_back(std::move(part));
  return {};
}

Result<Found> Upload::complete() {
  std::string list = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    list += "<Part><PartNumber>" + std::to_string(i + 1) + "</PartNumber><ETag>" +
            xml::escaped(parts_[i].etag) + "</ETag></Part>";
  }
  list += "</CompleteMultipartUpload>";
  Ask ask{.method = "POST",
          .key = object_.key,
          .query = {{"uploadId", id_}},
          .headers = {{"content-type", "application/xml"}},
          .body = std::move(list),
          .look_first = look_for(*session_, object_),
          .late_errors = true};
  add_conditions(object_, ask.headers);
  auto answer = session_->demand(ask, "cannot complete " + session_->store().shown(object_.key));
  if (!answer) return fail(answer.error());
  return written(*session_, object_, *answer);
}

Result<> Upload::abort(Session& session, const std::string& key, const std::string& id) {
  auto answer =
      session.demand({.method = "DELETE", .key = key, .query = {{"uploadId", id}}},
                     "cannot abandon the unfinished upload of " + session.store().shown(key));
  if (!answer && answer.error().code != "s3.no_upload" && answer.error().code != "s3.not_found") {
    return fail(answer.error());
  }
  return {};
}

Result<Found> copy_version(Session& session, const NewObject& object, const Found& version) {
  const std::string id = version.object.version_id.value_or("");
  Ask ask{.method = "PUT",
          .key = object.key,
          .headers = {{"x-amz-copy-source", "/" + session.settings().bucket + "/" +
                                                aws::encode_path(object.key) +
                                                "?versionId=" + aws::encode(id)},
                      {"x-amz-metadata-directive", "REPLACE"}},
          .look_first = look_for(session, object),
          .late_errors = true};
  if (version.object.etag) {
    ask.headers.emplace_back("x-amz-copy-source-if-match", *version.object.etag);
  }
  // All that was said of the version, and by whom it was made the newest.
  NewObject described = object;
  described.content_type = version.object.content_type;
  described.metadata = version.object.metadata;
  described.metadata.erase(std::string(kMark));
  describe(described, ask.headers);
  auto answer =
      session.demand(ask, "cannot copy version " + id + " of " + session.store().shown(object.key));
  if (!answer) return fail(answer.error());
  return written(session, object, *answer);
}

Result<> remove_version(Session& session, const std::string& key,
                        const std::optional<std::string>& version_id) {
  const std::string what = "cannot remove " + session.store().shown(key) +
                           (version_id ? " (version " + *version_id + ")" : "");
  Ask ask{.method = "DELETE", .key = key};
  if (version_id) ask.query.emplace_back("versionId", *version_id);
  auto answer = session.demand(ask, what);
  if (!answer && answer.error().code != "s3.not_found") return fail(answer.error());
  return {};
}

}  // namespace s3
