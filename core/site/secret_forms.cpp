#include "site/secret_forms.hpp"

#include <algorithm>
#include <snapcore/support/process.hpp>
#include <snapcore/value.hpp>

namespace snapcore {
namespace {

bool changes_when_quoted(unsigned char c) {
  return c < 0x20 || c >= 0x7f || c == '"' || c == '\'' || c == '\\';
}

std::string in_quotes(const std::string& secret) {
  std::string quoted;
  for (const char c : secret) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted;
}

// A text with a line break is quoted as $'...', also when the break is not in the secret.
std::string in_ansi_quotes(const std::string& secret) {
  static const std::size_t before = process::shell_quoted("\n").size() - 1;
  const std::string quoted = process::shell_quoted("\n" + secret);
  return quoted.substr(before, quoted.size() - before - 1);
}

std::string in_json(const std::string& secret) {
  const std::string quoted = Value(secret).dump();
  return quoted.substr(1, quoted.size() - 2);
}

}  // namespace

std::vector<std::string> quoted_forms(const std::string& secret) {
  if (std::none_of(secret.begin(), secret.end(), changes_when_quoted)) return {};
  std::vector<std::string> forms = {in_quotes(secret), in_ansi_quotes(secret), in_json(secret)};
  std::erase(forms, secret);
  return forms;
}

}  // namespace snapcore
