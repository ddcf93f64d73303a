#include "plugin/manifest_reader.hpp"

#include <algorithm>
#include <cctype>

#include "plugin/schema_marks.hpp"

namespace snapcore {
namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_name(std::string_view text) {
  return !text.empty() && is_lower(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_lower(c) || is_digit(c) || c == '_' || c == '-'; });
}

}  // namespace

bool is_version(std::string_view text) {
  const std::string_view numbers = text.substr(0, text.find_first_of("-+"));
  int dots = 0;
  bool digit_before = false;
  for (const char c : numbers) {
    if (c == '.') {
      if (!digit_before) return false;
      ++dots;
      digit_before = false;
    } else if (is_digit(c)) {
      digit_before = true;
    } else {
      return false;
    }
  }
  return dots == 2 && digit_before;
}

bool is_interface_name(std::string_view text) {
  const auto dot = text.find('.');
  const auto slash = text.rfind('/');
  if (dot == std::string_view::npos || slash == std::string_view::npos || slash < dot) return false;
  const std::string_view revision = text.substr(slash + 1);
  return is_name(text.substr(0, dot)) && is_name(text.substr(dot + 1, slash - dot - 1)) &&
         !revision.empty() && std::all_of(revision.begin(), revision.end(), is_digit);
}

void ManifestReader::wrong(const std::string& path, const std::string& problem) {
  if (problem_.empty()) problem_ = (path.empty() ? "it" : path) + " " + problem;
}

void ManifestReader::closed(const Value& owner, const std::string& path,
                            std::initializer_list<std::string_view> members) {
  const std::string here = path.empty() ? path : path.substr(0, path.size() - 1);
  if (!owner.is_object()) return wrong(here, "is not an object");
  for (const auto& [name, member] : owner.members()) {
    if (std::find(members.begin(), members.end(), name) == members.end()) {
      wrong(path + name, "does not exist in a manifest");
    }
  }
}

std::string ManifestReader::text(const Value& owner, std::string_view member,
                                 const std::string& path) {
  const Value& value = owner.at(member);
  if (value.is_null()) {
    wrong(path + std::string(member), "is missing");
  } else if (value.text().empty()) {
    wrong(path + std::string(member), "is not a text");
  }
  return value.text();
}

std::string ManifestReader::text_or(const Value& owner, std::string_view member,
                                    const std::string& path) {
  const Value* value = owner.find(member);
  if (value && !value->is_string()) wrong(path + std::string(member), "is not a text");
  return value ? value->text() : "";
}

std::string ManifestReader::name(const Value& owner, std::string_view member,
                                 const std::string& path) {
  std::string name = text(owner, member, path);
  if (!name.empty() && !is_name(name)) {
    wrong(path + std::string(member),
          "is not a name: a lower-case letter, then letters, digits, _ or -");
  }
  return name;
}

bool ManifestReader::flag(const Value& owner, std::string_view member, const std::string& path,
                          bool otherwise) {
  const Value* value = owner.find(member);
  if (value && !value->is_bool()) wrong(path + std::string(member), "is not true or false");
  return value ? value->bool_or(otherwise) : otherwise;
}

const Value::Array& ManifestReader::list(const Value& owner, std::string_view member,
                                         const std::string& path) {
  const Value* value = owner.find(member);
  if (value && !value->is_array()) wrong(path + std::string(member), "is not a list");
  return owner.at(member).items();
}

std::vector<std::string> ManifestReader::texts(const Value& owner, std::string_view member,
                                               const std::string& path) {
  std::vector<std::string> texts;
  const auto& items = list(owner, member, path);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string here = item_path(path + std::string(member), i);
    const std::string text = items[i].text();
    if (text.empty()) wrong(here, "is not a text");
    if (std::find(texts.begin(), texts.end(), text) != texts.end()) wrong(here, "stands twice");
    texts.push_back(text);
  }
  return texts;
}

std::vector<std::pair<const Value*, std::string>> ManifestReader::objects(const Value& owner,
                                                                          std::string_view member,
                                                                          const std::string& path) {
  std::vector<std::pair<const Value*, std::string>> objects;
  const auto& items = list(owner, member, path);
  for (std::size_t i = 0; i < items.size(); ++i) {
    objects.emplace_back(&items[i], item_path(path + std::string(member), i) + ".");
  }
  return objects;
}

}  // namespace snapcore
