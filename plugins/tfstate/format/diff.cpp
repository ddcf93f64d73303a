#include "format/diff.hpp"

#include <algorithm>
#include <format/address.hpp>
#include <map>
#include <snapcore/utf8.hpp>
#include <utility>

namespace tfstate {
namespace {

using snapcore::Category;
using snapcore::fail;
using snapcore::shown;

constexpr std::uint64_t kLargestObject = 4 << 20;  // that is looked at attribute by attribute
constexpr std::size_t kLargestNode = 48 << 20;
constexpr std::uint32_t kNone = UINT32_MAX;

struct Entry {
  Print address = {};
  Print content = {};
  Print object = {};  // provider, type and id
  bool has_object = false;
  std::uint32_t resource = 0;
  std::uint32_t partner = kNone;  // its place in the other state
  Span bytes = {};
  std::string suffix = {};
};

// What is kept of a state.
struct Index {
  State state;
  std::vector<Entry> entries;
  std::vector<std::string> resources;  // addresses
  std::vector<Output> outputs;

  std::string address(const Entry& entry) const { return resources[entry.resource] + entry.suffix; }
};

void add_resource(Index& index, const Resource& resource) {
  const std::string address = resource.address();
  for (const Instance& instance : resource.instances) {
    Entry entry{.content = instance.content,
                .resource = static_cast<std::uint32_t>(index.resources.size()),
                .bytes = instance.bytes,
                .suffix = object_address({}, instance)};
    entry.address = print_of(address + entry.suffix);
    const std::string& provider = instance.provider.empty() ? resource.provider : instance.provider;
    if (instance.id && !resource.data) {
      entry.has_object = true;
      entry.object = print_of(provider + '\n' + resource.type + '\n' + *instance.id);
    }
    index.entries.push_back(std::move(entry));
  }
  index.resources.push_back(address);
}

Result<Index> index_of(const StateBytes& bytes, const std::function<Result<>()>& keep_going) {
  Index index;
  std::uint64_t at = 0;
  JsonReader reader([&](std::span<std::byte> into) -> Result<std::size_t> {
    auto got = bytes.read_at(at, into);
    if (got) at += *got;
    return got;
  });
  const Visitor visitor{.resource = [&](const Resource& resource) -> Result<> {
                          add_resource(index, resource);
                          return {};
                        },
                        .output = [&](const Output& output) -> Result<> {
                          index.outputs.push_back(output);
                          return {};
                        },
                        .keep_going = keep_going};
  auto state = read_state(reader, bytes.name, visitor);
  if (!state) return fail(state.error());
  index.state = std::move(*state);
  if (index.state.form == Form::kState || index.state.form == Form::kNothing) return index;
  const bool encrypted = index.state.form == Form::kEncrypted;
  return fail(
      {.code = "tfstate.cannot_compare",
       .message = shown(bytes.name) +
                  (encrypted ? " is encrypted: what it holds cannot be compared"
                             : " is no state of version 4: what it holds cannot be compared"),
       .category = Category::kPrecondition});
}

// Places in `entries`, by what `key` gives of each.
template <class Take, class Key>
std::vector<std::uint32_t> sorted(const std::vector<Entry>& entries, Take take, Key key) {
  std::vector<std::uint32_t> order;
  for (std::uint32_t i = 0; i < entries.size(); ++i) {
    if (take(entries[i])) order.push_back(i);
  }
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t x, std::uint32_t y) { return key(entries[x]) < key(entries[y]); });
  return order;
}

// Makes partners of those that have the same key and are the only ones with it on their side.
template <class Take, class Key>
void pair_up(Index& before, Index& after, Take take, Key key) {
  const auto a = sorted(before.entries, take, key);
  const auto b = sorted(after.entries, take, key);
  const auto run = [&](const Index& index, const std::vector<std::uint32_t>& order,
                       std::size_t at) {
    std::size_t end = at + 1;
    while (end < order.size() && key(index.entries[order[end]]) == key(index.entries[order[at]]))
      ++end;
    return end;
  };
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    Entry& x = before.entries[a[i]];
    Entry& y = after.entries[b[j]];
    if (key(x) < key(y)) {
      ++i;
    } else if (key(y) < key(x)) {
      ++j;
    } else {
      const std::size_t next_i = run(before, a, i), next_j = run(after, b, j);
      if (next_i == i + 1 && next_j == j + 1) {
        x.partner = b[j];
        y.partner = a[i];
      }
      i = next_i;
      j = next_j;
    }
  }
}

