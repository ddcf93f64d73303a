// Runbooks that try to go on after they must stop, and other bad company.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "run_runbook.hpp"

namespace snapcore::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr Sandbox::Limits kSmall{.memory_bytes = std::size_t{16} << 20, .work = 1'000'000};

// A gate whose store stops the run at the first call of `breaks`.
FakeGate make_stopping_gate(FakeGate*& self) {
  FakeGate gate = make_gate();
  gate.instances["store"].operations["breaks"].answer = [&self](const Value&) -> Result<Answer> {
    self->stop = Error{.code = "run.deviation", .message = "this is not what was approved"};
    return fail(*self->stop);
  };
  return gate;
}

TEST(AdversaryTest, NothingGoesOnAfterTheGateStoppedTheRun) {
  for (const char* attempt : {
           "store:breaks()",
           "pcall(store.breaks, store)",
           "while true do pcall(store.breaks, store) end",
           "pcall(function() pcall(store.breaks, store) store:create() end) store:create()",
           "xpcall(store.breaks, function() store:create() return 1 end, store)",
           "xpcall(function() store:breaks() end, function() while true do end end)",
           "local t <close> = setmetatable({}, { __close = function() store:create() end }) "
           "store:breaks()",
           "pcall(function() local t <close> = setmetatable({}, { __close = function() "
           "store:create() end }) store:breaks() end)",
           "table.sort({ 3, 2, 1 }, function() pcall(store.breaks, store) store:create() return "
           "true end)",
           "string.gsub('aaa', 'a', function() pcall(store.breaks, store) store:create() end)",
           "string.gsub('aaa', 'a', function() pcall(pcall, pcall, store.breaks, store) end) "
           "store:create()",
           "step('One', function() pcall(store.breaks, store) store:create() end)",
           "pcall(step, 'One', function() pcall(store.breaks, store) end) store:create()",
           "pcall(when, later(made, 'changed'), function() pcall(store.breaks, store) end) "
           "store:create()",
           "for k, v in pairs(setmetatable({}, { __pairs = function() pcall(store.breaks, store) "
           "store:create() end })) do end",
           "local s = tostring(setmetatable({}, { __tostring = function() pcall(store.breaks, "
           "store) store:create() end }))",
           "local f f = function() pcall(store.breaks, store) return f() end f()",
           "goto a ::b:: store:create() ::a:: pcall(store.breaks, store) goto b",
       }) {
    FakeGate* self = nullptr;
    FakeGate gate = make_stopping_gate(self);
    self = &gate;
    const auto ended = run(gate, "local store = target 'store' local made = store:create()\n" +
                                     std::string(attempt) + "\nstore:create()\nnote 'went on'");
    ASSERT_FALSE(ended.result) << attempt;
    EXPECT_EQ(ended.code(), "run.deviation") << attempt;
    EXPECT_EQ(ended.message(), "dr.lua:2: this is not what was approved") << attempt;
    int calls = 0;
    for (const auto& line : gate.log) calls += line.rfind("call store.create", 0) == 0 ? 1 : 0;
    EXPECT_EQ(calls, 1) << attempt;
    EXPECT_TRUE(gate.notes.empty()) << attempt;
  }
}

TEST(AdversaryTest, AStopSetByAnythingTheGateDoesIsNoticed) {
  for (const char* word :
       {"note 'x'", "source 'backups'", "now()", "uuid()", "step('One', function() end)",
        "backups:list()", "when(later(made, 'changed'), function() end)", "print(1)"}) {
    FakeGate gate = make_gate();
    class StoppingGate : public FakeGate {
     public:
      explicit StoppingGate(FakeGate from) : FakeGate(std::move(from)) {}
      const Error* stopped() const override {
        return armed && !log.empty() && log.size() > limit ? &error : nullptr;
      }
      bool armed = true;
      std::size_t limit = 0;
      Error error{.code = "run.interrupted", .message = "stopped by the operator"};
    };
    StoppingGate probe(make_gate());
    probe.armed = false;
    const std::string start = "local backups, made = source 'backups', target('store'):create()\n";
    ASSERT_TRUE(run(probe, start).result);
    StoppingGate stopping(make_gate());
    stopping.limit = probe.log.size() - 1;  // from the last call of the first line on
    const auto ended = run(stopping, start + "pcall(function() " + word + " end)\nnote 'went on'");
    EXPECT_EQ(ended.code(), "run.interrupted") << word;
    EXPECT_THAT(ended.message(), StartsWith("dr.lua:1: ")) << word;
    EXPECT_TRUE(stopping.notes.empty()) << word;
  }
}

