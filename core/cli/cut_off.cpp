#include "cli/cut_off.hpp"

#include <unistd.h>

#include <atomic>
#include <snapcore/value.hpp>
#include <string>

#include "cli/exit_code.hpp"
#include "cli/last_line.hpp"
#include "cli/text/words.hpp"

namespace snapcore {
namespace {

constexpr std::string_view kStopped =
    "\nsnapcore: stopped at once, in the middle of what it was doing\n";

struct Words {
  std::string text;
  std::string result;
};

constexpr std::string_view kNotBegunText =
    "state now: no run had begun, so no target was changed\n";
constexpr std::string_view kNotBegunResult =
    "{\"cut_off\":true,\"exit\":6,\"state\":\"no run had begun, so no target was changed\","
    "\"type\":\"result\"}\n";
static_assert(static_cast<int>(ExitCode::kInterrupted) == 6);

// What a handler reads is never freed.
std::atomic<const Words*> of_a_run = nullptr;
static_assert(std::atomic<const Words*>::is_always_lock_free);

// So that the last line fits into what is written at once, whatever the paths of the options are.
constexpr std::size_t kLongestTyped = 1500;

void tell(int descriptor, std::string_view text) {
  [[maybe_unused]] const auto told = write(descriptor, text.data(), text.size());
}

}  // namespace

void begin_what_may_be_cut_off(std::string_view run, std::string_view typed) {
  const std::string options(typed.size() <= kLongestTyped ? typed : "");
  const std::string state = "what run " + std::string(run) + " has begun may be half done";
  const std::string next = "snapcore" + options + " runs " + shell_word(std::string(run));
  const Value result = Value::object({{"cut_off", true},
                                      {"exit", static_cast<int>(ExitCode::kInterrupted)},
                                      {"next", next},
                                      {"run", run},
                                      {"state", state},
                                      {"type", "result"}});
  static Words words;  // one run a process
  if (of_a_run) return;
  words = {.text = "state now: " + state + "\nnext: this shows how far it came, and how to go on " +
                   "or put the old back:\n      " + next + "\n",
           .result = result.dump() + "\n"};
  of_a_run = &words;
}

void tell_cut_off(int errors, int results) {
  const Words* words = of_a_run;
  tell(errors, kStopped);
  tell(errors, words ? std::string_view(words->text) : kNotBegunText);
  tell_last_line(results, words ? std::string_view(words->result) : kNotBegunResult);
}

}  // namespace snapcore
