#include "engine/instances.hpp"

#include <algorithm>

#include "plugin/schema.hpp"
#include "site/secret_forms.hpp"

namespace snapcore {
namespace {

// Shorter texts would mask half of every sentence.
constexpr std::size_t kShortestMasked = 4;

void replace_all(std::string& text, const std::string& what, const std::string& with) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

Value map_texts(const Value& value, const std::function<std::string(std::string)>& change) {
  if (value.is_string()) return change(value.text());
  if (value.is_array()) {
    Value::Array items;
    for (const Value& item : value.items()) items.push_back(map_texts(item, change));
    return items;
  }
  if (value.is_object()) {
    Value::Object members;
    for (const auto& [key, member] : value.members())
      members.emplace(change(key), map_texts(member, change));
    return members;
  }
  return value;
}

bool is_secret(const Value& value) {
  return value.is_object() && value.members().size() == 1 && value.has("$secret");
}

Error at_instance(const InstanceConfig& config, Error cause) {
  std::string hint = cause.hint;
  return caused_by(
      {.code = "site.instance_unusable",
       .message = "instance '" + config.name + "' (plugin " + config.plugin + ") cannot be used",
       .hint = std::move(hint)},
      std::move(cause));
}

// Secrets become their reference where the schema wants one, and nowhere else.
Result<Value> place_secrets(const Value& schema, const Value& value, const std::string& path) {
  const bool wanted = schema.at("x-secret").bool_or(false);
  if (is_secret(value)) {
    if (wanted) return value.at("$secret");
    return fail(
        {.code = "site.misplaced_secret",
         .message = "'" + path + "' is not a secret setting and would be shown in plans and logs",
         .hint = "write the value itself there"});
  }
  if (wanted && value.is_string()) {
    return fail(
        {.code = "site.plain_secret",
         .message = "'" + path + "' holds a secret as plain text",
         .hint =
             "use secret.env \"NAME\", secret.file \"PATH\" or secret.command {...} in the site"});
  }
  if (value.is_object()) {
    Value::Object members;
    for (const auto& [key, member] : value.members()) {
      const Value* inner = schema.at("properties").find(key);
      const Value& rule = inner ? *inner : schema.at("additionalProperties");
      auto placed = place_secrets(rule, member, path.empty() ? key : path + "." + key);
      if (!placed) return placed;
      members.emplace(key, std::move(*placed));
    }
    return Value(std::move(members));
  }
  if (value.is_array()) {
    Value::Array items;
    for (std::size_t i = 0; i < value.items().size(); ++i) {
      auto placed = place_secrets(schema.at("items"), value.items()[i],
                                  path + "[" + std::to_string(i + 1) + "]");
      if (!placed) return placed;
      items.push_back(std::move(*placed));
    }
    return Value(std::move(items));
  }
  return value;
}

}  // namespace

Result<std::string> Secrets::fetch(std::string_view reference) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = by_reference_.find(reference); found != by_reference_.end())
      return found->second;
  }
  std::function<bool()> cancelled;
  {
    const std::lock_guard lock(mutex_);
    cancelled = cancelled_;
  }
  auto text = fetch_secret(reference, cancelled);
  if (!text) return text;
  const std::lock_guard lock(mutex_);
  by_reference_.insert_or_assign(std::string(reference), *text);
  return text;
}

void Secrets::end_commands_when(std::function<bool()> cancelled) {
  const std::lock_guard lock(mutex_);
  cancelled_ = std::move(cancelled);
}

std::string Secrets::mask(std::string text) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [reference, secret] : by_reference_) {
    if (secret.size() < kShortestMasked) continue;
    const std::string shown = "[" + reference + "]";
    replace_all(text, secret, shown);
    for (const std::string& form : quoted_forms(secret)) replace_all(text, form, shown);
  }
  return text;
}

Error Secrets::mask(Error error) const {
  error.message = mask(std::move(error.message));
  error.hint = mask(std::move(error.hint));
  if (error.cause) error.cause = std::make_shared<const Error>(mask(*error.cause));
  return error;
}

Value Secrets::mask(const Value& value) const {
  {
    const std::lock_guard lock(mutex_);
    if (by_reference_.empty()) return value;
  }
  return map_texts(value, [this](std::string text) { return mask(std::move(text)); });
}

Instances::Instances(const Site& site, std::vector<std::filesystem::path> plugin_path)
    : site_(site), plugin_path_(std::move(plugin_path)) {}

Result<std::shared_ptr<const Plugin>> Instances::plugin(std::string_view id) {
  const std::lock_guard lock(opening_);
  if (const auto found = plugins_.find(id); found != plugins_.end()) return found->second;
  const auto file = find_plugin(plugin_path_, id);
  if (!file) return fail(file.error());
  auto plugin = Plugin::load(*file);
  if (!plugin) return plugin;
  return plugins_.emplace(std::string(id), std::move(*plugin)).first->second;
}

Result<std::shared_ptr<Instance>> Instances::open(std::string_view name) {
  const std::lock_guard lock(opening_);
  if (const auto found = opened_.find(name); found != opened_.end()) return found->second;
  const InstanceConfig* config = site_.find(name);
  if (!config) {
    std::string known;
    for (const InstanceConfig& instance : site_.instances)
      known += (known.empty() ? "" : ", ") + instance.name;
    return fail({.code = "site.unknown_instance",
                 .message = "the site has no instance '" + std::string(name) + "'",
                 .hint = site_.path.string() + " names: " + (known.empty() ? "none" : known)});
  }
  const auto used = plugin(config->plugin);
  if (!used) return fail(at_instance(*config, used.error()));
  auto placed = place_secrets((*used)->manifest().config, config->config, "");
  if (!placed) return fail(at_instance(*config, placed.error()));
  QuietContext quiet;
  auto instance = Instance::create(*used, config->name, std::move(*placed), quiet);
  if (!instance) return fail(at_instance(*config, instance.error()));
  return opened_.emplace(config->name, std::move(*instance)).first->second;
}

std::vector<const Plugin*> Instances::used() const {
  const std::lock_guard lock(opening_);
  std::vector<const Plugin*> list;
  for (const auto& [id, plugin] : plugins_) list.push_back(plugin.get());
  return list;
}

std::vector<Kind> Instances::kinds_of_all_targets() {
  std::vector<Kind> kinds;
  for (const InstanceConfig& config : site_.instances) {
    const auto used = plugin(config.plugin);
    if (!used)
      continue;  // it is not this restore's business; opening that instance says what is wrong
    for (const Kind& kind : (*used)->manifest().kinds) {
      const bool known = std::any_of(kinds.begin(), kinds.end(), [&](const Kind& other) {
        return other.kind == kind.kind && other.offset == kind.offset && other.magic == kind.magic;
      });
      if (!known) kinds.push_back(kind);
    }
  }
  return kinds;
}

}  // namespace snapcore
