#include "cli/output.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <iostream>

#include "base/text.hpp"
#include "cli/last_line.hpp"

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

// At most so many columns; a character of several bytes is not cut in two.
std::string without_beginning(const std::string& text, std::size_t columns) {
  const auto is_begin = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
  const auto width = static_cast<std::size_t>(std::count_if(text.begin(), text.end(), is_begin));
  if (width <= columns) return text;
  // Where there is hardly room, what moves is worth more than the sign that something is missing.
  constexpr std::string_view kDots = "...";
  const std::string_view cut = columns > 3 * kDots.size() ? kDots : "";
  std::size_t at = 0;
  for (std::size_t skip = width - columns + cut.size() + 1; at < text.size(); ++at) {
    if (is_begin(text[at]) && --skip == 0) break;
  }
  return std::string(cut) + text.substr(at);
}

}  // namespace

std::size_t columns_of_terminal() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

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
  const WholeLine whole;
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
  const Error told = with_options(error, typed_);
  if (!wish_.json) return say(error_text(told, around, err_.style));
  Value members = to_value(told);
  if (!around.state.empty()) members["state"] = around.state;
  if (!around.next.empty()) members["next"] = around.next;
  event("error", std::move(members));
}

void Output::finish(int exit_code) {
  clear_live();
  add_to_result("exit", exit_code);
  if (!wish_.json) return;
  add_to_result("type", "result");
  const WholeLine whole;
  out_.stream << valid_utf8(result_.dump()) << "\n" << std::flush;
  last_line_is_told();
}

void Output::live(const std::vector<std::string>& lines) {
  if (!err_.terminal || wish_.json) return;
  // A line as long as the terminal is wide wraps on some.
  const std::size_t columns = std::max<std::size_t>(err_.columns(), 2) - 1;
  std::string text;
  for (const std::string& line : lines) {
    if (!text.empty()) text += "\r\n";
    text += without_beginning(shown(err_.style, line), columns);
  }
  if (live_ == lines.size() && live_text_ == text) return;
  clear_live();
  err_.stream << text << std::flush;
  live_ = lines.size();
  live_text_ = text;
}

void Output::clear_live() {
  if (live_ == 0) return;
  std::string text = "\r\x1b[K";
  for (; live_ > 1; --live_) text += "\x1b[1A\x1b[K";
  live_ = 0;
  err_.stream << text << std::flush;
}

}  // namespace snapcore
