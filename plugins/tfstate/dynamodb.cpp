#include "dynamodb.hpp"

#include <chrono>
#include <snapcore/support/digest.hpp>
#include <snapcore/utf8.hpp>
#include <thread>

namespace tfstate {
namespace {

namespace aws = snapcore::aws;
namespace http = snapcore::http;
using snapcore::Category;
using snapcore::Error;
using snapcore::fail;
using snapcore::Outcome;
using snapcore::shown;
using snapcore::Value;

constexpr int kAttempts = 6;
constexpr std::chrono::milliseconds kFirstPause(100);
constexpr std::chrono::seconds kDeadline(20);
constexpr char kJson[] = "application/x-amz-json-1.0";

// "host:port", without what is the scheme's own.
std::string host_of(std::string_view url) {
  const auto scheme = url.find("://");
  std::string_view host = scheme == std::string_view::npos ? url : url.substr(scheme + 3);
  host = host.substr(0, host.find('/'));
  const std::string_view own = url.starts_with("https:") ? ":443" : ":80";
  if (host.ends_with(own)) host.remove_suffix(own.size());
  return std::string(host);
}

std::string url_of(std::string endpoint) {
  while (endpoint.ends_with('/')) endpoint.pop_back();
  return endpoint + "/";
}

bool is_one_of(std::string_view type, std::initializer_list<std::string_view> types) {
  for (const std::string_view one : types) {
    if (type == one) return true;
  }
  return false;
}

}  // namespace

Error DynamoDb::error_of(const http::Response& response, std::string_view action) const {
  const auto body = Value::parse(response.body);
  std::string type = body ? body->at("__type").text() : "";
  type.erase(0, type.rfind('#') == std::string::npos ? 0 : type.rfind('#') + 1);
  std::string said = body ? body->at("message").text() : "";
  if (said.empty() && body) said = body->at("Message").text();
  Error error{.code = "tfstate.table",
              .message = "the table " + shown(place_.table) + " refused " + std::string(action) +
                         ": " + std::to_string(response.status) + " " + shown(type) + " " +
                         shown(said),
              .category = Category::kPermanent};
  if (type == "ConditionalCheckFailedException") {
    error.code = "tfstate.condition";
    error.category = Category::kConflict;
  } else if (type == "ResourceNotFoundException") {
    error.code = "tfstate.no_table";
    error.message = "there is no table " + shown(place_.table) + " at " + shown(place_.endpoint);
    error.category = Category::kPrecondition;
  } else if (response.status == 403 ||
             is_one_of(type, {"AccessDeniedException", "UnrecognizedClientException",
                              "InvalidSignatureException", "IncompleteSignatureException",
                              "MissingAuthenticationTokenException", "ExpiredTokenException"})) {
    error.code = "tfstate.table_denied";
    error.category = Category::kAuth;
  } else if (response.status >= 500 ||
             is_one_of(type, {"ProvisionedThroughputExceededException", "ThrottlingException",
                              "RequestLimitExceeded", "TransactionConflictException"})) {
    error.category = Category::kTransient;
    error.outcome = Outcome::kMayHaveHappened;
  }
  return error;
}

Result<Value> DynamoDb::ask_once(std::string_view action, const std::string& body) {
  const std::string url = url_of(place_.endpoint);
  aws::Request request{.method = "POST",
                       .headers = {{"host", host_of(url)},
                                   {"content-type", kJson},
                                   {"x-amz-target", "DynamoDB_20120810." + std::string(action)}},
                       .payload_hash = snapcore::sha256_hex(body)};
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const auto added = aws::sign(request, credentials_, {place_.region, "dynamodb"}, now, keys_,
                               {.path = aws::kPathOfOthers, .payload_header = false});
  http::Headers headers(request.headers.begin() + 1, request.headers.end());
  headers.insert(headers.end(), added.begin(), added.end());
  const auto answer = client_.send({.method = "POST",
                                    .url = url,
                                    .headers = std::move(headers),
                                    .body = body,
                                    .deadline = kDeadline});
  if (!answer) {
    Error error = answer.error();
    error.code = "tfstate.table_unreachable";
    error.message = "the table " + shown(place_.table) + " cannot be asked: " + error.message;
    error.category = Category::kTransient;
    return fail(std::move(error));
  }
  if (!answer->ok()) return fail(error_of(*answer, action));
  return Value::parse(answer->body);
}

Result<Value> DynamoDb::ask(std::string_view action, Value body) {
  body["TableName"] = place_.table;
  const std::string text = body.dump();
  auto pause = kFirstPause;
  for (int attempt = 1;; ++attempt, pause *= 2) {
    auto answer = ask_once(action, text);
    const bool may_pass = !answer && answer.error().category == Category::kTransient;
    if (!may_pass || attempt == kAttempts) return answer;
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace tfstate
