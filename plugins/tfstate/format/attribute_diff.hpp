// What changed between two objects of a state, attribute by attribute, without showing a secret.
#pragma once

#include <format/json_node.hpp>
#include <format/sensitive.hpp>
#include <optional>
#include <string>
#include <vector>

namespace tfstate {

struct AttributeChange {
  std::string path = {};  // tags.Name, ingress[0].port
  std::optional<std::string> before =
      {};  // as JSON, shortened; none: it was not there, or is hidden
  std::optional<std::string> after = {};
  bool hidden = false;  // it is sensitive: no value is shown

  // ami: "a" -> "b"
  std::string words() const;
};

struct AttributeChanges {
  std::vector<AttributeChange> shown = {};
  std::size_t more = 0;       // beyond what is shown
  bool other_object = false;  // attributes.id differs
};

// Both are objects among the "instances" of a state.
AttributeChanges compare_objects(const Node& before, const Node& after);

// Two values of one output.
AttributeChanges compare_values(const Node* before, const Node* after, bool sensitive);

}  // namespace tfstate
