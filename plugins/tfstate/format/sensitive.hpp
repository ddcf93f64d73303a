// Which parts of an object's attributes nobody may see.
#pragma once

#include <format/json_node.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace tfstate {

// Steps from the attributes downward: names of attributes, keys of maps, places in lists.
using Path = std::vector<std::string>;

// The paths under "sensitive_attributes"; nothing when they are not written as the tools do.
std::optional<std::vector<Path>> sensitive_paths(const Node& written);

// Where a value is in an object, both ways of saying it: the tools write an attribute whose type
// they do not know as {"value": ..., "type": ...}, and leave that out of their own paths.
struct Where {
  Path written = {};
  Path meant = {};
};

// Whether the node is such a pair.
bool is_typed_value(const Node* node);

class Sensitive {
 public:
  // Everything, as where the paths cannot be understood.
  static Sensitive all();
  Sensitive() = default;
  explicit Sensitive(std::vector<Path> paths) : paths_(std::move(paths)) {}

  void add(const Sensitive& other);
  // Remembers what the attributes hold at the secret paths: the same text elsewhere is the same
  // secret, as in the result of a provider that hands its input on and does not mark it.
  void remember(const Node& attributes);

  // The value there, or one that it is part of, is secret; so is one that is called as secrets
  // are, for states whose writer did not mark what the provider knows to be secret.
  bool hides(const Where& where) const;
  // It is, or has in it, what stands at a secret path.
  bool hides_text(std::string_view text) const;
  bool hides_name(const std::string& name) const { return names_.count(name) > 0; }

 private:
  void remember_at(const Node& node, const Where& where);
  void remember_all(const Node& node);

  bool all_ = false;
  std::vector<Path> paths_;
  std::set<std::string> texts_;
  std::set<std::string> names_;  // of members inside of secrets
};

}  // namespace tfstate
