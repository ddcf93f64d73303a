#include "answer.hpp"

#include <algorithm>
#include <iterator>
#include <snapcore/utf8.hpp>

#include "xml.hpp"

namespace s3 {

using snapcore::Category;
using snapcore::Error;

namespace {

constexpr std::size_t kLongestMessage = 300;

struct Meaning {
  std::string_view said;  // code of the store
  std::string_view code;  // ours
  Category category;
  std::string_view hint;
};

constexpr Meaning kMeanings[] = {
    {"NoSuchKey", "s3.not_found", Category::kPrecondition, ""},
    {"NoSuchVersion", "s3.not_found", Category::kPrecondition, ""},
    {"NoSuchBucket", "s3.no_bucket", Category::kPrecondition,
     "check bucket, region and endpoint of the instance"},
    {"NoSuchUpload", "s3.no_upload", Category::kConflict, ""},
    {"PreconditionFailed", "s3.changed", Category::kConflict, ""},
    {"ConditionalRequestConflict", "s3.changed", Category::kConflict, ""},
    {"AccessDenied", "s3.denied", Category::kAuth,
     "for a key that does not exist a store also says this to those who may not list the bucket"},
    {"InvalidAccessKeyId", "s3.denied", Category::kAuth, "the store does not know this access key"},
    {"SignatureDoesNotMatch", "s3.denied", Category::kAuth,
     "the secret key is wrong, or something on the way changes requests"},
    {"ExpiredToken", "s3.denied", Category::kAuth, "the session token has expired: get a new one"},
    {"RequestTimeTooSkewed", "s3.clock", Category::kAuth, "set the clock of this machine"},
    {"InvalidObjectState", "s3.archived", Category::kPrecondition,
     "the object is in an archive: have the store restore it first"},
    {"ObjectLocked", "s3.protected", Category::kPrecondition, ""},
    {"NotImplemented", "s3.unsupported", Category::kPermanent, "this store cannot do that"},
    {"MethodNotAllowed", "s3.deleted", Category::kPrecondition,
     "this version is a delete marker: it has no bytes"},
    {"InvalidRange", "s3.bad_offset", Category::kPrecondition, ""},
    {"BadDigest", "s3.bad_digest", Category::kCorrupt, "the bytes were changed on their way"},
    {"XAmzContentSHA256Mismatch", "s3.bad_digest", Category::kCorrupt,
     "the bytes were changed on their way"},
    {"EntityTooLarge", "s3.too_large", Category::kPermanent, ""},
};

// Of answers without a body.
std::string_view code_of(int status) {
  switch (status) {
    case 401:
    case 403: return "AccessDenied";
    case 404: return "NoSuchKey";
    case 405: return "MethodNotAllowed";
    case 412: return "PreconditionFailed";
    case 416: return "InvalidRange";
    case 501: return "NotImplemented";
    default: return "";
  }
}

std::string short_text(std::string_view text) {
  return snapcore::shown(text.substr(0, kLongestMessage));
}

// A lock is told by words alone: the code is that of any refusal.
bool is_about_a_lock(const Refusal& refusal) {
  if (refusal.code != "AccessDenied" && refusal.code != "InvalidRequest") return false;
  const std::string& words = refusal.message;
  return words.find("object lock") != std::string::npos ||
         words.find("Object is WORM protected") != std::string::npos ||
         words.find("retention") != std::string::npos ||
         words.find("legal hold") != std::string::npos;
}

}  // namespace

Refusal refusal_of(const snapcore::http::Response& response) {
  Refusal refusal{.status = response.status};
  if (auto body = xml::parse(response.body); body && body->name == "Error") {
    refusal.code = body->text_of("Code");
    refusal.message = body->text_of("Message");
    refusal.region = body->text_of("Region");
    refusal.request = body->text_of("RequestId");
  }
  if (refusal.code.empty()) refusal.code = response.header("x-minio-error-code");
  if (refusal.code.empty()) refusal.code = response.header("x-amz-error-code");
  if (refusal.code.empty()) refusal.code = code_of(response.status);
  if (const auto region = response.header("x-amz-bucket-region"); !region.empty()) {
    refusal.region = region;
  }
  if (refusal.request.empty()) refusal.request = response.header("x-amz-request-id");
  return refusal;
}

bool is_refused_with_success(const snapcore::http::Response& response) {
  if (!response.ok() || response.body.empty()) return false;
  // Cut off or garbled is no success either.
  const auto body = xml::parse(response.body);
  return !body || body->name == "Error";
}

bool may_pass(const Refusal& refusal) {
  static constexpr int kStatuses[] = {408, 429, 499, 500, 502, 503, 504, 520};
  static constexpr std::string_view kCodes[] = {"InternalError",
                                                "RequestTimeout",
                                                "RequestTimeoutException",
                                                "SlowDown",
                                                "SlowDownRead",
                                                "SlowDownWrite",
                                                "Throttling",
                                                "ThrottlingException",
                                                "RequestLimitExceeded",
                                                "BandwidthLimitExceeded",
                                                "PriorRequestNotComplete",
                                                "ServiceUnavailable",
                                                "OperationAborted"};
  return std::find(std::begin(kStatuses), std::end(kStatuses), refusal.status) !=
             std::end(kStatuses) ||
         std::find(std::begin(kCodes), std::end(kCodes), refusal.code) != std::end(kCodes);
}

Error error_of(const Refusal& refusal, std::string_view what) {
  Error error{
      .code = "s3.refused",
      .message = std::string(what) + ": the store answers " + std::to_string(refusal.status),
      .category = may_pass(refusal) ? Category::kTransient : Category::kPermanent};
  if (!refusal.code.empty()) error.message += " " + short_text(refusal.code);
  if (!refusal.message.empty()) error.message += ", " + short_text(refusal.message);
  if (!refusal.request.empty()) error.message += " (request " + short_text(refusal.request) + ")";
  if (is_about_a_lock(refusal)) {
    error.code = "s3.protected";
    error.category = Category::kPrecondition;
    error.hint = "the store keeps this version until its retention ends or its hold is lifted";
    return error;
  }
  for (const Meaning& meaning : kMeanings) {
    if (meaning.said != refusal.code) continue;
    error.code = meaning.code;
    error.category = meaning.category;
    error.hint = meaning.hint;
  }
  return error;
}

}  // namespace s3
