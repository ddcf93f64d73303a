#include "credentials.hpp"

namespace s3 {

using snapcore::Category;
using snapcore::fail;
using snapcore::Result;
using snapcore::aws::Credentials;
namespace sdk = snapcore::sdk;

namespace {

Result<Credentials> of_site(sdk::Call& call, const Config& config) {
  if (!config.access_key || !config.secret_key) {
    return fail({.code = "s3.no_credentials",
                 .message = "the site gives one of access_key and secret_key without the other",
                 .category = Category::kPrecondition});
  }
  Credentials found;
  auto access = call.secret(*config.access_key);
  if (!access) return fail(access.error());
  auto secret = call.secret(*config.secret_key);
  if (!secret) return fail(secret.error());
  found.access_key = std::move(*access);
  found.secret_key = std::move(*secret);
  if (config.session_token) {
    auto token = call.secret(*config.session_token);
    if (!token) return fail(token.error());
    found.session_token = std::move(*token);
  }
  return found;
}

std::optional<Credentials> of_environment(const Surroundings& around) {
  const auto access = around.environment("AWS_ACCESS_KEY_ID");
  const auto secret = around.environment("AWS_SECRET_ACCESS_KEY");
  if (!access || !secret) return std::nullopt;
  return Credentials{*access, *secret, around.environment("AWS_SESSION_TOKEN").value_or("")};
}

std::optional<Credentials> of_profile(const Profile& profile) {
  const auto access = profile.value("aws_access_key_id");
  const auto secret = profile.value("aws_secret_access_key");
  if (!access || !secret) return std::nullopt;
  return Credentials{*access, *secret, profile.value("aws_session_token").value_or("")};
}

// What else a profile may ask for, and we cannot give.
std::string unsupported(const Profile& profile) {
  for (const char* name : {"role_arn", "credential_process", "web_identity_token_file",
                           "sso_session", "sso_start_url"}) {
    if (profile.value(name)) return name;
  }
  return {};
}

}  // namespace

Result<Credentials> find_credentials(sdk::Call& call, const Config& config, const Profile& profile,
                                     const Surroundings& surroundings) {
  if (config.access_key || config.secret_key) return of_site(call, config);
  // Who names a profile in the site means it, whatever the environment holds.
  if (!config.profile) {
    if (auto found = of_environment(surroundings)) return *found;
  }
  if (auto found = of_profile(profile)) return *found;
  if (const std::string kind = unsupported(profile); !kind.empty()) {
    return fail({.code = "s3.unsupported_credentials",
                 .message = "the profile '" + profile.name + "' gets its credentials by " + kind +
                            ", which this plugin does not",
                 .hint = "export them for this run: aws configure export-credentials --format env",
                 .category = Category::kAuth});
  }
  return fail({.code = "s3.no_credentials",
               .message = "no credentials: neither in the site (access_key, secret_key), nor in "
                          "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, nor in the profile '" +
                          profile.name + "'",
               .category = Category::kAuth});
}

}  // namespace s3
