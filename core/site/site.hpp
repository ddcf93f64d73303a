// The site: the operator's description of instances and policy, from site.lua.
//
// The file runs in the same sandbox as a runbook and returns one table. Secrets stand in it as
// references (secret.env, secret.file, secret.command); their text is fetched when an operation
// asks for it and is never part of the Value below, of its digest, or of any output.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <snapcore/error.hpp>
#include <snapcore/value.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace snapcore {

enum class OnFailure { kRollback, kHold, kContinue };
std::string_view to_text(OnFailure on_failure);
std::optional<OnFailure> on_failure_from(std::string_view text);

struct Policy {
  std::optional<std::chrono::seconds> max_age;
  double space_margin = 0.20;
  OnFailure on_failure = OnFailure::kRollback;
  enum class Approval { kPrompt, kDigest } approval = Approval::kPrompt;
  enum class UnknownIdentity { kAsk, kRefuse, kWarn } unknown_identity = UnknownIdentity::kAsk;
  std::optional<std::vector<std::string>> waivers;  // guards that may be waived; all when absent
};

struct InstanceConfig {
  std::string name;
  std::string plugin;
  Value config;  // without "plugin"; a secret stands as {"$secret": "env:NAME"}
  int line = 0;
};

struct Site {
  std::filesystem::path path;
  Policy policy;
  std::vector<InstanceConfig> instances;  // by name
  Value values;                           // read-only for runbooks
  std::string digest;  // SHA-256 over the resolved site: canonical, secrets as references

  const InstanceConfig* find(std::string_view instance) const;
};

// What its digest has to be.
std::string digest_of(const Site& site);
// Every instance by its name: { plugin = ..., config = ... }.
Value instances_value(const Site& site);

// --site, then SNAPCORE_SITE, ./site.lua, /etc/snapcore/site.lua. "site.not_found" names all of
// them.
Result<std::filesystem::path> find_site(const std::optional<std::filesystem::path>& option);

// "site.unsafe_file": not owned by root or the caller, or writable by others (the directory too).
// "site.invalid": FILE:LINE and the member, also for an unknown one.
Result<Site> load_site(const std::filesystem::path& path);

// The text behind "env:NAME", "file:PATH" (owner and mode checked as the site's; one trailing
// newline removed) or "command:JSON-ARRAY" (run without a shell, 30 s). "site.missing_secret" names
// the reference, never the text.
Result<std::string> fetch_secret(std::string_view reference,
                                 const std::function<bool()>& cancelled = {});

}  // namespace snapcore
