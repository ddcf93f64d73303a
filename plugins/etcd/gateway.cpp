#include "gateway.hpp"

#include <algorithm>
#include <charconv>
#include <snapcore/support/base64.hpp>

namespace etcd {
namespace {

using snapcore::Category;
using snapcore::Error;
using snapcore::fail;
using snapcore::Value;
namespace http = snapcore::http;

constexpr std::uint64_t kMostAnswer = 8u << 20;

// The gateway writes 64-bit numbers as texts and leaves zeros out.
std::uint64_t number(const Value& value) {
  if (!value.is_string()) return value.uint_or(0);
  const std::string text = value.text();
  std::uint64_t parsed = 0;
  std::from_chars(text.data(), text.data() + text.size(), parsed);
  return parsed;
}

std::int64_t revision(const Value& value) { return static_cast<std::int64_t>(number(value)); }

std::vector<std::string> texts(const Value& value) {
  std::vector<std::string> list;
  for (const Value& item : value.items()) list.push_back(item.text());
  return list;
}

Error no_answer(const Error& cause) {
  const bool tls = cause.code == "http.tls";
  if (cause.code == "http.cancelled") return cause;
  Error error{.code = tls ? "etcd.tls" : "etcd.unreachable",
              .message = cause.message,
              .hint = tls ? "check ca, cert and key of the instance in the site" : "",
              .category = cause.category,
              .cause = std::make_shared<const Error>(cause)};
  return error;
}

Error bad_answer(const std::string& url, std::string_view why) {
  return {.code = "etcd.bad_answer",
          .message = url + " answers what no etcd answers: " + std::string(why),
          .hint = "check that this is the client URL of a member",
          .category = Category::kPermanent};
}

// First line of what a server said, short enough for a message.
std::string excerpt(std::string_view text) {
  text = text.substr(0, text.find_first_of("\r\n"));
  return std::string(text.substr(0, 200));
}

bool says(std::string_view words, std::initializer_list<std::string_view> any) {
  return std::any_of(any.begin(), any.end(),
                     [&](auto one) { return words.find(one) != std::string_view::npos; });
}

// What follows is in the words of etcd's api/v3rpc/rpctypes.
bool wants_user(std::string_view words) {
  return says(words, {"user name is empty", "CommonName"});
}

// It started anew, or has not yet heard of the token that another member gave.
bool knows_no_token(std::string_view words) {
  return says(words, {"invalid auth token", "revision of auth store is old"});
}

bool denies_user(std::string_view words) {
  return says(words, {"permission denied", "authentication failed"});
}

Error not_let_in(const std::string& user, const Error& refusal) {
  const bool password = refusal.message.find("authentication failed") != std::string::npos;
  return {.code = "etcd.authentication",
          .message = "user '" + user + "' is not let in: " + refusal.message,
          .hint = password
                      ? "check user and password of the instance in the site; after a restore "
                        "they are those of the time the snapshot was taken"
                      : "name a user with the role root in the site: nobody else is told whether "
                        "the members hold the same data",
          .category = Category::kAuth};
}

Error refusal(const std::string& url, const http::Response& response) {
  const auto body = Value::parse(response.body);
  std::string words = body ? body->at("message").string_or(body->at("error").text()) : "";
  if (words.empty()) words = excerpt(response.body);
  Error error{.code = "etcd.gateway_refused",
              .message = url + " answers " + std::to_string(response.status) + ": " + words,
              .category = response.status >= 500 ? Category::kTransient : Category::kPermanent};
  if (wants_user(words)) {
    error.category = Category::kAuth;
    error.hint = "this cluster has authentication on; name user and password in the instance";
  } else if (knows_no_token(words)) {
    error.category = Category::kTransient;
  } else if (words.find("connection closed") != std::string::npos) {
    error.hint =
        "the server's own certificate may lack the usage clientAuth, which its gateway needs";
  }
  return error;
}

}  // namespace

Gateway::Gateway(std::vector<Url> urls, const http::Options& tls,
                 std::chrono::milliseconds patience, std::function<bool()> cancelled,
                 std::shared_ptr<Login> login)
    : urls_(std::move(urls)),
      patience_(patience),
      cancelled_(std::move(cancelled)),
      login_(std::move(login)),
      client_(tls) {}

// A URL that answers moves to the front, so that the next question starts there.
Result<http::Response> Gateway::send(std::string_view method, std::string_view path,
                                     const std::string& body) {
  std::optional<Error> first;
  for (std::size_t i = 0; i < urls_.size(); ++i) {
    http::Request request{.method = std::string(method),
                          .url = urls_[i].text + std::string(path),
                          .headers = {},
                          .body = body,
                          .deadline = patience_,
                          .stall = std::chrono::seconds(0),
                          .max_response = kMostAnswer,
                          .cancelled = cancelled_};
    if (method == "POST") request.headers.emplace_back("Content-Type", "application/json");
    if (!token_.empty()) request.headers.emplace_back("Authorization", token_);
    auto response = client_.send(request);
    if (response) {
      std::swap(urls_[0], urls_[i]);
      return response;
    }
    if (!first || first->code == "http.refused") first = response.error();
  }
  return fail(no_answer(*first));
}

Result<Value> Gateway::ask(std::string_view path, const Value& body) {
  auto answer = login_ ? ask_as_user(path, body) : ask_once(path, body);
  if (!answer && login_ && denies_user(answer.error().message))
    return fail(not_let_in(login_->user(), answer.error()));
  return answer;
}

Result<Value> Gateway::ask_as_user(std::string_view path, const Value& body) {
  token_ = login_->token();
  auto answer = ask_once(path, body);
  if (answer) return answer;
  if (answer.error().code == "etcd.unreachable") login_->forget(token_);
  const std::string& words = answer.error().message;
  if (!wants_user(words) && !knows_no_token(words)) return answer;
  const std::string password = login_->password();
  if (password.empty()) return answer;
  const auto token = login_->renew(token_, [&] { return authenticate(password); });
  if (!token) return fail(token.error());
  token_ = *token;
  return ask_once(path, body);
}

Result<std::string> Gateway::authenticate(const std::string& password) {
  token_.clear();
  const auto answer = ask_once("/v3/auth/authenticate",
                               Value::object({{"name", login_->user()}, {"password", password}}));
  if (!answer) return fail(answer.error());
  const std::string token = answer->at("token").text();
  if (token.empty()) return fail(bad_answer(urls_[0].text, "no token for user " + login_->user()));
  return token;
}

Result<Value> Gateway::ask_once(std::string_view path, const Value& body) {
  const auto response = send("POST", path, body.dump());
  if (!response) return fail(response.error());
  const std::string url = urls_[0].text + std::string(path);
  if (response->status == 404) {
    return fail(
        {.code = "etcd.no_gateway",
         .message = url + " answers 404: the member's HTTP gateway is off, or served elsewhere",
         .hint = "the member needs --enable-grpc-gateway, and its client URL in the site "
                 "must be the one that serves HTTP",
         .category = Category::kPrecondition});
  }
  if (!response->ok()) return fail(refusal(url, *response));
  auto value = Value::parse(response->body);
  if (!value || !value->is_object()) return fail(bad_answer(url, "no JSON object"));
  return value;
}

Result<ServerHealth> Gateway::health() {
  const auto response = send("GET", "/health", "");
  if (!response) return fail(response.error());
  const auto value = Value::parse(response->body);
  if (!value || !value->has("health")) {
    const std::string url = urls_[0].text + "/health";
    if (response->ok()) return fail(bad_answer(url, "no health in its answer"));
    return fail(refusal(url, *response));
  }
  const Value& health = value->at("health");
  return ServerHealth{.healthy = health.text() == "true" || health.bool_or(false),
                      .reason = excerpt(value->at("reason").text())};
}

Result<std::string> Gateway::version() {
  const auto response = send("GET", "/version", "");
  if (!response) return fail(response.error());
  const std::string url = urls_[0].text + "/version";
  if (!response->ok()) return fail(refusal(url, *response));
  const auto value = Value::parse(response->body);
  if (!value || value->at("etcdserver").text().empty())
    return fail(bad_answer(url, "no version in its answer"));
  return excerpt(value->at("etcdserver").text());
}

Result<ServerStatus> Gateway::status() {
  const auto answer = ask("/v3/maintenance/status", Value::object());
  if (!answer) return fail(answer.error());
  const Value& header = answer->at("header");
  ServerStatus status{.cluster_id = number(header.at("cluster_id")),
                      .member_id = number(header.at("member_id")),
                      .leader = number(answer->at("leader")),
                      .applied_index = number(answer->at("raftAppliedIndex")),
                      .revision = revision(header.at("revision")),
                      .db_size = number(answer->at("dbSize")),
                      .version = answer->at("version").text(),
                      .errors = texts(answer->at("errors"))};
  if (status.cluster_id == 0 || status.member_id == 0)
    return fail(bad_answer(urls_[0].text, "no ids in its status"));
  return status;
}

Result<MemberList> Gateway::members() {
  const auto answer = ask("/v3/cluster/member/list", Value::object({{"linearizable", true}}));
  if (!answer) return fail(answer.error());
  MemberList list{.cluster_id = number(answer->at("header").at("cluster_id")), .members = {}};
  for (const Value& item : answer->at("members").items()) {
    ListedMember member{.id = number(item.at("ID")),
                        .name = item.at("name").text(),
                        .peer_urls = texts(item.at("peerURLs")),
                        .is_learner = item.at("isLearner").bool_or(false)};
    std::sort(member.peer_urls.begin(), member.peer_urls.end());
    list.members.push_back(std::move(member));
  }
  if (list.members.empty()) return fail(bad_answer(urls_[0].text, "an empty member list"));
  return list;
}

Result<std::optional<KvHash>> Gateway::hash_kv(std::int64_t at) {
  const auto answer =
      ask("/v3/maintenance/hashkv", Value::object({{"revision", std::to_string(at)}}));
  if (!answer && answer.error().code == "etcd.no_gateway") return std::optional<KvHash>();
  if (!answer) return fail(answer.error());
  return KvHash{.hash = static_cast<std::uint32_t>(number(answer->at("hash"))),
                .compact_revision = revision(answer->at("compact_revision")),
                .revision = revision(answer->at("header").at("revision"))};
}

Result<KvHash> Gateway::backend_hash() {
  const auto answer = ask("/v3/maintenance/hash", Value::object());
  if (!answer) return fail(answer.error());
  return KvHash{.hash = static_cast<std::uint32_t>(number(answer->at("hash"))),
                .compact_revision = 0,
                .revision = revision(answer->at("header").at("revision"))};
}

Result<RangeAnswer> Gateway::range(const Value& body) {
  const auto answer = ask("/v3/kv/range", body);
  if (!answer) return fail(answer.error());
  RangeAnswer range{.count = number(answer->at("count")), .entries = {}};
  for (const Value& item : answer->at("kvs").items()) {
    auto key = snapcore::from_base64(item.at("key").text());
    auto value = snapcore::from_base64(item.at("value").text());
    if (!key || !value) return fail(bad_answer(urls_[0].text, "a key that is no base64"));
    range.entries.emplace_back(std::move(*key), std::move(*value));
  }
  return range;
}

namespace {

// The first key behind all that begin with `prefix`; "\0" means without end.
std::string end_of(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty()) {
    const auto last = static_cast<unsigned char>(end.back());
    if (last != 0xff) {
      end.back() = static_cast<char>(last + 1);
      return end;
    }
    end.pop_back();
  }
  return std::string(1, '\0');
}

}  // namespace

Result<std::uint64_t> Gateway::count(std::string_view prefix) {
  const std::string key = prefix.empty() ? std::string(1, '\0') : std::string(prefix);
  const auto answer = range(Value::object({{"key", snapcore::base64(key)},
                                           {"range_end", snapcore::base64(end_of(prefix))},
                                           {"count_only", true}}));
  if (!answer) return fail(answer.error());
  return answer->count;
}

Result<std::optional<std::string>> Gateway::value_of(std::string_view key) {
  const auto answer = range(Value::object({{"key", snapcore::base64(key)}}));
  if (!answer) return fail(answer.error());
  if (answer->entries.empty()) return std::optional<std::string>();
  return answer->entries.front().second;
}

}  // namespace etcd
