// ask: a question to the person who plans the run.
#include <algorithm>
#include <lua.hpp>

#include "lua/failure.hpp"
#include "lua/frozen.hpp"
#include "lua/read.hpp"
#include "runbook/session.hpp"
#include "runbook/words.hpp"

namespace snapcore {
namespace {

struct QuestionWork : Work {
  Question question;
  Value answer;
};

Error bad_argument(std::string message) {
  return {.code = "runbook.bad_argument",
          .message = "ask: " + std::move(message),
          .category = Category::kPrecondition};
}

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-';
  });
}

Result<> read_choices(const Value& list, Question& question) {
  for (const Value& choice : list.items()) {
    if (!choice.is_string() || choice.view().empty())
      return fail(bad_argument("choices is a list of texts"));
    question.choices.push_back(choice.text());
  }
  return question.choices.empty() ? fail(bad_argument("choices is a list of texts")) : Result<>();
}

Result<> read_option(const std::string& name, const Value& value, Question& question) {
  if (name == "choices") return read_choices(value, question);
  if (name == "default" && value.is_string()) {
    question.otherwise = value.text();
  } else if (name == "name" && value.is_string() && is_name(value.view())) {
    question.name = value.text();
  } else if (name == "default" || name == "name") {
    return fail(bad_argument(name + (name == "name" ? " is a word" : " is a text")));
  } else {
    return fail(bad_argument("there is no '" + name + "'; there is choices, default, name"));
  }
  return {};
}

Result<Question> read_question(lua_State* state) {
  std::size_t size = 0;
  const char* text = lua_tolstring(state, 1, &size);
  Question question{.text = std::string(text, size)};
  if (lua_isnil(state, 2)) return question;
  auto options = read_value(state, 2, Value::object({{"type", "object"}}), "");
  if (!options) return fail(bad_argument(options.error().message));
  for (const auto& [name, value] : options->members()) {
    if (auto read = read_option(name, value, question); !read) return fail(read.error());
  }
  const auto& choices = question.choices;
  const bool offered =
      !question.otherwise || choices.empty() ||
      std::find(choices.begin(), choices.end(), *question.otherwise) != choices.end();
  if (!offered) return fail(bad_argument("default is not among the choices"));
  return question;
}

}  // namespace

// ask("question", { choices = { "a", "b" }, default = "a", name = "which" }): what the person at
// the terminal, or --answer, said while planning; the same while executing.
int word_ask(lua_State* state) {
  luaL_checktype(state, 1, LUA_TSTRING);
  lua_settop(state, 2);
  if (!lua_isnil(state, 2)) luaL_checktype(state, 2, LUA_TTABLE);
  auto& work = new_box<QuestionWork>(state);  // 3
  work.line = current_line(state);
  Session& session = session_of(state);
  ask_gate(session, work, [&] {
    auto question = read_question(state);
    if (!question) {
      work.failed = question.error();
      return;
    }
    auto answer = session.gate.ask(*question, to_line(work.line));
    if (answer) {
      work.answer = std::move(*answer);
    } else {
      work.failed = answer.error();
    }
  });
  if (work.failed) return raise_work(state, 3, work);
  push_value(state, work.answer);
  return 1;
}

}  // namespace snapcore
