#include "format/attribute_diff.hpp"

#include <algorithm>
#include <format/address.hpp>
#include <set>
#include <snapcore/utf8.hpp>

namespace tfstate {
namespace {

constexpr std::size_t kMostShown = 100;
constexpr std::size_t kLongestValue = 80;

bool is_container(const Node* node) {
  return node != nullptr && !node->is_scalar() && (!node->members.empty() || !node->items.empty());
}

// Short enough for a line, and nothing in it that a terminal would not show.
std::string shortened(const Node& node) {
  if (node.kind != Json::kString) return compact(node);
  std::string text = node.text;
  const bool cut = text.size() > kLongestValue;
  if (cut) {
    std::size_t size = kLongestValue;
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
    text.resize(size);
  }
  return '"' + snapcore::shown(text) + '"' + (cut ? "..." : "");
}

bool is_plain_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

class Comparing {
 public:
  explicit Comparing(Sensitive sensitive) : sensitive_(std::move(sensitive)) {}

  // Null: there is none.
  void compare(const Node* before, const Node* after) {
    if (before != nullptr && after != nullptr && same_value(*before, *after)) return;
    // What there is to go into.
    const Node* const a = is_container(before) ? before : nullptr;
    const Node* const b = is_container(after) ? after : nullptr;
    // What a secret is made of is secret, too: not even names inside of it are shown.
    if (sensitive_.hides(where_) || (a == nullptr && b == nullptr)) return add(before, after);
    if (a != nullptr && b != nullptr && a->kind != b->kind) {
      compare(before, nullptr);
      compare(nullptr, after);
      return;
    }
    // A value that gives way to a list, or the other way round.
    if (a == nullptr && before != nullptr && before->kind != Json::kNull) add(before, nullptr);
    if (b == nullptr && after != nullptr && after->kind != Json::kNull) add(nullptr, after);
    const Node& either = a != nullptr ? *a : *b;
    either.kind == Json::kObject ? compare_members(a, b) : compare_items(a, b);
  }

  void step(std::string name, bool index, const Node* before, const Node* after) {
    if (!index && sensitive_.hides_name(name)) {
      if (before != nullptr && after != nullptr && same_value(*before, *after)) return;
      return put({.path = path_text(), .hidden = true});
    }
    where_.meant.push_back(name);
    where_.written.push_back(std::move(name));
    is_index_.push_back(index);
    compare(before, after);
    is_index_.pop_back();
    where_.written.pop_back();
    where_.meant.pop_back();
  }

  void note(std::string path, std::string words) {
    put({.path = std::move(path), .before = {}, .after = std::move(words)});
  }
  void put(AttributeChange change) {
    if (changes_.shown.size() < kMostShown) {
      changes_.shown.push_back(std::move(change));
    } else {
      ++changes_.more;
    }
  }

  AttributeChanges take() { return std::move(changes_); }

 private:
  void add(const Node* before, const Node* after) {
    AttributeChange change{
        .path = path_text(),
        .hidden = sensitive_.hides(where_) || is_hidden(before) || is_hidden(after)};
    if (!change.hidden) {
      if (before != nullptr) change.before = shortened(*before);
      if (after != nullptr) change.after = shortened(*after);
    }
    put(std::move(change));
  }

  bool is_hidden(const Node* node) const {
    return node != nullptr && node->is_scalar() && sensitive_.hides_text(node->text);
  }

  std::string path_text() const {
    std::string text;
    for (std::size_t i = 0; i < where_.meant.size(); ++i) {
      const std::string& step = where_.meant[i];
      if (is_index_[i]) {
        text += '[' + step + ']';
      } else if (is_plain_name(step)) {
        text += (text.empty() ? "" : ".") + step;
      } else {
        text += key_address(step);
      }
    }
    return text;
  }

  void compare_members(const Node* before, const Node* after) {
    if (is_typed_value(before) || is_typed_value(after)) return compare_typed(before, after);
    std::set<std::string> names;
    for (const Node* node : {before, after}) {
      for (std::size_t i = 0; node != nullptr && i < node->members.size(); ++i)
        names.insert(node->members[i].first);
    }
    for (const std::string& name : names) step(name, false, part(before, name), part(after, name));
  }

