#include "ini.hpp"

#include <algorithm>
#include <optional>

namespace s3 {

using snapcore::fail;
using snapcore::Result;

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

// Behind a value a comment needs a blank before it: keys may hold '#'.
std::string_view without_comment(std::string_view value) {
  for (std::size_t i = 1; i < value.size(); ++i) {
    if ((value[i] == '#' || value[i] == ';') && is_blank(value[i - 1])) return value.substr(0, i);
  }
  return value;
}

// "[profile  x]" and "[profile x]" are one; quotes around a name go.
std::string section_name(std::string_view inside) {
  std::string out;
  for (const char c : trimmed(inside)) {
    if (c == '"' || c == '\'') continue;
    if (is_blank(c)) {
      if (!out.ends_with(' ')) out.push_back(' ');
    } else {
      out.push_back(c);
    }
  }
  return out;
}

class Reader {
 public:
  explicit Reader(std::string_view file) : file_(file) {}

  Result<> line(std::string_view text, std::size_t number) {
    const std::string_view body = trimmed(text);
    if (body.empty() || body.front() == '#' || body.front() == ';') return {};
    if (body.front() == '[') return section(body, number);
    const auto equals = body.find('=');
    if (equals == std::string_view::npos || equals == 0) return wrong(number);
    if (section_ == nullptr) return wrong(number);
    const std::string name = lower(trimmed(body.substr(0, equals)));
    const std::string value(trimmed(without_comment(body.substr(equals + 1))));
    // What stands deeper than the value above it belongs to that.
    const std::size_t indent = static_cast<std::size_t>(body.data() - text.data());
    if (above_ && indent > indent_) {
      if (!above_is_block_) return wrong(number);
      (*section_)[*above_ + "." + name] = value;
      return {};
    }
    above_ = name;
    above_is_block_ = value.empty();
    indent_ = indent;
    (*section_)[name] = value;
    return {};
  }

  Sections sections;

 private:
  Result<> section(std::string_view body, std::size_t number) {
    const auto end = body.find(']');
    if (end == std::string_view::npos) return wrong(number);
    const std::string_view rest = trimmed(body.substr(end + 1));
    if (!rest.empty() && rest.front() != '#' && rest.front() != ';') return wrong(number);
    section_ = &sections[section_name(body.substr(1, end - 1))];
    above_.reset();
    return {};
  }

  Result<> wrong(std::size_t number) const {
    return fail({.code = "s3.bad_profile_file",
                 .message = file_ + ":" + std::to_string(number) +
                            ": neither a section, a value nor a comment",
                 .category = snapcore::Category::kPrecondition});
  }

  std::string file_;
  Section* section_ = nullptr;
  std::optional<std::string> above_;  // the last value that is not in a block
  bool above_is_block_ = false;
  std::size_t indent_ = 0;
};

}  // namespace

Result<Sections> parse_ini(std::string_view text, std::string_view file) {
  Reader reader(file);
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    if (end > 0) {
      if (auto read = reader.line(text.substr(0, end), number); !read) return fail(read.error());
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::move(reader.sections);
}

}  // namespace s3
