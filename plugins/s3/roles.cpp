#include "roles.hpp"

#include <snapcore/support/digest.hpp>
#include <snapcore/support/files.hpp>
#include <snapcore/support/http.hpp>
#include <snapcore/support/patience.hpp>
#include <snapcore/utf8.hpp>

#include "xml.hpp"

namespace s3 {

using snapcore::Category;
using snapcore::Error;
using snapcore::fail;
using snapcore::Result;
namespace http = snapcore::http;

namespace {

constexpr char kWho[] = "the token service";
constexpr char kVersion[] = "2011-06-15";
constexpr std::uint32_t kTries = 3;
constexpr std::size_t kLongestMessage = 300;

aws::Pairs form_of(const char* action, const Role& role) {
  aws::Pairs form = {{"Action", action},
                     {"Version", kVersion},
                     {"RoleArn", role.arn},
                     {"RoleSessionName", role.session}};
  if (!role.external_id.empty()) form.emplace_back("ExternalId", role.external_id);
  if (!role.duration.empty()) form.emplace_back("DurationSeconds", role.duration);
  return form;
}

Result<Lent> lent_in(const http::Response& answer, const std::string& action,
                     std::chrono::sys_seconds now) {
  const auto root = xml::parse(answer.body);
  if (!root || root->name != action + "Response") {
    return fail(bad_credentials(kWho, "answers something else than XML with credentials"));
  }
  const xml::Element* result = root->find(action + "Result");
  const xml::Element* keys = result ? result->find("Credentials") : nullptr;
  if (!keys) return fail(bad_credentials(kWho, "answers without credentials"));
  return checked_lent({.access_key = std::string(keys->text_of("AccessKeyId")),
                       .secret_key = std::string(keys->text_of("SecretAccessKey")),
                       .session_token = std::string(keys->text_of("SessionToken"))},
                      keys->text_of("Expiration"), kWho, now);
}

Error refused(const http::Response& answer, const Role& role) {
  Error error = bad_credentials(kWho, "does not lend " + snapcore::shown(role.arn) +
                                          ": it answers " + std::to_string(answer.status));
  const auto root = xml::parse(answer.body);
  const xml::Element* said = root ? root->find("Error") : nullptr;
  if (said) {
    error.message += " " + snapcore::shown(said->text_of("Code").substr(0, kLongestMessage));
    const auto message = said->text_of("Message");
    if (!message.empty())
      error.message += ", " + snapcore::shown(message.substr(0, kLongestMessage));
  }
  return error;
}

bool may_pass(const http::Response& answer) {
  return answer.status >= 500 || answer.status == 429 ||
         answer.body.find("IDPCommunicationError") != std::string::npos ||
         answer.body.find("<Code>Throttling") != std::string::npos;
}

class Asking {
 public:
  Asking(const TokenService& service, const Role& role, const Surroundings& surroundings,
         const KeepGoing& keep_going)
      : service_(service),
        role_(role),
        surroundings_(surroundings),
        keep_going_(keep_going),
        client_({.ca_file = service.ca_file, .proxy_of_environment = true}) {}

  // Without keys the form is sent as it is.
  Result<Lent> run(const std::string& action, const std::string& body,
                   const aws::Credentials* keys) {
    for (std::uint32_t tried = 1;; ++tried) {
      if (auto going = keep_going_(); !going) return fail(going.error());
      auto answer = send(body, keys);
      if (answer && answer->ok()) return lent_in(*answer, action, surroundings_.now());
      if (answer && !may_pass(*answer)) return fail(refused(*answer, role_));
      if (tried >= kTries || (!answer && answer.error().code == "http.tls")) {
        if (answer) return fail(refused(*answer, role_));
        return fail({.code = "s3.unreachable",
                     .message = std::string(kWho) + " does not answer: " + answer.error().message,
                     .category = Category::kTransient});
      }
      if (auto waited = snapcore::wait_patiently(
              snapcore::pause_after(tried, surroundings_.random()), surroundings_, keep_going_);
          !waited) {
        return fail(waited.error());
      }
    }
  }

 private:
  Result<http::Response> send(const std::string& body, const aws::Credentials* keys) {
    const auto after_scheme = service_.url.find("://") + 3;
    const auto slash = service_.url.find('/', after_scheme);
    const std::string path = slash == std::string::npos ? "/" : service_.url.substr(slash);
    const std::string origin = service_.url.substr(0, slash);
    http::Request request{
        .method = "POST",
        .url = origin + path,
        .headers = {{"content-type", "application/x-www-form-urlencoded; charset=utf-8"}},
        .body = body,
        .deadline = std::chrono::seconds(20),
        .max_response = 256 << 10};
    if (keys) {
      aws::Request signed_request{.method = "POST",
                                  .path = path,
                                  .headers = request.headers,
                                  .payload_hash = snapcore::sha256_hex(body)};
      signed_request.headers.emplace_back("host", origin.substr(after_scheme));
      const aws::Pairs added =
          aws::sign(signed_request, *keys, {service_.region, "sts"}, surroundings_.now(),
                    signing_keys_, {.path = aws::kPathOfOthers, .payload_header = false});
      request.headers.insert(request.headers.end(), added.begin(), added.end());
    }
    return client_.send(request);
  }

  const TokenService& service_;
  const Role& role_;
  const Surroundings& surroundings_;
  const KeepGoing& keep_going_;
  http::Client client_;
  aws::SigningKeys signing_keys_;
};

}  // namespace

TokenService token_service(const Settings& settings, const Surroundings& surroundings) {
  TokenService service{.region = settings.region, .ca_file = settings.ca_file};
  const auto own = surroundings.environment("AWS_ENDPOINT_URL_STS");
  const auto general = surroundings.environment("AWS_ENDPOINT_URL");
  service.url = own ? *own : general.value_or("");
  if (service.url.empty()) {
    service.url = "https://sts." + settings.region + ".amazonaws.com" +
                  (settings.region.starts_with("cn-") ? ".cn" : "");
  }
  if (service.url.find("://") == std::string::npos) service.url = "https://" + service.url;
  return service;
}

Result<Lent> lent_for_token(const TokenService& service, const Role& role,
                            const std::string& token_file, const Surroundings& surroundings,
                            const KeepGoing& keep_going) {
  std::error_code ignored;
  // A link that is moved on to the next token.
  auto token = snapcore::files::read_file(std::filesystem::weakly_canonical(token_file, ignored));
  if (!token) {
    return fail(
        bad_credentials("the web identity token", "cannot be read: " + token.error().message));
  }
  while (!token->empty() && (token->back() == '\n' || token->back() == '\r')) token->pop_back();
  if (token->empty()) return fail(bad_credentials("the web identity token", "is empty"));
  aws::Pairs form = form_of("AssumeRoleWithWebIdentity", role);
  form.emplace_back("WebIdentityToken", *token);
  return Asking(service, role, surroundings, keep_going)
      .run("AssumeRoleWithWebIdentity", aws::query_text(form), nullptr);
}

Result<Lent> lent_for_keys(const TokenService& service, const Role& role,
                           const aws::Credentials& keys, const Surroundings& surroundings,
                           const KeepGoing& keep_going) {
  return Asking(service, role, surroundings, keep_going)
      .run("AssumeRole", aws::query_text(form_of("AssumeRole", role)), &keys);
}

}  // namespace s3
