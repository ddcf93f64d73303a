#include "cli/run_options.hpp"

#include <charconv>

#include "base/clock.hpp"
#include "cli/text/words.hpp"

namespace snapcore {

Result<LeaseWish> lease_wish(const Options& options) {
  LeaseWish wish;
  if (const auto text = options.get("lock-wait")) {
    const auto wait = parse_duration(*text);
    if (!wait) {
      return fail({.code = "arguments.bad_option",
                   .message = "--lock-wait " + *text + " is not a time",
                   .hint = "give it as 90s, 10m or 1h"});
    }
    wish.wait = *wait;
  }
  for (const std::string& text : options.all("break-lease")) {
    std::uint64_t number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem != std::errc() || end != text.data() + text.size()) {
      return fail({.code = "arguments.bad_option",
                   .message = "--break-lease " + text + " is not the number of a lease",
                   .hint = "the refusal of a run that needs it prints the number"});
    }
    wish.breaking.push_back(number);
  }
  return wish;
}

Result<RunWish> run_wish(const Options& options) {
  RunWish wish;
  for (const std::string& text : options.all("set")) {
    auto pair = parse_pair(text, "--set NAME=VALUE");
    if (!pair) return fail(pair.error());
    if (!wish.params.emplace(pair->name, pair->value).second) {
      return fail({.code = "arguments.bad_option",
                   .message = "parameter '" + pair->name + "' is set twice",
                   .hint = "give --set " + pair->name + "=VALUE once"});
    }
  }
  for (const std::string& text : options.all("waive")) {
    auto pair = parse_pair(text, "--waive GUARD=REASON");
    if (!pair) return fail(pair.error());
    wish.waivers.push_back({pair->name, pair->value});
  }
  wish.accept_loss = options.all("accept-loss");
  for (const std::string& text : options.all("answer")) {
    auto pair = parse_pair(text, "--answer NAME=VALUE");
    if (!pair) return fail(pair.error());
    if (!wish.answers.emplace(pair->name, pair->value).second) {
      return fail({.code = "arguments.bad_option",
                   .message = "question '" + pair->name + "' is answered twice",
                   .hint = "give --answer " + pair->name + "=VALUE once"});
    }
  }
  wish.dry_run = options.has("dry-run");
  wish.yes = options.has("yes");
  wish.approve = options.get("approve");
  if (wish.yes && wish.approve) {
    return fail({.code = "arguments.bad_option",
                 .message = "--yes and --approve exclude each other",
                 .hint = "--approve DIGEST admits the plan you have read, --yes any plan"});
  }
  if (const auto text = options.get("on-failure")) {
    wish.on_failure = on_failure_from(*text);
    if (!wish.on_failure) {
      return fail({.code = "arguments.bad_option",
                   .message = "--on-failure is rollback, hold or continue, not '" + *text + "'",
                   .hint = "without it the site's policy decides"});
    }
  }
  auto leases = lease_wish(options);
  if (!leases) return fail(leases.error());
  wish.leases = std::move(*leases);
  return wish;
}

std::string typed_again(const RunWish& wish) {
  std::string text;
  for (const auto& [name, value] : wish.params) text += " --set " + shell_word(name + "=" + value);
  for (const Waiver& waiver : wish.waivers)
    text += " --waive " + shell_word(waiver.guard + "=" + waiver.reason);
  for (const std::string& target : wish.accept_loss) text += " --accept-loss " + shell_word(target);
  for (const auto& [name, value] : wish.answers)
    text += " --answer " + shell_word(name + "=" + value);
  if (wish.on_failure) text += " --on-failure " + std::string(to_text(*wish.on_failure));
  return text;
}

}  // namespace snapcore
