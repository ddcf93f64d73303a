// retry, wait_until, attempt and on_rollback: words whose function may be run again, or another one
// in its place. The gate says which comes next; here is only the calling of it.
#include <algorithm>
#include <cctype>
#include <lua.hpp>

#include "base/clock.hpp"
#include "engine/bounds.hpp"
#include "lua/failure.hpp"
#include "lua/gives.hpp"
#include "lua/read.hpp"
#include "runbook/session.hpp"
#include "runbook/words.hpp"

namespace snapcore {
namespace {

constexpr std::int64_t kMostTimes = 1000;

// What a part works on stands at 3, what its functions gave behind it.
constexpr int kWorkAt = 3;

struct PartWork : Work {
  Part part;
  Next next;
  BodyEnd end;
};

struct HandedFailure : Failure {};

Error bad_argument(std::string message) {
  return {.code = "runbook.bad_argument",
          .message = std::move(message),
          .category = Category::kPrecondition};
}

// --- the rules -----------------------------------------------------------------------------------

Result<Value> read_rule(lua_State* state, const std::string& word, const Value& defaults) {
  auto given = read_value(state, 1, Value::object({{"type", "object"}}), "");
  if (!given) return fail(bad_argument(word + ": " + given.error().message));
  Value rule = defaults;
  for (const auto& [name, member] : given->members()) {
    if (!defaults.has(name)) {
      std::string names;
      for (const auto& [known, unused] : defaults.members())
        names += (names.empty() ? "" : ", ") + known;
      return fail(bad_argument(word + " has no '" + name + "'; there is " + names));
    }
    rule[name] = member;
  }
  return rule;
}

Result<> check_duration(const std::string& word, const Value& rule, const char* name) {
  const auto parsed =
      rule.at(name).is_string() ? parse_duration(rule.at(name).view()) : std::nullopt;
  if (parsed) return {};
  return fail(bad_argument(word + ": " + name + " is a time like \"5s\" or \"2m\", not " +
                           rule.at(name).dump()));
}

Result<Value> retry_rule(lua_State* state) {
  auto rule = read_rule(state, "retry", Value::object({{"times", 3}, {"wait", "5s"}}));
  if (!rule) return rule;
  if (auto fits = check_duration("retry", *rule, "wait"); !fits) return fail(fits.error());
  const std::int64_t times = rule->at("times").is_integer() ? rule->at("times").int_or(0) : 0;
  if (times >= 1 && times <= kMostTimes) return rule;
  return fail(bad_argument("retry: times is a number from 1 to " + std::to_string(kMostTimes) +
                           ", not " + rule->at("times").dump()));
}

Result<Value> wait_rule(lua_State* state) {
  auto rule = read_rule(state, "wait_until", Value::object({{"timeout", "5m"}, {"every", "2s"}}));
  if (!rule) return rule;
  for (const char* name : {"timeout", "every"}) {
    if (auto fits = check_duration("wait_until", *rule, name); !fits) return fail(fits.error());
  }
  if (*parse_duration(rule->at("every").view()) > std::chrono::seconds(0)) return rule;
  return fail(bad_argument("wait_until: every is at least \"1s\""));
}

Error never_so() {
  Error error =
      bad_argument("wait_until: its function gives nothing, and what is waited for is never so");
  error.hint = "return what is to become true; behind verifies, return true";
  return error;
}

// A stop of the core is nothing to go on behind.
bool is_never_caught(std::string_view code) {
  for (const char* stop : {"run.deviation", "run.interrupted", "run.in_doubt"}) {
    if (code == stop) return true;
  }
  return code.substr(0, 6) == "lease." || code.substr(0, 8) == "journal.";
}

bool is_error_code(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-';
  });
}

