// parallel: functions that are run beside each other. Each has a stack of Lua and a session of its
// own; the gate says when, and on which thread, each of them is run.
#include <algorithm>
#include <lua.hpp>
#include <memory>

#include "lua/failure.hpp"
#include "runbook/session.hpp"
#include "runbook/words.hpp"

namespace snapcore {
namespace {

constexpr std::int64_t kMostAtOnce = 16;
constexpr std::int64_t kMostBranches = 100;

// What it works on stands at 2, the stacks of the branches in the table at 3.
constexpr int kWorkAt = 2;
constexpr int kStacksAt = 3;

struct Branch {
  Branch(const Session& outer, lua_State* stack)
      : strand(outer.sandbox.sandbox(), stack),
        session{.gate = outer.gate,
                .sandbox = strand,
                .sources = outer.sources,
                .set_params = outer.set_params,
                .declared = true,
                .step = outer.step} {}

  Sandbox::Strand strand;
  Session session;
  std::optional<BodyFailure> failed = {};
  ScriptLine line = {};  // where it failed
};

struct ParallelWork : Work {
  Part part;
  std::int64_t branch_count = 0;
  std::vector<std::unique_ptr<Branch>> branches;
  std::vector<const Branch*> failed_branches;  // in the order in which they ended
};

Error bad_argument(std::string message) {
  return {.code = "runbook.bad_argument",
          .message = "parallel: " + std::move(message),
          .category = Category::kPrecondition};
}

Result<std::int64_t> limit_on_top(lua_State* state) {
  const std::int64_t limit = lua_isinteger(state, -1) != 0 ? lua_tointeger(state, -1) : 0;
  if (limit >= 1 && limit <= kMostAtOnce) return limit;
  return fail(bad_argument("limit is a number from 1 to " + std::to_string(kMostAtOnce) +
                           ": how many " + "of the functions are run at the same time"));
}

// The table at 1: functions in a row, and perhaps a limit.
Result<> read_table(lua_State* state, ParallelWork& work) {
  const auto count = static_cast<std::int64_t>(lua_rawlen(state, 1));
  std::int64_t limit = std::min(count, kMostAtOnce);
  const int top = lua_gettop(state);
  std::int64_t functions = 0;
  Result<> fits;
  for (lua_pushnil(state); fits && lua_next(state, 1) != 0; lua_pop(state, 1)) {
    const std::int64_t place = lua_isinteger(state, -2) != 0 ? lua_tointeger(state, -2) : 0;
    if (place >= 1 && place <= count && lua_isfunction(state, -1)) {
      ++functions;
      continue;
    }
    const bool is_name = lua_type(state, -2) == LUA_TSTRING;
    const std::string name = is_name ? lua_tostring(state, -2) : "";
    if (name == "limit") {
      const auto given = limit_on_top(state);
      if (given) limit = std::min(*given, limit);
      if (!given) fits = fail(given.error());
    } else {
      fits = fail(bad_argument(is_name ? "there is no '" + name + "'; there is limit, and functions"
                                       : "it takes functions in a row, without a gap: "
                                         "{ limit = 2, function() ... end, function() ... end }"));
    }
  }
  lua_settop(state, top);
  if (!fits) return fits;
  if (count < 1 || count > kMostBranches || functions != count) {
    return fail(bad_argument("it takes 1 to " + std::to_string(kMostBranches) +
                             " functions without a gap, and got " + std::to_string(functions)));
  }
  work.branch_count = count;
  work.part.kind = PartKind::kParallel;
  work.part.line = to_line(work.line);
  work.part.rule = Value::object({{"limit", limit}, {"branches", count}});
  return {};
}

// A stack with the function on it.
void open_branch(lua_State* state, ParallelWork& work, std::int64_t place) {
  lua_State* stack = lua_newthread(state);
  lua_rawseti(state, kStacksAt, place);
  lua_rawgeti(state, 1, place);
  lua_xmove(state, stack, 1);
  const Session& outer = session_of(state);
  guarded(work.failed, [&] { work.branches.push_back(std::make_unique<Branch>(outer, stack)); });
  if (work.failed) return;
  set_session(state, stack, &work.branches.back()->session);
}

// On whichever thread the gate runs it.
BodyEnd run_branch(ParallelWork& work, Branch& branch) {
  BodyEnd end;
  std::optional<Error> problem;
  guarded(problem, [&] {
    const int status = branch.strand.call();
    if (status == LUA_OK && !branch.strand.stopping()) return;
    end.failed = failure_on_top(branch.strand, status, &branch.line);
    branch.failed = end.failed;
    work.failed_branches.push_back(&branch);
  });
  if (problem) end.failed = BodyFailure{.error = *problem};
  return end;
}

// The line that the failure of the whole is about.
ScriptLine line_of(const ParallelWork& work, const Error& error) {
  for (const Branch* branch : work.failed_branches) {
    const Error& own = branch->failed->error;
    if (own.code == error.code && own.message == error.message) return branch->line;
  }
  return {};
}

void run_all(Session& session, ParallelWork& work) {
  std::vector<Gate::Body> bodies;
  for (const auto& branch : work.branches)
    bodies.emplace_back([&work, &branch] { return run_branch(work, *branch); });
  auto ended = session.gate.parallel(work.part, bodies);
  if (ended) return;
  const ScriptLine line = line_of(work, ended.error());
  if (line.number != 0) work.line = line;
  work.failed = std::move(ended.error());
}

}  // namespace

// parallel { limit = 2, function() ... end, function() ... end }: run beside each other. Gives a
// list of what each function gave first.
int word_parallel(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  lua_settop(state, 1);
  luaL_checkstack(state, 10, nullptr);
  auto& work = new_box<ParallelWork>(state, kPlainBox, 1);  // 2
  work.line = current_line(state);
  guarded(work.failed, [&] {
    if (auto read = read_table(state, work); !read) work.failed = read.error();
  });
  if (work.failed) return raise_work(state, kWorkAt, work);
  lua_createtable(state, static_cast<int>(work.branch_count), 0);  // 3
  lua_pushvalue(state, kStacksAt);
  lua_setiuservalue(state, kWorkAt, 1);  // the stacks live as long as their strands
  for (std::int64_t place = 1; place <= work.branch_count && !work.failed; ++place)
    open_branch(state, work, place);
  if (work.failed) return raise_work(state, kWorkAt, work);
  Session& session = session_of(state);
  ask_gate(session, work, [&] { run_all(session, work); });
  if (work.failed) return raise_work(state, kWorkAt, work);
  lua_createtable(state, static_cast<int>(work.branch_count), 0);  // 4
  for (std::int64_t place = 1; place <= work.branch_count; ++place) {
    lua_xmove(work.branches[static_cast<std::size_t>(place) - 1]->strand.state(), state, 1);
    lua_rawseti(state, -2, place);
  }
  return 1;
}

}  // namespace snapcore
