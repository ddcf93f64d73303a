#include "format/sensitive.hpp"

#include <algorithm>
#include <array>
#include <format/address.hpp>
#include <format/output_type.hpp>

namespace tfstate {
namespace {

constexpr std::size_t kShortestSecret = 4;
constexpr std::size_t kMostSecrets = 1000;

constexpr std::array<std::string_view, 12> kSecretNames = {
    "password", "passwd",      "secret",     "token",      "private_key",       "privatekey",
    "api_key",  "credentials", "access_key", "passphrase", "connection_string", "pem"};

bool sounds_secret(std::string_view step) {
  const std::string name = folded(step);
  return std::any_of(kSecretNames.begin(), kSecretNames.end(),
                     [&](std::string_view word) { return name.find(word) != std::string::npos; });
}

// A step's value is the name itself, or, for an index, {"value": ..., "type": ...} of the tools.
std::optional<std::string> step_of(const Node& step) {
  const Node* type = step.find("type");
  const Node* value = step.find("value");
  if (type == nullptr || value == nullptr || type->kind != Json::kString) return std::nullopt;
  if (type->text == "get_attr") {
    if (value->kind != Json::kString) return std::nullopt;
    return value->text;
  }
  if (type->text != "index") return std::nullopt;
  if (value->kind == Json::kObject) value = value->find("value");
  if (value == nullptr || (value->kind != Json::kString && value->kind != Json::kNumber))
    return std::nullopt;
  return value->text;
}

bool begins_with(const Path& path, const Path& beginning) {
  return path.size() >= beginning.size() &&
         std::equal(beginning.begin(), beginning.end(), path.begin());
}

}  // namespace

std::optional<std::vector<Path>> sensitive_paths(const Node& written) {
  std::vector<Path> paths;
  if (written.kind == Json::kNull) return paths;
  if (written.kind != Json::kArray) return std::nullopt;
  for (const Node& path : written.items) {
    if (path.kind != Json::kArray) return std::nullopt;
    Path steps;
    for (const Node& step : path.items) {
      auto name = step_of(step);
      if (!name) return std::nullopt;
      steps.push_back(std::move(*name));
    }
    paths.push_back(std::move(steps));
  }
  return paths;
}

Sensitive Sensitive::all() {
  Sensitive everything;
  everything.all_ = true;
  return everything;
}

bool is_typed_value(const Node* node) {
  if (node == nullptr || node->kind != Json::kObject || node->members.size() != 2) return false;
  const Node* type = node->find("type");
  return type != nullptr && node->find("value") != nullptr && is_output_type(*type);
}

void Sensitive::add(const Sensitive& other) {
  all_ = all_ || other.all_;
  paths_.insert(paths_.end(), other.paths_.begin(), other.paths_.end());
}

bool Sensitive::hides(const Where& where) const {
  if (all_) return true;
  if (std::any_of(where.written.begin(), where.written.end(), sounds_secret)) return true;
  return std::any_of(paths_.begin(), paths_.end(), [&](const Path& secret) {
    return begins_with(where.written, secret) || begins_with(where.meant, secret);
  });
}

bool Sensitive::hides_text(std::string_view text) const {
  return std::any_of(texts_.begin(), texts_.end(), [&](const std::string& secret) {
    return text.find(secret) != std::string_view::npos;
  });
}

void Sensitive::remember(const Node& attributes) {
  if (!all_ && !paths_.empty()) remember_at(attributes, {});
}

void Sensitive::remember_at(const Node& node, const Where& where) {
  if (hides(where)) return remember_all(node);
  const bool typed = is_typed_value(&node);
  const auto inside = [&](std::string step, const Node& inner, bool is_meant) {
    Where there = where;
    if (is_meant) there.meant.push_back(step);
    there.written.push_back(std::move(step));
    remember_at(inner, there);
  };
  for (const auto& [name, member] : node.members) inside(name, member, !typed || name != "value");
  for (std::size_t i = 0; i < node.items.size(); ++i)
    inside(std::to_string(i), node.items[i], true);
}

void Sensitive::remember_all(const Node& node) {
  if (texts_.size() + names_.size() >= kMostSecrets) all_ = true;
  if (all_) return;
  // A short one would hide everything.
  if (node.text.size() >= kShortestSecret) texts_.insert(node.text);
  for (const auto& [name, member] : node.members) {
    names_.insert(name);
    if (name.size() >= kShortestSecret) texts_.insert(name);
    remember_all(member);
  }
  for (const Node& item : node.items) remember_all(item);
}

}  // namespace tfstate