// The codes of the handlers in the table at 2, sorted.
Result<Value> attempt_rule(lua_State* state) {
  std::vector<std::string> codes;
  for (lua_pushnil(state); lua_next(state, 2) != 0; lua_pop(state, 1)) {
    const bool fits = lua_type(state, -2) == LUA_TSTRING && lua_isfunction(state, -1);
    std::size_t size = 0;
    const char* text = fits ? lua_tolstring(state, -2, &size) : "";
    if (!fits) {
      lua_pop(state, 2);
      return fail(bad_argument("attempt: handlers are given as { [\"code\"] = function }"));
    }
    codes.emplace_back(text, size);
    const bool is_code = is_error_code(codes.back());
    if (is_code && !is_never_caught(codes.back())) continue;
    lua_pop(state, 2);
    return fail(bad_argument("attempt: '" + codes.back() + "' " +
                             (is_code ? "stops the run and is never caught"
                                      : "is no error code; one is \"area.what_is_wrong\"")));
  }
  if (codes.empty())
    return fail(bad_argument("attempt needs a handler: { [\"code\"] = function }"));
  std::sort(codes.begin(), codes.end());
  Value::Array list;
  for (std::string& code : codes) list.emplace_back(std::move(code));
  return Value::object({{"codes", Value(std::move(list))}});
}

// The name stands at 1, and what the runbook says of it at 2.
Result<Value> phase_rule(lua_State* state) {
  std::size_t size = 0;
  const char* text = lua_tolstring(state, 1, &size);
  const std::string name(text, size);
  if (name.empty()) return fail(bad_argument("phase needs a name"));
  const Value list = Value::object({{"type", "array"}});
  const Value bounds_schema =
      Value::object({{"type", "object"},
                     {"properties", Value::object({{"instances", list}, {"operations", list}})}});
  const Value schema = Value::object(
      {{"type", "object"}, {"properties", Value::object({{"within", bounds_schema}})}});
  auto rule = read_value(state, 2, schema, "");
  if (!rule) return fail(bad_argument("phase: " + rule.error().message));
  for (const auto& [member, value] : rule->members()) {
    if (member != "within")
      return fail(bad_argument("phase has no '" + member + "'; there is within"));
  }
  Value within = rule->at("within");
  if (within.is_null()) return Value::object({{"name", name}, {"within", Value()}});
  auto bounds = bounds_from(within);
  if (!bounds) return fail(bounds.error());
  return Value::object({{"name", name}, {"within", to_value(*bounds)}});
}

// --- the loop ------------------------------------------------------------------------------------

// The function that comes next, and what it is given, onto the stack. Gives how many arguments.
int push_next(lua_State* state, PartWork& work, int body, int handlers) {
  if (work.next.what != Next::Do::kHandler) {
    lua_pushvalue(state, body);
    return 0;
  }
  lua_pushlstring(state, work.next.code.data(), work.next.code.size());
  lua_rawget(state, handlers);
  auto& failure = new_box<HandedFailure>(state);
  guarded(work.failed, [&] {
    BodyFailure& handed = work.next.failure;
    failure.error = std::move(handed.error);
    failure.step = std::move(handed.step);
    failure.plugin = std::move(handed.plugin);
  });
  push_failure(state, -1);
  lua_remove(state, -2);
  return 1;
}

// Tells the gate how the body ended, and learns what comes next.
void ask_what_next(lua_State* state, Session& session, PartWork& work, int status) {
  ask_gate(session, work, [&] {
    work.end = BodyEnd{.holds = lua_toboolean(state, kWorkAt + 1) != 0};
    if (status != LUA_OK) work.end.failed = failure_on_top(session.sandbox, status);
    auto next = session.gate.body_ended(work.end);
    if (!next) {
      work.failed = next.error();
      return;
    }
    work.next = std::move(*next);
    if (work.next.what != Next::Do::kLeave && session.gate.stopped() == nullptr)
      session.sandbox.lift_stop();
  });
}

bool is_what_the_body_raised(const PartWork& work) {
  return work.end.failed && work.failed->code == work.end.failed->error.code &&
         work.failed->message == work.end.failed->error.message;
}

