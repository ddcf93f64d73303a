#include "format/json_node.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <snapcore/utf8.hpp>

namespace tfstate {
namespace {

constexpr std::size_t kDeepestNode = 200;
constexpr std::size_t kCostOfNode = sizeof(Node) + 32;

class NodeReader {
 public:
  NodeReader(JsonReader& reader, std::size_t budget) : reader_(reader), left_(budget) {}

  bool read(Node& node, std::size_t depth) {
    node.kind = reader_.next();
    if (depth > kDeepestNode || !spend(kCostOfNode)) return too_large();
    switch (node.kind) {
      case Json::kObject: return read_members(node, depth);
      case Json::kArray: return read_items(node, depth);
      case Json::kString: return reader_.text(node.text, left_) && spend(node.text.size());
      case Json::kNumber: return reader_.number(node.text) && spend(node.text.size());
      default: return reader_.skip();
    }
  }

 private:
  bool spend(std::size_t bytes) {
    if (bytes > left_) return too_large();
    left_ -= bytes;
    return true;
  }
  bool too_large() {
    reader_.refuse({.code = "json.too_large",
                    .message = "byte " + std::to_string(reader_.passed()) +
                               ": a value too large to be looked at",
                    .category = snapcore::Category::kPermanent});
    return false;
  }

  bool read_members(Node& node, std::size_t depth) {
    if (!reader_.enter_object()) return false;
    for (std::string name; reader_.member(name);) {
      if (!spend(name.size())) return false;
      if (!read(node.members.emplace_back(std::move(name), Node{}).second, depth + 1)) return false;
      name = {};
    }
    return reader_.ok();
  }
  bool read_items(Node& node, std::size_t depth) {
    if (!reader_.enter_array()) return false;
    while (reader_.element()) {
      if (!read(node.items.emplace_back(), depth + 1)) return false;
    }
    return reader_.ok();
  }

  JsonReader& reader_;
  std::size_t left_;
};

// A number as digits without zeros at either end, and the power of ten behind them.
struct Decimal {
  bool negative = false;
  std::string digits = {};
  std::int64_t exponent = 0;
  bool operator==(const Decimal&) const = default;
};

std::optional<Decimal> decimal(std::string_view raw) {
  Decimal out;
  if (raw.starts_with('-')) {
    out.negative = true;
    raw.remove_prefix(1);
  }
  const auto e = raw.find_first_of("eE");
  std::string_view mantissa = raw.substr(0, e);
  if (e != std::string_view::npos) {
    std::string_view power = raw.substr(e + 1);
    const bool minus = power.starts_with('-');
    if (minus || power.starts_with('+')) power.remove_prefix(1);
    if (power.size() > 15) return std::nullopt;
    for (const char c : power) out.exponent = out.exponent * 10 + (c - '0');
    if (minus) out.exponent = -out.exponent;
  }
  if (const auto dot = mantissa.find('.'); dot != std::string_view::npos) {
    out.digits = mantissa.substr(0, dot);
    out.digits += mantissa.substr(dot + 1);
    out.exponent -= static_cast<std::int64_t>(mantissa.size() - dot - 1);
  } else {
    out.digits = mantissa;
  }
  out.digits.erase(0, out.digits.find_first_not_of('0'));
  const auto last = out.digits.find_last_not_of('0');
  if (out.digits.empty() || last == std::string::npos) return Decimal{};
  out.exponent += static_cast<std::int64_t>(out.digits.size() - last - 1);
  out.digits.resize(last + 1);
  return out;
}

void append_compact(std::string& out, const Node& node) {
  switch (node.kind) {
    case Json::kObject: {
      out += '{';
      for (const auto& [name, member] : node.members) {
        if (out.back() != '{') out += ',';
        append_json_text(out, name);
        out += ':';
        append_compact(out, member);
      }
      out += '}';
      return;
    }
    case Json::kArray: {
      out += '[';
      for (const Node& item : node.items) {
        if (&item != &node.items.front()) out += ',';
        append_compact(out, item);
      }
      out += ']';
      return;
    }
    case Json::kString: return append_json_text(out, node.text);
    case Json::kNumber: out += node.text; return;
    case Json::kTrue: out += "true"; return;
    case Json::kFalse: out += "false"; return;
    default: out += "null";
  }
}

bool same_members(const Node& a, const Node& b) {
  std::map<std::string_view, const Node*> of_a, of_b;
  for (const auto& [name, member] : a.members) of_a[name] = &member;
  for (const auto& [name, member] : b.members) of_b[name] = &member;
  return std::equal(of_a.begin(), of_a.end(), of_b.begin(), of_b.end(),
                    [](const auto& x, const auto& y) {
                      return x.first == y.first && same_value(*x.second, *y.second);
                    });
}

void append_unicode_escape(std::string& out, std::string_view hex) {
  out += "\\u";
  out += hex;
}

}  // namespace

const Node* Node::find(std::string_view name) const {
  const auto found = std::find_if(members.rbegin(), members.rend(),
                                  [&](const auto& member) { return member.first == name; });
  return found == members.rend() ? nullptr : &found->second;
}

std::optional<Node> read_node(JsonReader& reader, std::size_t budget) {
  Node node;
  if (!NodeReader(reader, budget).read(node, 0)) return std::nullopt;
  return node;
}

bool same_number(std::string_view a, std::string_view b) {
  if (a == b) return true;
  const auto of_a = decimal(a), of_b = decimal(b);
  return of_a && of_b && *of_a == *of_b;
}

bool same_value(const Node& a, const Node& b) {
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case Json::kObject: return same_members(a, b);
    case Json::kArray:
      return std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(), same_value);
    case Json::kNumber: return same_number(a.text, b.text);
    default: return a.text == b.text;
  }
}

std::string compact(const Node& node) {
  std::string out;
  append_compact(out, node);
  return out;
}

void append_json_text(std::string& out, std::string_view text) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  while (!text.empty()) {
    const std::size_t length = snapcore::utf8_sequence_length(text);
    const std::string_view sequence = text.substr(0, length == 0 ? 1 : length);
    text.remove_prefix(sequence.size());
    const auto byte = static_cast<unsigned char>(sequence.front());
    if (length == 0) {
      append_unicode_escape(out, "fffd");
    } else if (sequence == "\xe2\x80\xa8") {
      append_unicode_escape(out, "2028");
    } else if (sequence == "\xe2\x80\xa9") {
      append_unicode_escape(out, "2029");
    } else if (byte == '"' || byte == '\\') {
      out += '\\';
      out += sequence;
    } else if (byte == '\n') {
      out += "\\n";
    } else if (byte == '\r') {
      out += "\\r";
    } else if (byte == '\t') {
      out += "\\t";
    } else if (byte == '\b') {
      out += "\\b";
    } else if (byte == '\f') {
      out += "\\f";
    } else if (byte < 0x20 || byte == '<' || byte == '>' || byte == '&') {
      append_unicode_escape(out, std::string("00") + kHex[byte >> 4] + kHex[byte & 15]);
    } else {
      out += sequence;
    }
  }
  out += '"';
}

}  // namespace tfstate
