// Words whose function may be run again, or another one in its place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "run_runbook.hpp"

namespace snapcore::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// What was asked of a gate that executes, or plans, behind the opening of the instances.
std::vector<std::string> log_of(const std::string& text, bool planning = false,
                                std::string* error = nullptr) {
  FakeGate gate = make_gate();
  gate.is_planning = planning;
  const auto ended = run(gate, "local backups, store = source 'backups', target 'store'\n" + text);
  if (error) {
    *error = ended.message();
  } else {
    EXPECT_TRUE(ended.result) << ended.message();
  }
  return {gate.log.begin() + 3, gate.log.end()};
}

std::string error_of(const std::string& text) {
  std::string error;
  log_of(text, false, &error);
  return error;
}

TEST(RetryWordTest, RunsItsFunctionAgainWhenTheGateSaysSo) {
  EXPECT_THAT(
      log_of("local n = 0\n"
             "local got = retry({ times = 3, wait = '1m' }, function()\n"
             "  n = n + 1\n"
             "  if n < 3 then store:breaks() end\n"
             "  return n\n"
             "end)\n"
             "note(got)"),
      ElementsAre("retry {\"times\":3,\"wait\":\"1m\"} at dr.lua:3",
                  "call store.breaks {} at dr.lua:5", "again", "call store.breaks {} at dr.lua:5",
                  "again", "leave retry", "note 3 at dr.lua:8"));
}

TEST(RetryWordTest, HasDefaults) {
  EXPECT_THAT(log_of("retry({}, function() end)").front(),
              HasSubstr("retry {\"times\":3,\"wait\":\"5s\"}"));
}

TEST(RetryWordTest, FailsWithWhatItsFunctionFailedWithAtItsLine) {
  std::string error;
  const auto log =
      log_of("retry({}, function() store:breaks() end)\nnote 'went on'", false, &error);
  EXPECT_EQ(error, "dr.lua:2: the shelf gave way");
  EXPECT_EQ(std::count(log.begin(), log.end(), "again"), 2);
  EXPECT_EQ(log.back(), "leave retry");
  EXPECT_EQ(error_of("retry({}, function() fail 'no' end)"), "dr.lua:2: no");
}

TEST(RetryWordTest, RefusesRulesThatAreNone) {
  EXPECT_THAT(error_of("retry({ times = 0 }, note)"), HasSubstr("a number from 1 to 1000, not 0"));
  EXPECT_THAT(error_of("retry({ times = 'x' }, note)"), HasSubstr("a number from 1"));
  EXPECT_THAT(error_of("retry({ wait = 5 }, note)"), HasSubstr("a time like \"5s\""));
  EXPECT_THAT(error_of("retry({ wait = 'soon' }, note)"), HasSubstr("not \"soon\""));
  EXPECT_THAT(error_of("retry({ tries = 5 }, note)"),
              HasSubstr("retry has no 'tries'; there is times, wait"));
  EXPECT_THAT(error_of("retry(note)"), HasSubstr("table expected"));
  EXPECT_THAT(error_of("retry({})"), HasSubstr("function expected"));
}

// A gate whose store stops the run when it breaks, as the core does when an act fails.
TEST(RetryWordTest, LiftsTheStopOfAnActThatFailedInIt) {
  FakeGate gate = make_gate();
  gate.is_planning = false;
  int breaks = 0;
  gate.instances["store"].operations["breaks"].answer = [&](const Value&) -> Result<Answer> {
    if (++breaks == 3) return known(Value::object());
    gate.stop = Error{
        .code = "store.broken", .message = "the shelf gave way", .category = Category::kTransient};
    return fail(*gate.stop);
  };
  const auto ended = run(gate,
                         "local store = target 'store'\n"
                         "retry({}, function()\n"
                         "  pcall(store.breaks, store)\n"
                         "  note 'behind it'\n"
                         "end)\n"
                         "note 'went on'");
  EXPECT_TRUE(ended.result) << ended.message();
  EXPECT_THAT(gate.notes, ElementsAre("behind it", "went on"));
}

