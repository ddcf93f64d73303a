#include "cli/text/error_text.hpp"

#include <algorithm>

namespace snapcore {
namespace {

constexpr int kDeepestCause = 20;

std::string_view take_line(std::string_view& rest) {
  const std::string_view line = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  return line.substr(std::min(line.find_first_not_of(' '), line.size()));
}

void one_error(Page& page, std::size_t indent, std::string_view lead, const Error& error) {
  const Style& style = page.style();
  std::string_view rest =
      error.message.empty() ? std::string_view("something failed") : error.message;
  const Tone tone = indent == 0 ? Tone::kBad : Tone::kPlain;
  page.line(indent, std::string(lead) + std::string(take_line(rest)), tone, 2);
  // Further lines of a message are lists, as "approved plan: ..., this run: ...".
  while (!rest.empty()) page.line(indent + 2, take_line(rest), Tone::kPlain, 2);
  if (!error.code.empty()) {
    page.line(indent + 2, "[" + shown(style, error.code) + "]", Tone::kDim);
  }
}

// Further lines of a hint are commands to paste.
void hint_lines(Page& page, std::size_t indent, std::string_view hint) {
  page.field(indent, "hint:", 6, take_line(hint), Tone::kPlain, Tone::kBold);
  while (!hint.empty()) page.verbatim(indent + 6, take_line(hint));
}

constexpr std::string_view kSnapcore = "snapcore ";

// Of a command that has them already the next word is an option.
bool wants_options(std::string_view rest) {
  for (const char* without : {"help", "plugin", "-"})
    if (rest.rfind(without, 0) == 0) return false;
  return !rest.empty();
}

std::string with_options(const std::string& hint, const std::string& typed) {
  std::string text;
  std::size_t at = 0;
  for (auto found = hint.find(kSnapcore); found != std::string::npos;
       found = hint.find(kSnapcore, at)) {
    const auto end = found + kSnapcore.size();
    const bool begins = found == 0 || hint[found - 1] == '\n' || hint[found - 1] == '\'';
    text += hint.substr(at, end - at - 1);
    if (begins && wants_options(std::string_view(hint).substr(end))) text += typed;
    text += " ";
    at = end;
  }
  return text + hint.substr(at);
}

}  // namespace

Error with_options(Error error, const std::string& typed) {
  if (typed.empty()) return error;
  error.hint = with_options(error.hint, typed);
  if (error.cause) error.cause = std::make_shared<Error>(with_options(*error.cause, typed));
  return error;
}

void error_lines(Page& page, std::size_t indent, const Error& error) {
  one_error(page, indent, "", error);
  const std::string* hint = &error.hint;
  std::size_t depth = indent + 2;
  int count = 0;
  for (const Error* cause = error.cause.get(); cause && count < kDeepestCause;
       cause = cause->cause.get(), ++count) {
    one_error(page, depth, "because: ", *cause);
    if (hint->empty()) hint = &cause->hint;
    depth += 2;
  }
  if (!hint->empty()) hint_lines(page, indent, *hint);
  if (error.outcome == Outcome::kMayHaveHappened) {
    page.line(indent, "Whether it happened is not known.", Tone::kLoud);
  }
}

std::string error_text(const Error& error, const ErrorSurroundings& around, const Style& style) {
  Page page(style);
  error_lines(page, 0, error);
  if (!around.state.empty())
    page.field(0, "state now:", 11, around.state, Tone::kPlain, Tone::kBold);
  if (!around.next.empty()) {
    page.field(0, "next:", 6, "", Tone::kPlain, Tone::kBold);
    page.verbatim(2, around.next);
  }
  return page.text();
}

}  // namespace snapcore
