// The program that a profile names as its credential_process.
#include <functional>
#include <map>
#include <snapcore/support/process.hpp>
#include <vector>

#include "lent.hpp"

namespace s3 {

using snapcore::Category;
using snapcore::Error;
using snapcore::fail;
using snapcore::Result;
using snapcore::Value;
namespace process = snapcore::process;

namespace {

constexpr char kWho[] = "the credential_process of the profile";

// What such programs go by, beside what every child gets.
std::map<std::string, std::string> environment_of(const Surroundings& surroundings) {
  std::map<std::string, std::string> environment;
  for (const char* name :
       {"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_PROFILE", "AWS_REGION",
        "AWS_DEFAULT_REGION", "AWS_CA_BUNDLE", "AWS_SDK_LOAD_CONFIG", "SSL_CERT_FILE",
        "SSL_CERT_DIR", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy",
        "no_proxy", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "SSH_AUTH_SOCK"}) {
    if (auto value = surroundings.environment(name)) environment[name] = std::move(*value);
  }
  return environment;
}

// Takes one line apart.
class Splitting {
 public:
  explicit Splitting(std::string_view line) : line_(line) {}

  Result<std::vector<std::string>> run() {
    for (; at_ < line_.size(); ++at_) {
      const char c = line_[at_];
      if (c == ' ' || c == '\t') {
        end_word();
      } else if (c == '\'' || c == '"') {
        if (!quoted(c)) return unfinished("a quote is not closed");
      } else if (c == '\\') {
        if (++at_ == line_.size()) return unfinished("it ends in a backslash");
        add(line_[at_]);
      } else {
        add(c);
      }
    }
    end_word();
    return std::move(words_);
  }

 private:
  bool quoted(char quote) {
    in_word_ = true;
    for (++at_; at_ < line_.size(); ++at_) {
      if (line_[at_] == quote) return true;
      const bool escape = quote == '"' && line_[at_] == '\\' && at_ + 1 < line_.size() &&
                          (line_[at_ + 1] == '"' || line_[at_ + 1] == '\\');
      if (escape) ++at_;
      add(line_[at_]);
    }
    return false;
  }
  void add(char c) {
    in_word_ = true;
    word_.push_back(c);
  }
  void end_word() {
    if (in_word_) words_.push_back(std::move(word_));
    word_.clear();
    in_word_ = false;
  }
  static tl::unexpected<Error> unfinished(std::string_view why) {
    return fail({.code = "s3.bad_setting",
                 .message = std::string(kWho) + " is no command: " + std::string(why),
                 .category = Category::kPrecondition});
  }

  std::string_view line_;
  std::size_t at_ = 0;
  std::vector<std::string> words_;
  std::string word_;
  bool in_word_ = false;
};

auto failed(std::string why) {
  return fail({.code = "s3.credential_process",
               .message = kWho + (" " + std::move(why)),
               .hint = "run it by hand to see what it says",
               .category = Category::kAuth});
}

}  // namespace

Result<std::vector<std::string>> words_of_line(std::string_view line) {
  return Splitting(line).run();
}

Result<Lent> lent_by_program(const std::string& line, const Surroundings& surroundings,
                             const std::function<bool()>& cancelled) {
  auto argv = words_of_line(line);
  if (!argv) return fail(argv.error());
  if (argv->empty()) return failed("names no program");
  process::Command command{.argv = std::move(*argv),
                           .environment = environment_of(surroundings),
                           .deadline = std::chrono::seconds(60),
                           .grace = std::chrono::seconds(2),
                           .cancelled = cancelled};
  auto finished = process::run(command);
  if (!finished) return failed("cannot be started: " + finished.error().message);
  // What it said on its way may hold anything.
  if (!finished->succeeded()) return failed(finished->words());
  if (finished->output_cut) return failed("prints too much");
  const auto answer = Value::parse(finished->output);
  if (answer && answer->is_object() && answer->at("Version") != Value(1)) {
    return fail(bad_credentials(kWho, "answers in another version than 1"));
  }
  return lent_from(finished->output, "SessionToken", kWho, surroundings.now());
}

}  // namespace s3
