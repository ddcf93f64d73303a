#include "cli/output.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <iostream>

#include "base/text.hpp"

namespace snapcore {
namespace {

bool locale_is_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (!value || !*value) continue;
    std::string upper = value;
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return upper.find("UTF-8") != std::string::npos || upper.find("UTF8") != std::string::npos;
  }
  return false;
}

bool colour_wanted() {
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  return !(no_color && *no_color) && !(term && std::string_view(term) == "dumb");
}

std::size_t columns_of_terminal() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 40) return 80;
  return size.ws_col;
}

}  // namespace

Output Output::of_this_process(OutputWish wish) {
  const auto channel = [&](std::ostream& stream, int descriptor) {
    const bool terminal = isatty(descriptor) == 1;
    return Channel{
        stream,
        {.colour = terminal && !wish.no_color && colour_wanted(), .utf8 = locale_is_utf8()},
        terminal};
  };
  return Output(wish, channel(std::cout, STDOUT_FILENO), channel(std::cerr, STDERR_FILENO));
}

void Output::print(std::string_view text) {
  if (wish_.json) return event("text", Value::object({{"text", text}}));
  clear_live();
  out_.stream << text << std::flush;
}

void Output::print_events(std::string_view lines) {
  clear_live();
  out_.stream << lines << std::flush;
}

void Output::say(std::string_view text) {
  clear_live();
  err_.stream << text << std::flush;
}

void Output::say_line(std::string_view line, Tone tone) {
  Page page(err_.style);
  const auto indent = std::min(line.find_first_not_of(' '), line.size());
  page.line(indent, line.substr(indent), tone, 2);
  say(page.text());
}

void Output::event(std::string_view type, Value members) {
  if (!wish_.json) return;
  if (!members.is_object()) members = Value::object();
  members["type"] = type;
  print_events(valid_utf8(members.dump()) + "\n");
}

void Output::add_to_result(std::string_view key, Value value) { result_[key] = std::move(value); }

void Output::error(const Error& error, const ErrorSurroundings& around) {
  if (!wish_.json) return say(error_text(error, around, err_.style));
  Value members = to_value(error);
  if (!around.state.empty()) members["state"] = around.state;
  if (!around.next.empty()) members["next"] = around.next;
  event("error", std::move(members));
}

void Output::finish(int exit_code) {
  clear_live();
  add_to_result("exit", exit_code);
  event("result", result_);
}

void Output::live(std::string_view line) {
  if (!err_.terminal || wish_.json) return;
  const std::string text = shown(err_.style, line).substr(0, columns_of_terminal() - 1);
  err_.stream << "\r\x1b[K" << text << std::flush;
  live_ = true;
}

void Output::clear_live() {
  if (!live_) return;
  err_.stream << "\r\x1b[K" << std::flush;
  live_ = false;
}

}  // namespace snapcore
