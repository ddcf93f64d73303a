// Options of the command line, described as tables.
#pragma once

#include <optional>
#include <snapcore/error.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace snapcore {

struct Option {
  std::string_view name;   // "set" is --set; "output,o" is --output and -o
  std::string_view value;  // "K=V"; "" for one that takes none
  std::string_view help;
  bool repeated = false;
};

// What was given: options by their long name, and the words between them.
class Options {
 public:
  bool has(std::string_view name) const;
  std::optional<std::string> get(std::string_view name) const;
  std::vector<std::string> all(std::string_view name) const;
  const std::vector<std::string>& words() const { return words_; }

  void add(std::string name, std::string value) {
    given_.push_back({std::move(name), std::move(value)});
  }
  void add_word(std::string word) { words_.push_back(std::move(word)); }

 private:
  struct Given {
    std::string name;
    std::string value;
  };
  std::vector<Given> given_;
  std::vector<std::string> words_;
};

// "arguments.unknown_option", "arguments.bad_option": what is wrong with which one. Options and
// words may be mixed; after "--" everything is a word. No option is guessed from its beginning.
Result<Options> parse_options(std::span<const Option> known,
                              const std::vector<std::string>& arguments);

// The command and everything else, in order: the first word that is no option of `globals` nor the
// value of one.
struct Split {
  std::string command;
  std::vector<std::string> rest;
};
Split split_command(std::span<const Option> globals, const std::vector<std::string>& arguments);

// "--set K=V", "-o, --output FILE": as help shows it.
std::string option_title(const Option& option);

// "a=b" as its two sides; "arguments.not_a_pair" when it has none, naming `what` it should be.
struct Pair {
  std::string name;
  std::string value;
};
Result<Pair> parse_pair(std::string_view text, std::string_view what);

}  // namespace snapcore
