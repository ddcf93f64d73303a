// The word parallel: by itself against a fake gate, and its branches on threads of the real one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../engine/scene.hpp"
#include "run_runbook.hpp"

namespace snapcore::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> notes_of(const std::string& text, std::string* error = nullptr) {
  FakeGate gate = make_gate();
  const auto ended = run(gate, "local store = target 'store'\n" + text);
  if (error) {
    *error = ended.message();
  } else {
    EXPECT_TRUE(ended.result) << ended.message();
  }
  return gate.notes;
}

std::string error_of(const std::string& text) {
  std::string error;
  notes_of(text, &error);
  return error;
}

TEST(ParallelWordTest, GivesWhatEachFunctionGaveFirst) {
  EXPECT_THAT(notes_of("local got = parallel { function() return 'one', 2 end, function() end,\n"
                       "  function() return { three = 3 } end }\n"
                       "print(got[1], got[2], got[3].three)"),
              ElementsAre("one\tnil\t3"));
}

TEST(ParallelWordTest, SaysHowManyAtTheSameTime) {
  const auto rule_of = [](const std::string& text) {
    FakeGate gate = make_gate();
    EXPECT_TRUE(run(gate, text).result);
    return gate.log[1];
  };
  EXPECT_EQ(rule_of("parallel { function() end, function() end, limit = 1 }").substr(0, 33),
            "parallel {\"branches\":2,\"limit\":1}");
  EXPECT_THAT(rule_of("parallel { function() end, limit = 9 }"), HasSubstr("\"limit\":1"));
  EXPECT_THAT(rule_of("local all = {} for i = 1, 40 do all[i] = function() end end parallel(all)"),
              HasSubstr("{\"branches\":40,\"limit\":16}"));
}

TEST(ParallelWordTest, RefusesWhatIsNoRowOfFunctions) {
  EXPECT_THAT(error_of("parallel {}"), HasSubstr("takes 1 to 100 functions"));
  EXPECT_THAT(error_of("parallel { note, 7 }"), HasSubstr("takes functions in a row"));
  EXPECT_THAT(error_of("parallel { note, nil, note }"), HasSubstr("without a gap"));
  EXPECT_THAT(error_of("parallel { note, limits = 2 }"), HasSubstr("there is no 'limits'"));
  EXPECT_THAT(error_of("parallel { note, limit = 17 }"), HasSubstr("a number from 1 to 16"));
  EXPECT_THAT(error_of("parallel { note, limit = '2' }"), HasSubstr("a number from 1 to 16"));
  EXPECT_THAT(error_of("parallel(note)"), HasSubstr("table expected"));
}

TEST(ParallelWordTest, FailsWithWhatABranchFailedWithAtItsLine) {
  EXPECT_EQ(error_of("parallel {\n  function() end,\n  function() store:breaks() end }"),
            "dr.lua:4: the shelf gave way");
  EXPECT_EQ(error_of("parallel {\n  function() local x = nil + 1 end }"),
            "dr.lua:3: attempt to perform arithmetic on a nil value");
  EXPECT_EQ(error_of("parallel {\n  function() fail('no', 'do') end }"), "dr.lua:3: no");
}

// --- on threads ----------------------------------------------------------------------------------

constexpr Sandbox::Limits kSmall{.memory_bytes = std::size_t{16} << 20, .work = 3'000'000};

Script runbook(const std::string& body) {
  return [body](Gate& gate) -> Result<> {
    auto loaded = Runbook::from_text("dr.lua", "local a, b = instance 'a', instance 'b'\n" + body);
    if (!loaded) return fail(loaded.error());
    loaded->set_limits(kSmall);
    return loaded->run(gate, {});
  };
}

RunReport execute_other(Scene& scene, const std::string& planned, const std::string& executed) {
  const auto plan = scene.plan(runbook(planned));
  if (!plan) throw std::runtime_error(plan.error().message);
  return scene.execute(*plan, runbook(executed));
}

TEST(ParallelThreadsTest, BranchesRunAndAreGoneOnBehind) {
  Scene scene;
  const auto report =
      scene.run(runbook("local got = parallel {\n"
                        "  function() return a:add { name = 'one' }.name end,\n"
                        "  function() step('two', function() b:add { name = 'two' } end) end }\n"
                        "a:add { name = 'three' }"));
  EXPECT_EQ(report.ending, Ending::kDone) << report.error->message;
  EXPECT_EQ(scene.get("a/calls"), "add one\nadd three\n");
}