Result<std::string> read_span(const StateBytes& bytes, const Span& span) {
  std::string text(static_cast<std::size_t>(span.length), '\0');
  std::size_t done = 0;
  while (done < text.size()) {
    auto got =
        bytes.read_at(span.offset + done, std::as_writable_bytes(std::span(text)).subspan(done));
    if (!got) return fail(got.error());
    if (*got == 0) {
      return fail({.code = "tfstate.changed",
                   .message = shown(bytes.name) + " changed while it was read",
                   .hint = "try again when nobody writes to it",
                   .category = Category::kConflict});
    }
    done += *got;
  }
  return text;
}

// Nothing when it is too large to be looked at.
Result<std::optional<Node>> read_part(const StateBytes& bytes, const Span& span) {
  if (span.length > kLargestObject) return std::optional<Node>();
  auto text = read_span(bytes, span);
  if (!text) return fail(text.error());
  JsonReader reader{std::string_view(*text)};
  return read_node(reader, kLargestNode);
}

class Comparing {
 public:
  Comparing(const StateBytes& before, const StateBytes& after, const Report& report)
      : before_bytes_(before), after_bytes_(after), report_(report) {}

  Result<StateDiff> run(const std::function<Result<>()>& keep_going) {
    keep_going_ = keep_going;
    auto before = index_of(before_bytes_, keep_going);
    if (!before) return fail(before.error());
    before_ = std::move(*before);
    auto after = index_of(after_bytes_, keep_going);
    if (!after) return fail(after.error());
    after_ = std::move(*after);
    const auto all = [](const Entry&) { return true; };
    pair_up(before_, after_, all, [](const Entry& entry) { return entry.address; });
    const auto lonely = [](const Entry& entry) {
      return entry.partner == kNone && entry.has_object;
    };
    pair_up(before_, after_, lonely, [](const Entry& entry) { return entry.object; });
    if (auto told = tell_objects(); !told) return fail(told.error());
    if (auto told = tell_outputs(); !told) return fail(told.error());
    diff_.before = std::move(before_.state);
    diff_.after = std::move(after_.state);
    return std::move(diff_);
  }

 private:
  Result<> tell(const Difference& difference, std::uint64_t& counter) {
    ++counter;
    return report_(difference);
  }

  Result<> tell_objects() {
    std::uint64_t steps = 0;
    for (const Entry& entry : after_.entries) {
      if (keep_going_ && (++steps & 255) == 0) {
        if (auto going = keep_going_(); !going) return going;
      }
      if (auto told = entry.partner == kNone
                          ? tell({.what = What::kAdded, .address = after_.address(entry)},
                                 diff_.counts.added)
                          : tell_pair(before_.entries[entry.partner], entry);
          !told)
        return told;
    }
    for (const Entry& entry : before_.entries) {
      if (entry.partner != kNone) continue;
      if (auto told = tell({.what = What::kRemoved, .address = before_.address(entry)},
                           diff_.counts.removed);
          !told)
        return told;
    }
    return {};
  }

  Result<> tell_pair(const Entry& before, const Entry& after) {
    const bool moved = before.address != after.address;
    if (!moved && before.content == after.content) {
      ++diff_.counts.unchanged;
      return {};
    }
    Difference difference{.what = moved ? What::kMoved : What::kChanged,
                          .address = after_.address(after)};
    if (moved) difference.was = before_.address(before);
    if (before.content != after.content) {
      auto compared = compare_parts(before.bytes, after.bytes, difference);
      if (!compared) return compared;
    }
    // The same, written another way.
    if (!moved && difference.attributes.shown.empty() && !difference.too_large) {
      ++diff_.counts.unchanged;
      return {};
    }
    if (!moved && difference.attributes.other_object) difference.what = What::kReplaced;
    auto& counter = moved                                ? diff_.counts.moved
                    : difference.what == What::kReplaced ? diff_.counts.replaced
                                                         : diff_.counts.changed;
    return tell(difference, counter);
  }

