#include "credentials.hpp"

#include <algorithm>
#include <set>

#include "roles.hpp"

namespace s3 {

using snapcore::Category;
using snapcore::fail;
using snapcore::Result;
using snapcore::aws::Credentials;
namespace sdk = snapcore::sdk;

namespace {

constexpr std::chrono::minutes kBeforeTheEnd{5};

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

auto unsupported(const Profile& profile, const std::string& kind) {
  return fail({.code = "s3.unsupported_credentials",
               .message = "the profile '" + profile.name + "' gets its credentials by " + kind +
                          ", which this plugin does not",
               .hint = "export them for this run: aws configure export-credentials --format env",
               .category = Category::kAuth});
}

auto bad_profile(const Profile& profile, std::string_view why) {
  return fail({.code = "s3.bad_setting",
               .message = "the profile '" + profile.name + "' " + std::string(why),
               .category = Category::kPrecondition});
}

class Finding {
 public:
  Finding(sdk::Call& call, const Config& config, const Settings& settings,
          const Surroundings& surroundings)
      : config_(config),
        surroundings_(surroundings),
        service_(token_service(settings, surroundings)),
        keep_going_([&call] { return call.keep_going(); }),
        cancelled_([&call] { return call.cancelled(); }) {}

  Result<Lent> run(const Profile& profile) {
    // Who names a profile in the site means it, whatever the environment holds.
    const bool ask_environment = !config_.profile;
    if (ask_environment) {
      if (auto found = of_environment(surroundings_)) return Lent{*found, {}};
    }
    auto by_profile = of(profile, ask_environment);
    if (!by_profile) return fail(by_profile.error());
    if (*by_profile) return std::move(**by_profile);
    auto near = of_container();
    if (!near) return fail(near.error());
    if (!*near) near = lent_by_machine(surroundings_, keep_going_);
    if (!near) return fail(near.error());
    if (*near) return std::move(**near);
    return fail({.code = "s3.no_credentials",
                 .message = "no credentials: neither in the site (access_key, secret_key), nor in "
                            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, nor in the profile '" +
                            profile.name + "', nor from a container or machine in a cloud",
                 .category = Category::kAuth});
  }

 private:
  using Maybe = Result<std::optional<Lent>>;

  Maybe of(const Profile& profile, bool ask_environment) {
    const bool has_source = profile.value("source_profile") || profile.value("credential_source");
    if (profile.value("role_arn") && has_source) return some(of_role(profile));
    auto by_token = of_token(profile, ask_environment);
    if (!by_token || *by_token) return by_token;
    if (auto keys = of_profile(profile)) return std::optional(Lent{std::move(*keys), {}});
    if (const auto line = profile.value("credential_process")) {
      return some(lent_by_program(*line, surroundings_, cancelled_));
    }
    // What else a profile may ask for, and we cannot give.
    for (const char* kind : {"sso_session", "sso_start_url", "login_session"}) {
      if (profile.value(kind)) return unsupported(profile, kind);
    }
    if (profile.value("role_arn")) {
      return bad_profile(profile,
                         "has a role_arn, and neither source_profile nor "
                         "credential_source to take it with");
    }
    return std::optional<Lent>();
  }

  static Maybe some(Result<Lent> lent) {
    if (!lent) return fail(lent.error());
    return std::optional(std::move(*lent));
  }

  Maybe of_container() {
    auto url = container_url(surroundings_);
    if (!url) return fail(url.error());
    if (!*url) return std::optional<Lent>();
    return some(lent_by_container(**url, surroundings_, keep_going_));
  }

  Maybe of_token(const Profile& profile, bool ask_environment) {
    const auto value = [&](const char* variable, const char* name) -> std::optional<std::string> {
      if (ask_environment) {
        if (auto given = surroundings_.environment(variable)) return given;
      }
      return profile.value(name);
    };
    const auto file = value("AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file");
    if (!file) return std::optional<Lent>();
    const auto arn = value("AWS_ROLE_ARN", "role_arn");
    if (!arn) {
      return fail({.code = "s3.bad_setting",
                   .message = "there is a web identity token, and no role to take with it",
                   .hint = "AWS_ROLE_ARN, or role_arn in the profile, names it",
                   .category = Category::kPrecondition});
    }
    const Role role{
        .arn = *arn,
        .session = value("AWS_ROLE_SESSION_NAME", "role_session_name").value_or("snapcore"),
        .duration = profile.value("duration_seconds").value_or("")};
    return some(lent_for_token(service_, role, *file, surroundings_, keep_going_));
  }

  Result<Lent> of_role(const Profile& profile) {
    if (profile.value("mfa_serial")) return unsupported(profile, "mfa_serial");
    if (!taken_.insert(profile.name).second) {
      return bad_profile(profile, "takes its role by its own role");
    }
    auto keys = of_source(profile);
    if (!keys) return fail(keys.error());
    const Role role{.arn = profile.value("role_arn").value_or(""),
                    .session = profile.value("role_session_name").value_or("snapcore"),
                    .external_id = profile.value("external_id").value_or(""),
                    .duration = profile.value("duration_seconds").value_or("")};
    return lent_for_keys(service_, role, keys->keys, surroundings_, keep_going_);
  }

  // What a role is taken with.
  Result<Lent> of_source(const Profile& profile) {
    Maybe found = std::optional<Lent>();
    if (const auto source = profile.value("source_profile")) {
      if (profile.value("credential_source")) {
        return bad_profile(profile, "has both source_profile and credential_source");
      }
      if (*source == profile.name) {
        if (auto keys = of_profile(profile)) return Lent{std::move(*keys), {}};
        return bad_profile(profile, "is its own source_profile, and has no keys");
      }
      auto named = read_profile({.profile = *source}, surroundings_);
      if (!named) return fail(named.error());
      found = of(*named, false);
    } else {
      const std::string kind = profile.value("credential_source").value_or("");
      if (kind == "Environment") {
        if (auto keys = of_environment(surroundings_)) found = std::optional(Lent{*keys, {}});
      } else if (kind == "EcsContainer") {
        found = of_container();
      } else if (kind == "Ec2InstanceMetadata") {
        found = lent_by_machine(surroundings_, keep_going_);
      } else {
        return bad_profile(profile,
                           "has a credential_source that is none of Environment, "
                           "EcsContainer and Ec2InstanceMetadata");
      }
    }
    if (!found) return fail(found.error());
    if (*found) return std::move(**found);
    return fail(
        {.code = "s3.no_credentials",
         .message = "no credentials to take the role of the profile '" + profile.name + "' with",
         .category = Category::kAuth});
  }

  const Config& config_;
  const Surroundings& surroundings_;
  TokenService service_;
  KeepGoing keep_going_;
  std::function<bool()> cancelled_;
  std::set<std::string> taken_;  // profiles whose roles are being taken
};

}  // namespace

Result<Lent> find_credentials(sdk::Call& call, const Config& config, const Profile& profile,
                              const Settings& settings, const Surroundings& surroundings) {
  if (config.access_key || config.secret_key) {
    auto keys = of_site(call, config);
    if (!keys) return fail(keys.error());
    return Lent{std::move(*keys), {}};
  }
  return Finding(call, config, settings, surroundings).run(profile);
}

std::optional<std::chrono::sys_seconds> renewal_of(const Lent& lent, std::chrono::sys_seconds now) {
  if (!lent.end) return std::nullopt;
  const auto left = *lent.end - now;
  return *lent.end - std::min<std::chrono::seconds>(kBeforeTheEnd, left / 2);
}

}  // namespace s3
