// ask while planning: the person at the terminal answers once, or the command line did before.
#include <algorithm>

#include "engine/planner_state.hpp"

namespace snapcore {
namespace {

constexpr int kMostTimes = 3;

std::string listed(const std::vector<std::string>& choices) {
  std::string text;
  for (const std::string& choice : choices) text += (text.empty() ? "" : ", ") + choice;
  return text;
}

bool fits(const Question& question, const std::string& answer) {
  const auto& choices = question.choices;
  if (choices.empty()) return !answer.empty();
  return std::find(choices.begin(), choices.end(), answer) != choices.end();
}

std::string prompt_of(const Question& question) {
  std::string text = question.text;
  if (!question.choices.empty()) text += " (" + listed(question.choices) + ")";
  if (question.otherwise) text += " [" + *question.otherwise + "]";
  return text;
}

Error nobody_to_ask(const Question& question) {
  return {.code = "approval.no_answer",
          .message = "the runbook asks '" + question.text + "', and there is no terminal to ask at",
          .hint = "give the answer with --answer " + question.name + "=" +
                  (question.choices.empty() ? "VALUE" : question.choices.front()),
          .category = Category::kPrecondition};
}

Result<Value> ask_person(Person& person, const Question& question) {
  for (int time = 0; time < kMostTimes; ++time) {
    auto answer = person.ask(prompt_of(question));
    if (!answer) break;
    if (answer->empty() && question.otherwise) answer = question.otherwise;
    if (fits(question, *answer)) return Value(*answer);
  }
  return fail({.code = "approval.declined",
               .message = "no answer to '" + question.text + "'",
               .hint = "give the command again, or the answer with --answer " + question.name +
                       "=" + (question.choices.empty() ? "VALUE" : question.choices.front()),
               .category = Category::kPrecondition});
}

}  // namespace

Result<Value> Planner::State::answer_to(const Question& question) {
  const auto given = request.answers.find(question.name);
  if (given != request.answers.end()) {
    if (fits(question, given->second)) return Value(given->second);
    return fail({.code = "arguments.bad_value",
                 .message = "--answer " + question.name + "=" + given->second +
                            " is no answer to '" + question.text + "'",
                 .hint = question.choices.empty() ? "" : "one of " + listed(question.choices),
                 .category = Category::kPrecondition});
  }
  if (request.person && request.person->present()) return ask_person(*request.person, question);
  if (question.otherwise) return Value(*question.otherwise);
  return fail(nobody_to_ask(question));
}

Result<Value> Planner::ask(const Question& asked, const Line&) {
  State& state = *state_;
  if (auto going = state.keep_going(); !going) return fail(going.error());
  const std::string id = state.scopes.next_read().planned;
  Question question = asked;
  if (question.name.empty()) question.name = std::to_string(++state.questions);
  auto& known = state.learned->outside;
  if (known.count(id) == 0) {
    if (state.second) return fail(state.not_deterministic(id, "", "ask", "nothing"));
    auto answer = state.answer_to(question);
    if (!answer) return answer;
    known[id] = std::move(*answer);
  }
  state.plan.choices.push_back({id, "", "ask", to_value(asked), known[id]});
  return known[id];
}

}  // namespace snapcore
