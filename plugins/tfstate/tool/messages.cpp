#include "messages.hpp"

#include <format/json_node.hpp>
#include <snapcore/utf8.hpp>

namespace tfstate {
namespace {

using snapcore::shown;

constexpr std::size_t kLongestLine = 1 << 20;
constexpr std::size_t kLongestWords = 400;

std::string text_of(const Node& node, std::string_view name) {
  const Node* member = node.kind == Json::kObject ? node.find(name) : nullptr;
  return member && member->kind == Json::kString ? member->text : "";
}

// On one line.
std::string joined(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool space = c == '\n' || c == '\r' || c == '\t' || c == ' ';
    if (!space) line += c;
    if (space && !line.empty() && line.back() != ' ') line += ' ';
  }
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

// Not longer than a person reads, and without what nobody sees.
std::string plain(std::string line) {
  if (line.size() > kLongestWords) {
    line.resize(kLongestWords);
    // Not in the middle of a character.
    while (!line.empty() && !snapcore::is_utf8(line)) line.pop_back();
    line += "...";
  }
  return shown(line);
}

std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

// A line without the frame that the tool draws around what it says.
std::string unframed(std::string_view raw) {
  std::string line = joined(raw);
  constexpr std::string_view kFrame[] = {"\xe2\x95\xb7", "\xe2\x94\x82", "\xe2\x95\xb5"};
  for (const std::string_view part : kFrame) {
    if (line.starts_with(part)) line.erase(0, part.size());
  }
  while (line.starts_with(' ')) line.erase(0, 1);
  return line;
}

}  // namespace

std::optional<std::string> error_in_line(std::string_view line) {
  if (!line.starts_with('{') || line.size() > kLongestLine) return std::nullopt;
  JsonReader reader(line);
  const auto message = read_node(reader, 4 * kLongestLine);
  if (!message || !reader.finish()) return std::nullopt;
  const Node* diagnostic = message->find("diagnostic");
  if (diagnostic && text_of(*diagnostic, "severity") == "error") {
    const std::string summary = plain(joined(text_of(*diagnostic, "summary")));
    const std::string detail = plain(joined(text_of(*diagnostic, "detail")));
    return detail.empty() ? summary : summary + ": " + detail;
  }
  if (!diagnostic && text_of(*message, "@level") == "error")
    return plain(joined(text_of(*message, "@message")));
  return std::nullopt;
}

std::optional<std::string> first_error(std::string_view lines) {
  while (!lines.empty()) {
    if (auto found = error_in_line(take_line(lines))) return found;
  }
  return std::nullopt;
}

std::string error_in_text(std::string_view text) {
  std::string last, title, detail;
  while (!text.empty()) {
    const std::string line = unframed(take_line(text));
    if (line.empty()) {
      if (!detail.empty()) break;  // the first paragraph says it
      continue;
    }
    last = line;
    if (title.empty() && line.starts_with("Error: ")) {
      title = line.substr(7);
    } else if (!title.empty()) {
      detail += (detail.empty() ? "" : " ") + line;
    }
  }
  if (title.empty()) return plain(last);
  return plain(detail.empty() ? title : title + ": " + detail);
}

}  // namespace tfstate
