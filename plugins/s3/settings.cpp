#include "settings.hpp"

#include <algorithm>
#include <charconv>
#include <snapcore/support/files.hpp>

namespace s3 {

using snapcore::Category;
using snapcore::Error;
using snapcore::fail;
using snapcore::Result;
namespace files = snapcore::files;
namespace sdk = snapcore::sdk;

namespace {

std::optional<std::string> first_of(std::initializer_list<std::optional<std::string>> values) {
  for (const auto& value : values) {
    if (value && !value->empty()) return value;
  }
  return std::nullopt;
}

std::string in_home(const Surroundings& surroundings, const char* variable, const char* name) {
  if (auto given = surroundings.environment(variable)) return *given;
  const auto home = surroundings.environment("HOME");
  return home ? *home + "/.aws/" + name : "";
}

// Empty when there is no such file.
Result<Sections> read_file(const std::string& path) {
  if (path.empty()) return Sections{};
  // Users keep these files elsewhere and link to them.
  std::error_code ignored;
  const auto real = std::filesystem::canonical(path, ignored);
  if (ignored) return Sections{};
  auto text = files::read_file(real);
  if (!text) return fail(text.error());
  return parse_ini(*text, path);
}

const Section* find(const Sections& sections, const std::string& name) {
  const auto found = sections.find(name);
  return found == sections.end() ? nullptr : &found->second;
}

bool is_bucket_name(std::string_view name) {
  return name.size() >= 3 && name.size() <= 63 && std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
                  c == '_' || (c >= 'A' && c <= 'Z');
         });
}

Error wrong(std::string message, std::string hint = {}) {
  return {.code = "s3.bad_setting",
          .message = std::move(message),
          .hint = std::move(hint),
          .category = Category::kPrecondition};
}

std::optional<std::string> endpoint_of(const Config& config, const Profile& profile,
                                       const Surroundings& around) {
  if (config.endpoint) return config.endpoint;
  const auto ignored = around.environment("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
  if (ignored && (*ignored == "true" || *ignored == "True" || *ignored == "TRUE")) return {};
  if (profile.value("ignore_configured_endpoint_urls").value_or("") == "true") return {};
  const auto service = profile.service.find("endpoint_url");
  return first_of({around.environment("AWS_ENDPOINT_URL_S3"),
                   around.environment("AWS_ENDPOINT_URL"),
                   service == profile.service.end() ? std::nullopt : std::optional(service->second),
                   profile.value("endpoint_url")});
}

std::optional<Addressing> addressing_of(const Profile& profile) {
  const auto style = profile.value("s3.addressing_style").value_or("auto");
  if (style == "path") return Addressing::kPath;
  if (style == "virtual") return Addressing::kVirtual;
  return std::nullopt;
}

}  // namespace

void fields(sdk::Fields& f, Config& config) {
  f("bucket", config.bucket).not_empty().example("backups");
  f("prefix", config.prefix, "Only keys that start with this; names of artifacts follow it")
      .example("db/");
  f("endpoint", config.endpoint, "URL of the store; Amazon's own when nothing says one")
      .example("https://minio.example.net:9000");
  f("region", config.region, "us-east-1 when nothing says one").example("eu-central-1");
  f("profile", config.profile, "of ~/.aws/config and ~/.aws/credentials");
  f("access_key", config.access_key, "else the environment and the profile are asked");
  f("secret_key", config.secret_key);
  f("session_token", config.session_token);
  f("addressing", config.addressing, "where the bucket stands in a URL").optional();
  f("ca", config.ca, "PEM file of the authority that the store's certificate comes from");
  f("part_size", config.part_size,
    "bytes that are sent in one request; two to four of them are held in memory")
      .optional()
      .range(std::int64_t{5} << 20, std::int64_t{1} << 30);
  f("attempts", config.attempts, "how often a request is made before it counts as failed")
      .optional()
      .range(1, 100);
  f("streams", config.streams, "how many connections read a large artifact at once")
      .optional()
      .range(1, 8);
}

std::optional<std::string> Profile::value(const std::string& name_of_value) const {
  const auto found = values.find(name_of_value);
  if (found == values.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

Result<Profile> read_profile(const Config& config, const Surroundings& surroundings) {
  const auto named = first_of({config.profile, surroundings.environment("AWS_PROFILE"),
                               surroundings.environment("AWS_DEFAULT_PROFILE")});
  Profile profile{.name = named.value_or("default")};
  auto settings = read_file(in_home(surroundings, "AWS_CONFIG_FILE", "config"));
  if (!settings) return fail(settings.error());
  auto keys = read_file(in_home(surroundings, "AWS_SHARED_CREDENTIALS_FILE", "credentials"));
  if (!keys) return fail(keys.error());

  const Section* of_keys = find(*keys, profile.name);
  const Section* of_settings = find(*settings, "profile " + profile.name);
  if (!of_settings && profile.name == "default") of_settings = find(*settings, "default");
  if (of_keys) profile.values = *of_keys;
  if (of_settings) profile.values.insert(of_settings->begin(), of_settings->end());
  profile.is_there = of_keys || of_settings;
  if (named && !profile.is_there) {
    return fail({.code = "s3.no_profile",
                 .message = "neither file of profiles has a profile '" + profile.name + "'",
                 .hint =
                     "they are ~/.aws/config and ~/.aws/credentials, or what AWS_CONFIG_FILE and "
                     "AWS_SHARED_CREDENTIALS_FILE name",
                 .category = Category::kPrecondition});
  }
  if (const auto services = profile.value("services")) {
    if (const Section* section = find(*settings, "services " + *services)) {
      for (const auto& [name, value] : *section) {
        if (name.starts_with("s3.")) profile.service[name.substr(3)] = value;
      }
    }
  }
  return profile;
}

Result<Settings> settle(const Config& config, const Profile& profile,
                        const Surroundings& surroundings) {
  if (!is_bucket_name(config.bucket)) {
    return fail(wrong("'" + config.bucket + "' is no name of a bucket",
                      "3 to 63 letters, digits, '-' and '.'"));
  }
  Settings settings{.bucket = config.bucket,
                    .prefix = config.prefix.value_or(""),
                    .endpoint = endpoint_of(config, profile, surroundings),
                    .addressing = config.addressing,
                    .part_size = config.part_size,
                    .attempts = config.attempts,
                    .streams = config.streams};
  settings.region =
      first_of({config.region, surroundings.environment("AWS_REGION"),
                surroundings.environment("AWS_DEFAULT_REGION"), profile.value("region")})
          .value_or("us-east-1");
  settings.ca_file =
      first_of({config.ca, surroundings.environment("AWS_CA_BUNDLE"), profile.value("ca_bundle")})
          .value_or("");
  if (settings.addressing == Addressing::kAuto) {
    settings.addressing = addressing_of(profile).value_or(Addressing::kAuto);
  }
  if (const auto given = surroundings.environment("AWS_MAX_ATTEMPTS")) {
    std::uint32_t count = 0;
    const auto [end, error] = std::from_chars(given->data(), given->data() + given->size(), count);
    if (error != std::errc() || *end != '\0' || count < 1) {
      return fail(wrong("AWS_MAX_ATTEMPTS is no number above 0"));
    }
    settings.attempts = count;
  }
  return settings;
}

}  // namespace s3