TEST(RetryWordTest, DoesNotGoOnWhenTheScriptHasUsedUpWhatItMay) {
  FakeGate gate = make_gate();
  gate.is_planning = false;
  const auto ended = run(gate, "retry({}, function() while true do end end)", {},
                         {.memory_bytes = std::size_t{16} << 20, .work = 100'000});
  EXPECT_EQ(ended.code(), "runbook.budget");
  EXPECT_THAT(gate.log, Not(Contains("again")));
}

TEST(WaitWordTest, RunsItsFunctionUntilItHolds) {
  EXPECT_THAT(log_of("local n = 0\n"
                     "wait_until({ timeout = '1m' }, function() n = n + 1 return n > 2 end)"),
              ElementsAre("wait_until {\"every\":\"2s\",\"timeout\":\"1m\"} at dr.lua:3", "again",
                          "again", "leave wait_until"));
  EXPECT_THAT(error_of("wait_until({ every = '0s' }, note)"), HasSubstr("at least \"1s\""));
}

TEST(WaitWordTest, AFunctionThatGivesNothingIsRefusedWhilePlanning) {
  const auto planned = [](const std::string& function) {
    std::string error;
    log_of("wait_until({}, " + function + ")", true, &error);
    return error;
  };
  const char* refusal =
      "dr.lua:2: wait_until: its function gives nothing, and what is waited for is never so";
  EXPECT_EQ(planned("function() store:inspect() end"), refusal);
  EXPECT_EQ(planned("function() if store:inspect().healthy then return end end"), refusal);
  EXPECT_EQ(planned("function() local ok = function() return true end end"), refusal);
  EXPECT_EQ(planned("function() return true end"), "");
  EXPECT_EQ(planned("function() return tostring(1) end"), "");
  EXPECT_EQ(planned("function() if store:inspect().healthy then return 1, 2 end end"), "");
  EXPECT_EQ(planned("function(...) local x = 1; local f = function() return x end; return ... end"),
            "");
}

TEST(AttemptWordTest, GivesItsHandlerWhatFailed) {
  EXPECT_THAT(log_of("attempt(function() store:breaks() end, {\n"
                     "  ['other.code'] = function() note 'no' end,\n"
                     "  ['stall.broken'] = function(err)\n"
                     "    print(err.code, err.message, err.hint, err.plugin, err.retryable)\n"
                     "  end,\n"
                     "})\nnote 'went on'"),
              ElementsAre("attempt {\"codes\":[\"other.code\",\"stall.broken\"]} at dr.lua:2",
                          "call store.breaks {} at dr.lua:2", "handler stall.broken",
                          "note stall.broken\tthe shelf gave way\tnail it\tstall\ttrue at dr.lua:5",
                          "leave attempt", "note went on at dr.lua:8"));
}

TEST(AttemptWordTest, RunsEveryWayWhilePlanning) {
  EXPECT_THAT(log_of("attempt(function() note 'body' end, {\n"
                     "  ['b'] = function(err) print(err.code, err.message) end,\n"
                     "  ['a'] = function(err) print(err.code, tostring(err)) end })",
                     true),
              ElementsAre("attempt {\"codes\":[\"a\",\"b\"]} at dr.lua:2", "note body at dr.lua:2",
                          "handler a", "note a\ta at dr.lua:4", "handler b",
                          "note b\tnil at dr.lua:3", "leave attempt"));
}

TEST(AttemptWordTest, CatchesWhatTheScriptItselfRaises) {
  EXPECT_THAT(log_of("attempt(function() error { code = 'my.code', message = 'x' } end,\n"
                     "  { ['my.code'] = function(err) note(err.message) end })"),
              Contains("note x at dr.lua:3"));
  EXPECT_EQ(error_of("attempt(function() fail 'x' end, { ['my.code'] = note })"), "dr.lua:2: x");
}

TEST(AttemptWordTest, RefusesHandlersThatAreNone) {
  EXPECT_THAT(error_of("attempt(note, {})"), HasSubstr("needs a handler"));
  EXPECT_THAT(error_of("attempt(note, { note })"), HasSubstr("[\"code\"] = function"));
  EXPECT_THAT(error_of("attempt(note, { x = 5 })"), HasSubstr("[\"code\"] = function"));
  EXPECT_THAT(error_of("attempt(note, { ['a b'] = note })"), HasSubstr("is no error code"));
  EXPECT_THAT(error_of("attempt(note, { ['run.deviation'] = note })"),
              HasSubstr("stops the run and is never caught"));
}

TEST(OnRollbackWordTest, RunsItsFunctionWhilePlanningAlone) {
  EXPECT_THAT(
      log_of("on_rollback(function() note 'back' end)", true),
      ElementsAre("on_rollback {} at dr.lua:2", "note back at dr.lua:2", "leave on_rollback"));
  EXPECT_THAT(log_of("on_rollback(function() note 'back' end)"),
              ElementsAre("on_rollback {} at dr.lua:2", "leave on_rollback"));
}

TEST(PhaseWordTest, NamesItsBoundsInOneForm) {
  EXPECT_THAT(
      log_of("phase('P', { within = { instances = { 'store', 'a' }, acts = 2, bytes = '1 MB' } },\n"
             "  function() note 'in it' end)\n"
             "phase('Q', function() end)\n"
             "phase('R', { within = { acts = 0, instances = {} } }, function() end)"),
      ElementsAre("phase {\"name\":\"P\",\"within\":{\"acts\":2,\"bytes\":1000000,\"destroys\":0,"
                  "\"instances\":[\"a\",\"store\"]}} at dr.lua:2",
                  "note in it at dr.lua:3", "leave phase",
                  "phase {\"name\":\"Q\",\"within\":null} at dr.lua:4", "leave phase",
                  "phase {\"name\":\"R\",\"within\":{\"acts\":0,\"destroys\":0,\"instances\":[]}} "
                  "at dr.lua:5",
                  "leave phase"));
}

TEST(PhaseWordTest, GivesNothingAndFailsWithWhatItsFunctionFailedWith) {
  EXPECT_THAT(log_of("note(phase('P', function() return 1 end) == nil)"),
              Contains("note true at dr.lua:2"));
  EXPECT_EQ(error_of("phase('P', function() store:breaks() end)"), "dr.lua:2: the shelf gave way");
}

TEST(PhaseWordTest, RefusesWhatIsNone) {
  EXPECT_THAT(error_of("phase('', note)"), HasSubstr("phase needs a name"));
  EXPECT_THAT(error_of("phase(7, note)"), HasSubstr("string expected"));
  EXPECT_THAT(error_of("phase('P', { wthin = {} }, note)"), HasSubstr("phase has no 'wthin'"));
  EXPECT_THAT(error_of("phase('P', { within = { acts = 'x' } }, note)"),
              HasSubstr("within.acts is a number"));
  EXPECT_THAT(error_of("phase('P', { within = { acts = 1, instances = { 'a', b = 1 } } }, note)"),
              HasSubstr("phase: "));
  EXPECT_THAT(error_of("phase('P', { within = 5 }, note)"), HasSubstr("phase: "));
}

TEST(AskWordTest, GivesTheAnswer) {
  EXPECT_THAT(log_of("note(ask('Which?', { choices = { 'x', 'y' }, default = 'x', name = 'w' }))\n"
                     "note(ask 'What?')"),
              ElementsAre("ask {\"choices\":[\"x\",\"y\"],\"default\":\"x\",\"name\":\"w\","
                          "\"question\":\"Which?\"} at dr.lua:2",
                          "note y at dr.lua:2", "ask {\"question\":\"What?\"} at dr.lua:3",
                          "note an answer at dr.lua:3"));
}

TEST(AskWordTest, RefusesQuestionsThatAreNone) {
  EXPECT_THAT(error_of("ask('?', { choices = {} })"), HasSubstr("a list of texts"));
  EXPECT_THAT(error_of("ask('?', { choices = { 5 } })"), HasSubstr("a list of texts"));
  EXPECT_THAT(error_of("ask('?', { choices = { 'a' }, default = 'b' })"),
              HasSubstr("not among the choices"));
  EXPECT_THAT(error_of("ask('?', { name = 'a b' })"), HasSubstr("name is a word"));
  EXPECT_THAT(error_of("ask('?', { chioces = {} })"), HasSubstr("there is no 'chioces'"));
  EXPECT_THAT(error_of("ask {}"), HasSubstr("string expected"));
}

}  // namespace
}  // namespace snapcore::test
