// A JSON value in memory, for the small parts of a state that have to be looked at twice. Numbers
// stay the text they are: they may be larger than any number type.
#pragma once

#include <format/json_reader.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tfstate {

struct Node {
  Json kind = Json::kNull;
  std::string text = {};                                   // of a text, or a number as written
  std::vector<std::pair<std::string, Node>> members = {};  // of an object, as they stand there
  std::vector<Node> items = {};

  // The last one of that name, as Go takes it.
  const Node* find(std::string_view name) const;
  bool is_scalar() const { return kind != Json::kObject && kind != Json::kArray; }
};

// The value that stands next. Nothing when the JSON is broken (the reader has failed), or when the
// value needs more than about `budget` bytes or is nested more than 200 levels deep (the reader has
// failed with "json.too_large").
std::optional<Node> read_node(JsonReader& reader, std::size_t budget);

// Equal whatever the order of members and the spelling of numbers: 1.50 is 15e-1.
bool same_value(const Node& a, const Node& b);
bool same_number(std::string_view a, std::string_view b);

// On one line, members as they stand there, numbers as written.
std::string compact(const Node& node);
// A text as Go writes it into JSON.
void append_json_text(std::string& out, std::string_view text);

}  // namespace tfstate
