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

}  // namespace

std::string md5(std::string_view bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_md5(), nullptr) != 1) return {};
  return {reinterpret_cast<const char*>(digest), size};
}

Result<Found> put_whole(Session& session, const NewObject& object, std::string bytes) {
  Ask ask{.method = "PUT", .key = object.key, .look_first = look_for(session, object)};
  describe(object, ask.headers);
  add_conditions(object, ask.headers);
  // Stores compare it on arrival; a bucket with a retention insists on it.
  if (const std::string sum = md5(bytes); !sum.empty()) {
    ask.headers.emplace_back("content-md5", snapcore::base64(sum));
  }
  ask.body = std::move(bytes);
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
  if (id.empty()) {
    return fail({.code = "s3.bad_answer",
                 .message = what + ": the store gives no id to the upload",
                 .category = Category::kTransient});
  }
  return Upload(session, object, id);
}

Result<Upload> Upload::go_on(Session& session, const NewObject& object, const std::string& id) {
  Upload upload(session, object, id);
  if (auto loaded = upload.parts_.load(); !loaded) return fail(loaded.error());
  return upload;
}

Result<Found> Upload::complete() {
  std::string list = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  std::size_t number = 0;
  for (const std::string& etag : parts_.etags()) {
    list += "<Part><PartNumber>" + std::to_string(++number) + "</PartNumber><ETag>" +
            xml::escaped(etag) + "</ETag></Part>";
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
