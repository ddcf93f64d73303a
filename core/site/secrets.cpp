#include <cstdlib>
#include <functional>
#include <snapcore/support/process.hpp>

#include "site/ownership.hpp"
#include "site/site.hpp"

namespace snapcore {
namespace {

constexpr std::size_t kMostBytes = std::size_t{64} * 1024;

tl::unexpected<Error> missing(std::string_view reference, const std::string& why,
                              std::string hint = "", const Error* cause = nullptr) {
  Error error{.code = "site.missing_secret",
              .message = "the secret " + std::string(reference) + " " + why,
              .hint = std::move(hint),
              .category = Category::kPrecondition};
  if (cause != nullptr) error.cause = std::make_shared<const Error>(*cause);
  return fail(std::move(error));
}

Result<std::string> from_environment(std::string_view reference, const std::string& name) {
  const char* text = std::getenv(name.c_str());
  const std::string hint = "set the environment variable " + name;
  if (text == nullptr) return missing(reference, "is not set", hint);
  if (*text == '\0') return missing(reference, "is empty", hint);
  return std::string(text);
}

void remove_last_newline(std::string& text) {
  if (!text.empty() && text.back() == '\n') text.pop_back();
}

Result<std::string> from_file(std::string_view reference, const std::string& path) {
  auto text = read_owned_file(path, kMostBytes);
  if (!text)
    return missing(reference, "cannot be read: " + text.error().message, text.error().hint,
                   &text.error());
  remove_last_newline(*text);
  if (text->empty()) return missing(reference, "is empty");
  return text;
}

// What the program writes is the secret, also on its error stream: no message may quote it.
Result<std::string> from_command(std::string_view reference, std::string_view argv,
                                 const std::function<bool()>& cancelled) {
  const auto words = Value::parse(argv);
  if (!words || words->items().empty()) return missing(reference, "names no command");
  process::Command command{.deadline = std::chrono::seconds(30),
                           .grace = std::chrono::seconds(1),
                           .keep_output = kMostBytes,
                           .cancelled = cancelled};
  for (const Value& word : words->items()) command.argv.push_back(word.text());
  auto finished = process::run(command);
  if (!finished)
    return missing(reference, "cannot be asked for: " + finished.error().message, "",
                   &finished.error());
  if (!finished->succeeded())
    return missing(reference, "was not given: the command " + finished->words());
  if (finished->output_cut)
    return missing(reference, "was not given: the command wrote more than 64 KiB");
  remove_last_newline(finished->output);
  if (finished->output.empty())
    return missing(reference, "was not given: the command wrote nothing");
  return std::move(finished->output);
}

}  // namespace

Result<std::string> fetch_secret(std::string_view reference,
                                 const std::function<bool()>& cancelled) {
  const auto colon = reference.find(':');
  const auto kind = reference.substr(0, colon);
  if (colon != std::string_view::npos) {
    const std::string rest(reference.substr(colon + 1));
    if (kind == "env") return from_environment(reference, rest);
    if (kind == "file") return from_file(reference, rest);
    if (kind == "command") return from_command(reference, rest, cancelled);
  }
  // A text that is no reference may be the secret itself, put in the wrong place: it is not
  // repeated.
  return fail(
      {.code = "site.missing_secret",
       .message = "a secret is not given as a reference",
       .hint =
           "write secret.env \"NAME\", secret.file \"/PATH\" or secret.command { ... } in the site",
       .category = Category::kPrecondition});
}

}  // namespace snapcore