TEST(ParallelThreadsTest, ACeilingThatABranchUsesUpEndsTheRun) {
  const std::string plain = "parallel { function() a:add { name = 'one' } end, function() end }";
  const auto with = [](const std::string& bad) {
    return "local ok = pcall(parallel, { function() a:add { name = 'one' } end, function()\n" +
           bad + " end })\nnote 'went on'";
  };
  for (const auto& [bad, code] : std::map<std::string, std::string>{
           {"while true do end", "runbook.budget"},
           {"while true do pcall(error) end", "runbook.budget"},
           {"local t = {} for i = 1, 1e9 do t[i] = { i } end", "runbook.memory"},
           {"local s = 'x' while true do s = s .. s end", "runbook.memory"},
           {"local function f() return 1 + f() end f()", "runbook.memory"},
           {"local function f() return pcall(f) end f() error('deep')", "runbook.failed"},
           {"string.rep('x', 1e9)", "runbook.budget"}}) {
    Scene scene;
    const auto report = execute_other(scene, plain, with(bad));
    ASSERT_TRUE(report.error) << bad;
    EXPECT_EQ(report.error->code, code) << bad << ": " << report.error->message;
    EXPECT_THAT(scene.names("a"), ::testing::Not(Contains("one"))) << bad;
  }
}

TEST(ParallelThreadsTest, NothingInABranchGoesOnBehindTheFailureOfAnother) {
  const std::string plain =
      "parallel { function() a:add { name = 'bad', fails = 'before' } end, function()\n"
      "  b:add { name = 'one' } b:add { name = 'two' } b:add { name = 'three' } end }";
  for (const char* tries : {
           "pcall(b.add, b, { name = 'one' }) pcall(b.add, b, { name = 'two' }) "
           "pcall(b.add, b, { name = 'three' })",
           "xpcall(b.add, print, b, { name = 'one' }) local t <close> = setmetatable({}, { "
           "__close = function() b:add { name = 'three' } end }) b:add { name = 'two' }",
           "pcall(table.sort, { 1, 2 }, function() b:add { name = 'one' } return true end) "
           "b:add { name = 'two' } b:add { name = 'three' }",
       }) {
    Scene scene;
    const auto report = execute_other(
        scene, plain,
        "pcall(parallel, { function() pcall(a.add, a, { name = 'bad', fails = 'before' }) "
        "note 'on' end, function()\n" +
            std::string(tries) + " end })\nb:add { name = 'four' }");
    ASSERT_TRUE(report.error);
    EXPECT_EQ(report.error->code, "ledger.broken") << report.error->message;
    std::uint64_t failed = UINT64_MAX;
    for (const Record& record : scene.records()) {
      if (record.type == "error") failed = record.seq;
      EXPECT_FALSE(record.type == "intent" && record.seq > failed) << tries;
    }
    // What it did before is undone, and nothing of it stands.
    for (const std::string& name : scene.names("b")) EXPECT_EQ(name, "calls") << tries;
  }
}

TEST(ParallelThreadsTest, ACallInsideOfASortLetsTheOtherBranchSort) {
  Scene scene;
  const std::string sort =
      "function()\n"
      "  local t = { 5, 3, 9, 1, 7, 2, 8 }\n"
      "  table.sort(t, function(x, y) LEDGER:count() return x < y end)\n"
      "  return table.concat(t, ' ')\nend";
  const auto with = [&](const std::string& ledger) {
    std::string text = sort;
    return text.replace(text.find("LEDGER"), 6, ledger);
  };
  const auto report = scene.run(runbook("local got = parallel { " + with("a") + ", " + with("b") +
                                        ", " + with("a") + " }\n" +
                                        "for _, one in ipairs(got) do\n"
                                        "  if one ~= '1 2 3 5 7 8 9' then fail(one) end\nend"));
  EXPECT_EQ(report.ending, Ending::kDone) << report.error->message;
}

TEST(ParallelThreadsTest, ABranchFailsAtItsOwnLineAndNamesItsStep) {
  Scene scene;
  const auto report =
      scene.run(runbook("parallel {\n"
                        "  function() end,\n"
                        "  function() step('two', function()\n"
                        "    b:add { name = 'bad', fails = 'before' } end) end }"));
  EXPECT_EQ(report.error->code, "ledger.broken");
}

TEST(ParallelThreadsTest, AParallelInsideOfAParallelIsRefusedHoweverDeepItCallsItself) {
  Scene scene;
  const auto plan = scene.plan(runbook("local function f() parallel { f } end f()"));
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, "runbook.bad_place");
}

TEST(ParallelThreadsTest, AStepInABranchOfAStepIsNested) {
  Scene scene;
  const auto plan = scene.plan(runbook(
      "step('outer', function() parallel { function() step('inner', function() end) end } end)"));
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, "runbook.nested_step");
}

}  // namespace
}  // namespace snapcore::test
