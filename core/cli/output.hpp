// Where everything goes: results to stdout, everything else to stderr, with --json one object a
// line.
//
// One thread. Live lines at the bottom of a terminal are taken away before anything else is
// written.
#pragma once

#include <functional>
#include <ostream>
#include <snapcore/error.hpp>
#include <snapcore/value.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/text/error_text.hpp"
#include "cli/text/page.hpp"

namespace snapcore {

struct OutputWish {
  bool json = false;
  bool no_color = false;
  bool verbose = false;
};

// Of the terminal at stderr, now; 80 where it does not say.
std::size_t columns_of_terminal();

class Output {
 public:
  struct Channel {
    std::ostream& stream;
    Style style = {};
    bool terminal = false;
    std::function<std::size_t()> columns = columns_of_terminal;
  };

  Output(OutputWish wish, Channel out, Channel err)
      : wish_(wish), out_(std::move(out)), err_(std::move(err)) {}

  // stdout and stderr of this process: colour on terminals without NO_COLOR, UTF-8 where the locale
  // says so.
  static Output of_this_process(OutputWish wish);

  bool json() const { return wish_.json; }
  bool verbose() const { return wish_.verbose; }
  bool err_is_terminal() const { return err_.terminal; }
  const Style& out_style() const { return out_.style; }
  const Style& err_style() const { return err_.style; }

  void print(std::string_view text);  // a result, as it is; with --json an event "text"
  void say(std::string_view text);    // anything else
  void say_line(std::string_view line, Tone tone = Tone::kPlain);

  // Whole JSON lines that the caller has made.
  void print_events(std::string_view lines);
  // One JSON line on stdout; nothing without --json.
  void event(std::string_view type, Value members);
  // A member of the last JSON line.
  void add_to_result(std::string_view key, Value value);

  // `typed`: options that commands in hints are to be given with.
  void use_options(std::string typed) { typed_ = std::move(typed); }
  void error(const Error& error, const ErrorSurroundings& around);
  // The last line with --json.
  void finish(int exit_code);

  // Replaces the live lines; only on a terminal. One that is too long loses its beginning: what
  // moves stands at its end.
  void live(const std::vector<std::string>& lines);
  void clear_live();

 private:
  OutputWish wish_;
  Channel out_;
  Channel err_;
  std::size_t live_ = 0;  // lines
  std::string live_text_;
  std::string typed_;
  Value result_ = Value::object();
};

}  // namespace snapcore