// Runs the part in the box at 3 with the function at `body`. What the last function gave stands
// from 4 on.
int run_part(lua_State* state, PartWork& work, int body, int handlers) {
  Session& session = session_of(state);
  ask_gate(session, work, [&] {
    work.part.line = to_line(work.line);
    auto next = session.gate.begin_part(work.part);
    if (next) {
      work.next = std::move(*next);
    } else {
      work.failed = next.error();
    }
  });
  if (work.failed) return raise_work(state, kWorkAt, work);
  while (work.next.what != Next::Do::kLeave) {
    lua_settop(state, kWorkAt);
    lua_pushcfunction(state, &Sandbox::on_error);  // 4
    const int count = push_next(state, work, body, handlers);
    const int status = lua_pcall(state, count, LUA_MULTRET, kWorkAt + 1);
    lua_remove(state, kWorkAt + 1);
    const bool used_up = session.sandbox.stopping() && session.gate.stopped() == nullptr;
    if (status != LUA_OK && used_up) return session.sandbox.raise_again();
    ask_what_next(state, session, work, status);
    if (!work.failed) continue;
    if (status != LUA_OK && is_what_the_body_raised(work)) return session.sandbox.raise_again();
    return raise_work(state, kWorkAt, work);
  }
  return lua_gettop(state) - kWorkAt;
}

template <class ReadRule>
PartWork& begin(lua_State* state, PartKind kind, ReadRule read_rule_of) {
  auto& work = new_box<PartWork>(state);  // 3
  work.line = current_line(state);
  guarded(work.failed, [&] {
    work.step = session_of(state).step;
    work.part.kind = kind;
    auto rule = read_rule_of();
    if (rule) {
      work.part.rule = std::move(*rule);
    } else {
      work.failed = rule.error();
    }
  });
  return work;
}

}  // namespace

// retry({ times = 3, wait = "5s" }, function() ... end): made again when it fails with what may go
// away by itself. Gives what the function gives.
int word_retry(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  luaL_checktype(state, 2, LUA_TFUNCTION);
  lua_settop(state, 2);
  auto& work = begin(state, PartKind::kRetry, [&] { return retry_rule(state); });
  if (work.failed) return raise_work(state, kWorkAt, work);
  return run_part(state, work, 2, 0);
}

// wait_until({ timeout = "5m", every = "2s" }, function() ... end): looks until the function gives
// something that is neither false nor nil.
int word_wait_until(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  luaL_checktype(state, 2, LUA_TFUNCTION);
  lua_settop(state, 2);
  // A run that was approved with it may still be gone on with.
  const bool in_vain = session_of(state).gate.planning() && !may_give_something(state, 2);
  auto& work = begin(state, PartKind::kWaitUntil,
                     [&] { return in_vain ? Result<Value>(fail(never_so())) : wait_rule(state); });
  if (work.failed) return raise_work(state, kWorkAt, work);
  run_part(state, work, 2, 0);
  return 0;
}

// attempt(function() ... end, { ["code"] = function(err) ... end }): when it fails with that code,
// what it did is undone, and the handler takes over.
int word_attempt(lua_State* state) {
  luaL_checktype(state, 1, LUA_TFUNCTION);
  luaL_checktype(state, 2, LUA_TTABLE);
  lua_settop(state, 2);
  luaL_checkstack(state, 10, nullptr);
  auto& work = begin(state, PartKind::kAttempt, [&] { return attempt_rule(state); });
  if (work.failed) return raise_work(state, kWorkAt, work);
  run_part(state, work, 1, 2);
  return 0;
}

// phase("name", { within = { instances = {...}, acts = N } }, function() ... end): planned as a
// whole when it is reached, where that is not possible before.
int word_phase(lua_State* state) {
  luaL_checktype(state, 1, LUA_TSTRING);
  if (lua_isfunction(state, 2)) {
    lua_newtable(state);
    lua_insert(state, 2);
  }
  luaL_checktype(state, 2, LUA_TTABLE);
  luaL_checktype(state, 3, LUA_TFUNCTION);
  lua_settop(state, 3);
  auto& work = begin(state, PartKind::kPhase, [&] { return phase_rule(state); });  // 4
  lua_remove(state, 1);
  if (work.failed) return raise_work(state, kWorkAt, work);
  run_part(state, work, 2, 0);
  return 0;
}

// on_rollback(function() ... end): what it holds is made when the run is taken back, before the
// acts above it are undone.
int word_on_rollback(lua_State* state) {
  luaL_checktype(state, 1, LUA_TFUNCTION);
  lua_settop(state, 1);
  lua_pushnil(state);  // 2
  auto& work = begin(state, PartKind::kOnRollback, [] { return Result<Value>(Value::object()); });
  if (work.failed) return raise_work(state, kWorkAt, work);
  run_part(state, work, 1, 0);
  return 0;
}

}  // namespace snapcore