  // Types follow from values; only where the values are the same they are worth a line.
  void compare_typed(const Node* before, const Node* after) {
    const Node* const a = is_typed_value(before) ? before->find("value") : before;
    const Node* const b = is_typed_value(after) ? after->find("value") : after;
    if (a != nullptr && b != nullptr && same_value(*a, *b))
      return step("type", false, part(before, "type"), part(after, "type"));
    where_.written.emplace_back("value");
    compare(a, b);
    where_.written.pop_back();
  }

  static const Node* part(const Node* node, std::string_view name) {
    return node == nullptr ? nullptr : node->find(name);
  }

  void compare_items(const Node* before, const Node* after) {
    const std::size_t of_before = before == nullptr ? 0 : before->items.size();
    const std::size_t of_after = after == nullptr ? 0 : after->items.size();
    for (std::size_t i = 0; i < std::max(of_before, of_after); ++i) {
      step(std::to_string(i), true, i < of_before ? &before->items[i] : nullptr,
           i < of_after ? &after->items[i] : nullptr);
    }
  }

  Sensitive sensitive_;
  Where where_;
  std::vector<bool> is_index_;
  AttributeChanges changes_;
};

// Names of members are compared as the tools read them.
const Node* member(const Node& object, std::string_view name) {
  const Node* found = nullptr;
  for (const auto& [its_name, value] : object.members) {
    if (folded(its_name) == name) found = &value;
  }
  return found;
}

// What cannot be understood hides everything.
Sensitive sensitive_of(const Node& object) {
  const Node* written = member(object, "sensitive_attributes");
  if (written == nullptr) return Sensitive();
  auto paths = sensitive_paths(*written);
  return paths ? Sensitive(std::move(*paths)) : Sensitive::all();
}

std::string status_of(const Node& object) {
  const Node* status = member(object, "status");
  return status == nullptr || status->text.empty() ? "ok" : snapcore::shown(status->text);
}

bool differ(const Node& before, const Node& after, std::string_view name) {
  const Node* const a = member(before, name);
  const Node* const b = member(after, name);
  if (a == nullptr || b == nullptr) return (a == nullptr) != (b == nullptr);
  return !same_value(*a, *b);
}

bool other_id(const Node* before, const Node* after) {
  const Node* const a = before == nullptr ? nullptr : before->find("id");
  const Node* const b = after == nullptr ? nullptr : after->find("id");
  return a != nullptr && b != nullptr && a->kind == Json::kString && b->kind == Json::kString &&
         a->text != b->text;
}

}  // namespace

std::string AttributeChange::words() const {
  if (hidden) return path + ": (sensitive)";
  if (!before) return path + ": " + after.value_or("null");
  if (!after) return path + ": " + *before + " -> (gone)";
  return path + ": " + *before + " -> " + *after;
}

AttributeChanges compare_objects(const Node& before, const Node& after) {
  Sensitive sensitive = sensitive_of(before);
  sensitive.add(sensitive_of(after));
  const Node* const a = member(before, "attributes");
  const Node* const b = member(after, "attributes");
  for (const Node* attributes : {a, b}) {
    if (attributes != nullptr) sensitive.remember(*attributes);
  }
  Comparing comparing(std::move(sensitive));
  if (status_of(before) != status_of(after))
    comparing.put({.path = "(status)", .before = status_of(before), .after = status_of(after)});
  comparing.compare(a, b);
  static constexpr std::pair<std::string_view, std::string_view> kOthers[] = {
      {"schema_version", "another version of the schema"},
      {"dependencies", "other dependencies"},
      {"create_before_destroy", "another order of replacing"},
      {"sensitive_attributes", "other attributes are sensitive"},
      {"identity", "another identity"},
      {"attributes_flat", "other attributes in the old form"},
      {"private", "other private data of the provider"}};
  for (const auto& [name, words] : kOthers) {
    if (differ(before, after, name))
      comparing.note("(" + std::string(name) + ")", std::string(words));
  }
  AttributeChanges changes = comparing.take();
  changes.other_object = other_id(a, b);
  return changes;
}

AttributeChanges compare_values(const Node* before, const Node* after, bool sensitive) {
  Comparing comparing(sensitive ? Sensitive::all() : Sensitive());
  comparing.step("value", false, before, after);
  return comparing.take();
}

}  // namespace tfstate