TEST(AdversaryTest, EndlessRunbooksAndMemoryBombsEnd) {
  const std::pair<const char*, const char*> kBombs[] = {
      {"while true do end", "runbook.budget"},
      {"while true do pcall(error) end", "runbook.budget"},
      {"while true do note 'x' end", "runbook.budget"},
      {"while true do pcall(store.breaks, store) end", "runbook.budget"},
      {"step('One', function() while true do end end)", "runbook.budget"},
      {"local function f() pcall(f) f() end f()", "runbook.budget"},
      {"string.find(string.rep('a', 1e4), '.-.-.-.-b')", "runbook.budget"},
      {"local t = {} for i = 1, 1e9 do t[i] = i end", "runbook.memory"},
      {"step('One', function() local t = {} for i = 1, 1e9 do t[i] = i end end)", "runbook.memory"},
      {"while true do pcall(string.rep, 'x', 1e9) end", "runbook.memory"},
  };
  for (const auto& [bomb, code] : kBombs) {
    FakeGate gate = make_gate();
    gate.forgive_steps = true;  // which must not forgive this
    auto limits = kSmall;
    if (std::string(code) == "runbook.memory") limits.work = 1'000'000'000;
    const auto ended =
        run(gate, "local store = target 'store'\n" + std::string(bomb) + "\nstore:create()", {},
            limits);
    EXPECT_EQ(ended.code(), code) << bomb;
    for (const auto& line : gate.log)
      EXPECT_THAT(line, ::testing::Not(HasSubstr("store.create"))) << bomb;
  }
}

TEST(AdversaryTest, TheTimeOfOperationsIsNotTheScripts) {
  FakeGate gate = make_gate();
  gate.instances["store"].operations["inspect"].answer = [](const Value&) -> Result<Answer> {
    volatile std::uint64_t n = 0;
    for (int i = 0; i < 1'000'000; ++i) n = n + 1;
    return known(Value::object({{"healthy", true}}));
  };
  EXPECT_TRUE(run(gate, "local store = target 'store' for i = 1, 20 do store:inspect() end", {},
                  {.work = 100'000, .processor_time = std::chrono::seconds(5)})
                  .result);
}

TEST(AdversaryTest, NothingLeadsToFilesOrCode) {
  for (const char* attempt :
       {"io.open('/etc/passwd')", "os.execute('id')", "load('return 1')()", "loadstring('x')",
        "dofile('/etc/passwd')", "package.loadlib('x', 'y')", "debug.getregistry()", "require 'io'",
        "require '../../etc/passwd'", "string.dump(function() end)", "collectgarbage()",
        "coroutine.create(note)", "_G.io = 1", "rawset(_ENV, 'x', 1)", "rawget(_ENV, 'io')",
        "getmetatable(_ENV).__index = nil", "setmetatable(_ENV, nil)",
        "local _ENV = setmetatable({}, { __index = _ENV }) io.open('x')"}) {
    const auto ended = run(attempt);
    ASSERT_FALSE(ended.result) << attempt;
    EXPECT_THAT(ended.message(), StartsWith("dr.lua:1: ")) << attempt;
  }
  EXPECT_EQ(run(std::string("\x1bLua", 4)).code(), "runbook.syntax");
}

TEST(AdversaryTest, HugeAndOddValuesPassOrAreRefusedByName) {
  FakeGate gate = make_gate();
  const std::string start = "local store = target 'store'\n";
  ASSERT_TRUE(
      run(gate,
          start + "store:create { from = { math.maxinteger, math.mininteger, 2^53, 'a\\0b', '' } }")
          .result);
  EXPECT_EQ(
      gate.args.back().dump(),
      R"({"from":[9223372036854775807,-9223372036854775808,9007199254740992.0,"a\u0000b",""]})");
  EXPECT_THAT(run(start + "store:create { count = 1/0 }").message(),
              HasSubstr("store.create: count is no finite number"));
  EXPECT_THAT(run(start + "store:create { from = '\\xff' }").message(),
              HasSubstr("from is not UTF-8 text"));
  EXPECT_THAT(run(start + "local t = {} t.t = t store:create { from = t }").message(),
              HasSubstr("from.t contains itself"));
  EXPECT_THAT(run(start + "local t = {} for i = 1, 1e6 do t[i] = i end store:create { names = t }")
                  .message(),
              HasSubstr("holds too many values"));
}

TEST(AdversaryTest, AGateThatThrowsIsAnErrorAndNotACrash) {
  FakeGate gate = make_gate();
  gate.instances["store"].operations["restore"].answer = [](const Value&) -> Result<Answer> {
    throw std::runtime_error("oops");
  };
  const auto ended = run(gate, "local store = target 'store'\nstore:restore()");
  EXPECT_EQ(ended.message(), "dr.lua:2: oops");
  ASSERT_FALSE(ended.result);
  EXPECT_EQ(ended.result.error().category, Category::kInternal);
}

}  // namespace
}  // namespace snapcore::test