  Result<> compare_parts(const Span& before, const Span& after, Difference& difference) {
    auto a = read_part(before_bytes_, before);
    if (!a) return fail(a.error());
    auto b = read_part(after_bytes_, after);
    if (!b) return fail(b.error());
    difference.too_large = !*a || !*b;
    if (!difference.too_large) difference.attributes = compare_objects(**a, **b);
    return {};
  }

  Result<> tell_outputs() {
    std::map<std::string_view, std::pair<const Output*, const Output*>> outputs;
    for (const Output& output : before_.outputs) outputs[output.name].first = &output;
    for (const Output& output : after_.outputs) outputs[output.name].second = &output;
    for (const auto& [name, both] : outputs) {
      const auto [a, b] = both;
      if (a != nullptr && b != nullptr && a->content == b->content) continue;
      if (auto told = tell_output(std::string(name), a, b); !told) return told;
    }
    return {};
  }

  Result<> tell_output(std::string name, const Output* a, const Output* b) {
    Difference difference{.what = a == nullptr   ? What::kAdded
                                  : b == nullptr ? What::kRemoved
                                                 : What::kChanged,
                          .output = true,
                          .address = "output." + shown(name)};
    const bool sensitive = (a != nullptr && a->sensitive) || (b != nullptr && b->sensitive) ||
                           Sensitive().hides({.written = {name}, .meant = {}});
    std::optional<Node> nodes[2];
    const Output* const outputs[2] = {a, b};
    const StateBytes* const bytes[2] = {&before_bytes_, &after_bytes_};
    for (int i = 0; i < 2; ++i) {
      if (outputs[i] == nullptr) continue;
      auto node = read_part(*bytes[i], outputs[i]->bytes);
      if (!node) return fail(node.error());
      nodes[i] = std::move(*node);
      difference.too_large = difference.too_large || !nodes[i];
    }
    if (!difference.too_large)
      difference.attributes = compare_values(value_of(nodes[0]), value_of(nodes[1]), sensitive);
    const bool both = a != nullptr && b != nullptr;
    if (both && a->sensitive != b->sensitive) {
      difference.attributes.shown.push_back({.path = "(sensitive)",
                                             .before = a->sensitive ? "yes" : "no",
                                             .after = b->sensitive ? "yes" : "no"});
    }
    if (both && difference.attributes.shown.empty() && !difference.too_large) return {};
    return tell(difference, diff_.counts.outputs);
  }

  static const Node* value_of(const std::optional<Node>& output) {
    if (!output) return nullptr;
    const Node* value = nullptr;
    for (const auto& [name, member] : output->members) {
      if (folded(name) == "value") value = &member;
    }
    return value;
  }

  const StateBytes& before_bytes_;
  const StateBytes& after_bytes_;
  const Report& report_;
  std::function<Result<>()> keep_going_;
  Index before_;
  Index after_;
  StateDiff diff_;
};

std::string_view mark_of(What what) {
  switch (what) {
    case What::kAdded: return "+ ";
    case What::kRemoved: return "- ";
    case What::kReplaced: return "! ";
    case What::kMoved: return "> ";
    case What::kChanged: break;
  }
  return "~ ";
}

}  // namespace

std::vector<std::string> Difference::words() const {
  std::vector<std::string> lines = {std::string(mark_of(what)) + shown(address)};
  if (was) lines.front() += ", which was " + shown(*was);
  if (what == What::kReplaced) lines.front() += " is another object";
  if (too_large) lines.push_back("    too large to say where it differs");
  for (const AttributeChange& change : attributes.shown) lines.push_back("    " + change.words());
  if (attributes.more > 0) lines.push_back("    and " + std::to_string(attributes.more) + " more");
  return lines;
}

Result<StateDiff> compare_states(const StateBytes& before, const StateBytes& after,
                                 const Report& report,
                                 const std::function<Result<>()>& keep_going) {
  return Comparing(before, after, report).run(keep_going);
}

}  // namespace tfstate
