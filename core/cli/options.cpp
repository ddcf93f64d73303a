#include "cli/options.hpp"

#include <boost/program_options.hpp>
#include <set>

namespace snapcore {
namespace {

namespace po = boost::program_options;

std::string_view long_name(const Option& option) {
  return option.name.substr(0, option.name.find(','));
}

Error bad_option(std::string code, std::string message) {
  return {.code = "arguments." + std::move(code),
          .message = std::move(message),
          .hint = "'snapcore help COMMAND' lists the options of a command"};
}

// The library's sentences, in our words.
Error in_our_words(const po::error& problem) {
  if (const auto* unknown = dynamic_cast<const po::unknown_option*>(&problem)) {
    return bad_option("unknown_option", "there is no option " + unknown->get_option_name());
  }
  if (const auto* syntax = dynamic_cast<const po::invalid_command_line_syntax*>(&problem)) {
    if (syntax->kind() == po::invalid_syntax::missing_parameter) {
      return bad_option("bad_option", "option " + syntax->get_option_name() + " needs a value");
    }
    if (syntax->kind() == po::invalid_syntax::extra_parameter) {
      return bad_option("bad_option", "option " + syntax->get_option_name() + " takes no value");
    }
  }
  return bad_option("bad_option", problem.what());
}

po::options_description describe(std::span<const Option> known) {
  po::options_description description;
  for (const Option& option : known) {
    const std::string name(option.name);
    if (option.value.empty()) {
      description.add_options()(name.c_str(), "");
    } else {
      description.add_options()(name.c_str(), po::value<std::vector<std::string>>(), "");
    }
  }
  return description;
}

}  // namespace

bool Options::has(std::string_view name) const { return get(name).has_value(); }

std::optional<std::string> Options::get(std::string_view name) const {
  for (auto given = given_.rbegin(); given != given_.rend(); ++given) {
    if (given->name == name) return given->value;
  }
  return std::nullopt;
}

std::vector<std::string> Options::all(std::string_view name) const {
  std::vector<std::string> values;
  for (const Given& given : given_) {
    if (given.name == name) values.push_back(given.value);
  }
  return values;
}

Result<Options> parse_options(std::span<const Option> known,
                              const std::vector<std::string>& arguments) {
  Options options;
  try {
    namespace style = po::command_line_style;
    const po::options_description description = describe(known);
    const auto parsed = po::command_line_parser(arguments)
                            .options(description)
                            .style(style::unix_style & ~style::allow_guessing)
                            .run();
    for (const auto& given : parsed.options) {
      if (given.position_key >= 0 || given.string_key.empty()) {
        for (const std::string& word : given.value) options.add_word(word);
      } else {
        options.add(given.string_key, given.value.empty() ? "" : given.value.front());
      }
    }
  } catch (const po::error& problem) {
    return fail(in_our_words(problem));
  }
  for (const Option& option : known) {
    if (!option.repeated && options.all(long_name(option)).size() > 1) {
      return fail(bad_option("bad_option",
                             "option --" + std::string(long_name(option)) + " is given twice"));
    }
  }
  return options;
}

Split split_command(std::span<const Option> globals, const std::vector<std::string>& arguments) {
  Split split;
  std::set<std::string> take_value;
  for (const Option& option : globals) {
    if (!option.value.empty()) take_value.insert("--" + std::string(long_name(option)));
  }
  bool is_value = false;
  for (const std::string& argument : arguments) {
    const bool is_option = argument.size() > 1 && argument[0] == '-';
    if (split.command.empty() && !is_option && !is_value) {
      split.command = argument;
    } else {
      split.rest.push_back(argument);
    }
    is_value = take_value.count(argument) > 0;
  }
  return split;
}

std::string option_title(const Option& option) {
  std::string title;
  if (const auto comma = option.name.find(','); comma != std::string_view::npos) {
    title = "-" + std::string(option.name.substr(comma + 1)) + ", ";
  }
  title += "--" + std::string(long_name(option));
  if (!option.value.empty()) title += " " + std::string(option.value);
  return title;
}

Result<Pair> parse_pair(std::string_view text, std::string_view what) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return fail({.code = "arguments.not_a_pair",
                 .message = "'" + std::string(text) + "' is not of the form " + std::string(what),
                 .hint = "'snapcore help COMMAND' shows how its arguments are written"});
  }
  return Pair{std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

}  // namespace snapcore
