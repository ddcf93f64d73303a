// The instances of a site, opened when they are first used, and the secrets they asked for.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/host.hpp"
#include "site/site.hpp"

namespace snapcore {

// Remembers the text of every secret that was fetched, so that it can be masked wherever text
// leaves.
class Secrets {
 public:
  Result<std::string> fetch(std::string_view reference);
  // A command that is asked for one ends when this says so; {}: at its deadline.
  void end_commands_when(std::function<bool()> cancelled);
  std::string mask(std::string text) const;
  Error mask(Error error) const;
  Value mask(const Value& value) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string, std::less<>> by_reference_;
  std::function<bool()> cancelled_;
};

class Instances {
 public:
  Instances(const Site& site, std::vector<std::filesystem::path> plugin_path);

  const Site& site() const { return site_; }
  Secrets& secrets() { return secrets_; }

  // "site.unknown_instance" lists those there are; what is wrong with its plugin or configuration
  // names the instance. The same object each time.
  Result<std::shared_ptr<Instance>> open(std::string_view name);

  // A plugin by id, for operations that need no instance.
  Result<std::shared_ptr<const Plugin>> plugin(std::string_view id);

  // The plugins used so far, by id.
  std::vector<const Plugin*> used() const;

  // Manifests of all targets of the site whose plugin can be loaded: for the kinds of artifacts
  // that no manifest names.
  std::vector<Kind> kinds_of_all_targets();

 private:
  const Site& site_;
  std::vector<std::filesystem::path> plugin_path_;
  Secrets secrets_;
  // Streams open their sources from threads of their own, and branches their instances.
  mutable std::recursive_mutex opening_;
  std::map<std::string, std::shared_ptr<const Plugin>, std::less<>> plugins_;
  std::map<std::string, std::shared_ptr<Instance>, std::less<>> opened_;
};

}  // namespace snapcore
