#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "run_runbook.hpp"

namespace snapcore::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string kStart = "local backups, store = source 'backups', target 'store'\n";

// Runs behind kStart, so that the first line of `text` is line 2.
Ended after_start(const std::string& text) { return run(kStart + text); }

TEST(WordsTest, ARunbookBecomesCallsOfTheGateInOrder) {
  FakeGate gate = make_gate();
  const auto ended = run(gate,
                         "local params = runbook { summary = 'Bring it back', params = {\n"
                         "  kind = { type = 'string', default = 'note' } } }\n"
                         "local backups, store = source 'backups', target 'store'\n"
                         "local newest = backups:latest { kind = params.kind }\n"
                         "step('Restore ' .. store.name, function()\n"
                         "  store:restore { from = newest }\n"
                         "end)\n"
                         "note('size ' .. newest.size)\n"
                         "print('a', 1, true, null)\n");
  ASSERT_TRUE(ended.result) << ended.message();
  EXPECT_THAT(
      gate.log,
      ElementsAre(
          "declare Bring it back {\"kind\":\"note\"}", "open backups at dr.lua:3",
          "open store at dr.lua:3", "call backups.latest {\"kind\":\"note\"} at dr.lua:4",
          "step Restore store at dr.lua:5",
          "call store.restore {\"from\":{\"ref\":\"a-1\",\"size\":512,\"tags\":[\"x\",{\"y\":1}]}} "
          "at dr.lua:6",
          "end step", "note size 512 at dr.lua:8", "note a\t1\ttrue\tnull at dr.lua:9"));
}

TEST(WordsTest, ThereIsNoWayOutOfTheRunbook) {
  for (const char* word : {"io", "os", "load", "coroutine"}) {
    EXPECT_EQ(run("local x = " + std::string(word)).message(),
              "dr.lua:1: there is no global '" + std::string(word) + "' here");
  }
}

TEST(WordsTest, ARunbookWithoutDeclarationHasNoParameters) {
  FakeGate gate = make_gate();
  EXPECT_TRUE(run(gate, "note 'hello'").result);
  EXPECT_EQ(gate.log.front(), "declare  {}");
  FakeGate silent = make_gate();
  EXPECT_TRUE(run(silent, "").result);
  EXPECT_THAT(silent.log, ElementsAre("declare  {}"));
  EXPECT_THAT(run("note 'x'", {{"a", "1"}}).message(),
              HasSubstr("there is no parameter 'a'; this runbook takes none"));
  EXPECT_EQ(run("", {{"a", "1"}}).code(), "runbook.unknown_parameter");
  EXPECT_EQ(run("", {{"a", "1"}}).message(),
            "dr.lua: there is no parameter 'a'; this runbook takes none");
}

TEST(WordsTest, TheDeclarationComesFirstAndOnce) {
  EXPECT_EQ(run("note 'x'\nrunbook { summary = 's' }").code(), "runbook.bad_declaration");
  EXPECT_EQ(run("runbook { summary = 's' }\nrunbook { summary = 's' }").code(),
            "runbook.bad_declaration");
  EXPECT_THAT(run("runbook { }").message(), HasSubstr("needs a summary"));
  EXPECT_THAT(run("runbook { summary = 's', parms = {} }").message(),
              HasSubstr("unknown member 'parms'"));
  EXPECT_THAT(run("runbook { summary = 's', params = { a = emit } }").message(),
              HasSubstr("no global 'emit'"));
  EXPECT_THAT(run("runbook { summary = 's', params = { a = note } }").message(),
              HasSubstr("params.a is a function"));
}

TEST(WordsTest, InstancesAreAskedForByRole) {
  EXPECT_EQ(run("source 'nobody'").message(), "dr.lua:1: there is no instance 'nobody'");
  EXPECT_EQ(run("\nsource 'store'").code(), "site.wrong_role");
  EXPECT_EQ(run("target 'backups'").code(), "site.wrong_role");
  EXPECT_TRUE(
      run("assert(instance('store').name == 'store' and instance('store').plugin == 'stall')")
          .result);
  EXPECT_TRUE(run("assert(tostring(target 'store') == 'store')").result);
  EXPECT_FALSE(run("target 'store'.name = 'x'").result);
}

TEST(WordsTest, AnUnknownOperationNamesThoseThereAre) {
  const auto ended = after_start("store:restor { }");
  EXPECT_EQ(ended.code(), "runbook.unknown_operation");
  EXPECT_EQ(
      ended.message(),
      "dr.lua:2: store has no operation 'restor'; there are breaks, create, inspect, restore");
  EXPECT_EQ(ended.result.error().hint, "did you mean store:restore?");
  EXPECT_EQ(after_start("store:zzz { }").result.error().hint, "");
}

TEST(WordsTest, OperationsAreCalledWithAColonAndNamedArguments) {
  EXPECT_THAT(after_start("store.inspect()").message(),
              HasSubstr("called with a colon: store:inspect{ ... }"));
  EXPECT_THAT(after_start("backups.latest(store)").message(), HasSubstr("called with a colon"));
  EXPECT_THAT(after_start("store:create(5)").message(),
              HasSubstr("takes one table of named arguments"));
  EXPECT_THAT(after_start("store:create({}, {})").message(),
              HasSubstr("takes one table of named arguments"));
  EXPECT_EQ(after_start("store:create { 'a', 'b' }").code(), "runbook.bad_argument");
  EXPECT_TRUE(after_start("store:inspect() store:inspect {} store:inspect(nil)").result);
}

TEST(WordsTest, ArgumentsAreConvertedAsTheirSchemaSays) {
  FakeGate gate = make_gate();
  ASSERT_TRUE(
      run(gate,
          kStart +
              "store:create { names = {}, extra = {}, count = 6 / 2, from = backups:latest() }")
          .result);
  EXPECT_EQ(
      gate.args.back().dump(),
      R"({"count":3,"extra":{},"from":{"ref":"a-1","size":512,"tags":["x",{"y":1}]},"names":[]})");
  ASSERT_TRUE(
      run(gate, kStart + "store:create { from = store, names = backups:latest().tags }").result);
  EXPECT_EQ(gate.args.back().dump(), R"({"from":"store","names":["x",{"y":1}]})");
  ASSERT_TRUE(run(gate, kStart + "store:create { from = backups:list()[2] }").result);
  EXPECT_EQ(gate.args.back().dump(), R"({"from":{"ref":"a-2"}})");
}

TEST(WordsTest, ABadArgumentIsNamedWithItsPathAndLine) {
  const auto ended = after_start("\nstore:create { extra = { run = { when = note } } }");
  EXPECT_EQ(ended.code(), "runbook.bad_argument");
  EXPECT_EQ(ended.message(), "dr.lua:3: store.create: extra.run.when is a function");
  EXPECT_THAT(after_start("store:create { from = { ['$later'] = { call = 'root#1', field = 'x', "
                          "type = 'string' } } }")
                  .message(),
              HasSubstr("reserved"));
}

// --- results -------------------------------------------------------------------------------------

TEST(ResultTest, FieldsAreRead) {
  EXPECT_TRUE(
      after_start(
          "local a = backups:latest()\n"
          "assert(a.ref == 'a-1' and a.size == 512 and math.type(a.size) == 'integer')\n"
          "assert(a.kind == nil and #a.tags == 2 and a.tags[2].y == 1 and a.tags == a.tags)\n"
          "local keys = '' for k, v in pairs(a) do keys = keys .. k .. ' ' end\n"
          "assert(keys == 'ref size tags ')\n"
          "assert(tostring(a) == 'backups.latest at dr.lua:2')")
          .result);
  EXPECT_TRUE(
      after_start("local n = 0 for _, a in ipairs(backups:list()) do n = n + 1 end assert(n == 2)")
          .result);
}

TEST(ResultTest, AFieldThatDoesNotExistIsAnErrorWithAHint) {
  const auto ended = after_start("local a = backups:latest()\nreturn a.sise");
  EXPECT_EQ(ended.code(), "runbook.unknown_field");
  EXPECT_EQ(ended.message(),
            "dr.lua:3: backups.latest at dr.lua:2 has no 'sise'; there is kind, ref, size, tags");
  EXPECT_EQ(ended.result.error().hint, "did you mean size?");
}

TEST(ResultTest, AFieldKnownOnlyAfterExecutionRaisesWhereItIsRead) {
  const auto ended = after_start(
      "local made = store:create()\nassert(made.vmid == 100)\nif made.address then note 'x' end");
  EXPECT_EQ(ended.code(), "runbook.unknown_value");
  EXPECT_EQ(
      ended.message(),
      "dr.lua:4: `address` of call root#3, store.create at dr.lua:2 is known only after execution");
  EXPECT_THAT(ended.result.error().hint, HasSubstr("later(handle, \"address\")"));
  EXPECT_EQ(after_start("local made = store:create() return made.adress").code(),
            "runbook.unknown_field");
  EXPECT_THAT(after_start("for k in pairs(store:create()) do end").message(),
              HasSubstr("not all fields"));
}

TEST(ResultTest, TheItemsOfAListKnownOnlyAfterExecutionRaiseWhereTheyAreRead) {
  FakeGate gate = make_gate();
  gate.instances["backups"].operations["list"] = {
      .result = schema(R"({"type": "array"})"), .answer = [](const Value&) -> Result<Answer> {
        return Answer{.known = Value::object(), .schema = Value(), .call = "", .complete = false};
      }};
  const auto ended = run(gate, kStart + "for _, a in ipairs(backups:list()) do note(a.ref) end");
  EXPECT_EQ(ended.code(), "runbook.unknown_value");
  EXPECT_EQ(ended.message(),
            "dr.lua:2: what is in backups.list at dr.lua:2 is known only after execution");
}

TEST(ResultTest, NothingOfAResultCanBeChanged) {
  for (const char* attempt :
       {"a.ref = 'b'", "a.new = 1", "a.tags[1] = 'z'", "a.tags[2].y = 2", "table.insert(a.tags, 1)",
        "setmetatable(a.tags, {})", "setmetatable(a, {})", "getmetatable(a).__index = {}",
        "table.sort(a.tags)", "backups.latest = note", "backups.name = 'x'",
        "site.values.place = 'x'", "site.values = {}", "site = {}",
        "table.remove(site.values.guests)"}) {
    const auto ended = after_start("local a = backups:latest()\n" + std::string(attempt));
    ASSERT_FALSE(ended.result) << attempt;
    EXPECT_THAT(ended.message(), StartsWith("dr.lua:3: ")) << attempt;
    EXPECT_TRUE(after_start("local a = backups:latest()\npcall(function() " + std::string(attempt) +
                            " end)\nassert(a.ref == 'a-1' and a.tags[1] == 'x' and a.tags[2].y == "
                            "1 and #a.tags == 2)\n"
                            "assert(#site.values.guests == 2 and site.values.place == 'lab' and "
                            "backups.name == 'backups')")
                    .result)
        << attempt;
  }
}

// --- later and when ------------------------------------------------------------------------------

TEST(LaterTest, StandsForAValueInArguments) {
  FakeGate gate = make_gate();
  const auto ended =
      run(gate, kStart +
                    "local made = store:create()\n"
                    "store:create { from = later(made, 'address'), count = later(made, 'vmid') }");
  ASSERT_TRUE(ended.result) << ended.message();
  // Also what is predicted stays a reference: it is the same argument in every pass.
  EXPECT_EQ(gate.args.back().dump(),
            R"({"count":{"$later":{"call":"root#3","field":"vmid","type":"integer"}},)"
            R"("from":{"$later":{"call":"root#3","field":"address","type":"string"}}})");
}

TEST(LaterTest, OfAReadIsWhatTheReadSaid) {
  FakeGate gate = make_gate();
  ASSERT_TRUE(run(gate, kStart + "store:create { from = later(backups:latest(), 'ref') }").result);
  EXPECT_EQ(gate.args.back().dump(), R"({"from":"a-1"})");
}

TEST(LaterTest, EveryOtherUseRaises) {
  for (const char* use : {
           "return l .. 'x'",
           "return 'x' .. l",
           "return l + 1",
           "return #l",
           "return l < 3",
           "return l <= l",
           "return l.x",
           "l.x = 1",
           "l()",
           "return -l",
           "tostring(l)",
           "note(l)",
           "string.format('%s', l)",
           "for k in pairs(l) do end",
           "return l == later(made, 'vmid')",
           "return l & 1",
           "fail(l)",
           "error(l)",
           "step(l, note)",
           "store:create(l)",
           "later(l, 'x')",
           "source(l)",
           "require(l)",
           "string.rep(l, 2)",
           "return ('x')[l] .. 'x'",
       }) {
    const auto ended = after_start(
        "local made = store:create()\nlocal l = later(made, 'address')\n" + std::string(use));
    EXPECT_FALSE(ended.result) << use;
  }
  EXPECT_THAT(
      after_start("local made = store:create()\nlocal l = later(made, 'address')\nreturn l .. 'x'")
          .message(),
      StartsWith("dr.lua:4: a later() value is known only after execution"));
}

TEST(LaterTest, ItsFieldMustExistAndItStandsAlone) {
  EXPECT_EQ(after_start("later(store:create(), 'adress')").code(), "runbook.unknown_field");
  EXPECT_THAT(after_start("later({}, 'x')").message(), HasSubstr("takes the result of a call"));
  EXPECT_THAT(
      after_start("store:create { extra = { a = later(store:create(), 'address') } }").message(),
      HasSubstr("extra.a is a later() value; it can only be an argument itself"));
  EXPECT_THAT(after_start("store:create { from = store:create() }").message(),
              HasSubstr("from is a result that is known only after execution"));
}

TEST(WhenTest, TheBodyRunsAsTheGateSays) {
  const std::string text =
      kStart +
      "local made = store:create()\n"
      "when(later(made, 'changed'), function() store:restore() end)\nnote 'after'";
  FakeGate planning = make_gate();
  ASSERT_TRUE(run(planning, text).result);
  EXPECT_THAT(
      planning.log,
      ElementsAre(
          "declare  {}", "open backups at dr.lua:1", "open store at dr.lua:1",
          "call store.create {} at dr.lua:2",
          "when {\"$later\":{\"call\":\"root#3\",\"field\":\"changed\",\"type\":\"boolean\"}}",
          "call store.restore {} at dr.lua:3", "end when", "note after at dr.lua:4"));
  FakeGate executing = make_gate();
  executing.whens["changed"] = false;
  ASSERT_TRUE(run(executing, text).result);
  EXPECT_THAT(executing.log.back(), "note after at dr.lua:4");
  EXPECT_EQ(std::count(executing.log.begin(), executing.log.end(), "end when"), 0);
}

TEST(WhenTest, ItsScopeEndsAlsoWhenItsBodyFails) {
  FakeGate gate = make_gate();
  const auto ended =
      run(gate, kStart + "when(later(store:create(), 'changed'), function() store:breaks() end)");
  EXPECT_EQ(ended.code(), "stall.broken");
  EXPECT_EQ(gate.log.back(), "end when");
  EXPECT_THAT(after_start("when(true, note)").message(),
              HasSubstr("what is known already is for if"));
}

// --- errors --------------------------------------------------------------------------------------

TEST(ErrorTest, AFailedOperationEndsTheRunWithItsLineAndAllItSaid) {
  const auto ended = after_start("step('Nail', function()\n  store:breaks { }\nend)\nnote 'never'");
  ASSERT_FALSE(ended.result);
  const Error& error = ended.result.error();
  EXPECT_EQ(error.code, "stall.broken");
  EXPECT_EQ(error.message, "dr.lua:3: the shelf gave way");
  EXPECT_EQ(error.hint, "nail it");
  EXPECT_EQ(error.category, Category::kTransient);
  EXPECT_EQ(error.outcome, Outcome::kMayHaveHappened);
  EXPECT_THAT(ended.traceback, HasSubstr("dr.lua:3"));
}

TEST(ErrorTest, AFailureCanBeCaughtAndLookedInto) {
  FakeGate gate = make_gate();
  const auto ended = run(
      gate,
      kStart +
          "step('Nail', function()\n"
          "  local ok, err = pcall(store.breaks, store)\n"
          "  assert(not ok and type(err) == 'table')\n"
          "  assert(err.code == 'stall.broken' and err.message == 'the shelf gave way')\n"
          "  assert(err.hint == 'nail it' and err.step == 'Nail' and err.plugin == 'stall')\n"
          "  assert(err.retryable == true and tostring(err) == 'dr.lua:3: the shelf gave way')\n"
          "  assert(not pcall(function() err.code = 'x' end) and err.code == 'stall.broken')\n"
          "  if err.code ~= 'stall.broken' then error(err) end\n"
          "end)\nnote 'went on'");
  ASSERT_TRUE(ended.result) << ended.message();
  EXPECT_EQ(gate.notes.back(), "went on");
}

TEST(ErrorTest, AnErrorPassedOnLosesNothing) {
  const auto ended = after_start("local ok, err = pcall(store.breaks, store)\nerror(err)");
  EXPECT_EQ(ended.code(), "stall.broken");
  EXPECT_EQ(ended.message(), "dr.lua:2: the shelf gave way");
  EXPECT_EQ(ended.result.error().outcome, Outcome::kMayHaveHappened);
}

TEST(ErrorTest, FailNamesItsLine) {
  const auto ended = run("\nfail('the newest backup is empty: ' .. 7, 'take a new one')");
  EXPECT_EQ(ended.code(), "runbook.failed");
  EXPECT_EQ(ended.message(), "dr.lua:2: the newest backup is empty: 7");
  EXPECT_EQ(ended.result.error().hint, "take a new one");
}

TEST(ErrorTest, StepsGiveWhatTheirFunctionGives) {
  FakeGate gate = make_gate();
  const auto ended =
      run(gate,
          "local a, b = step('One', function() return 1, 2 end) assert(a == 1 and b == 2)\n"
          "assert(select('#', step('Two', function() end)) == 0)");
  ASSERT_TRUE(ended.result) << ended.message();
}

TEST(ErrorTest, AForgivenStepIsLeftBehind) {
  FakeGate gate = make_gate();
  gate.forgive_steps = true;
  gate.instances["store"].operations["breaks"].answer = [&](const Value&) -> Result<Answer> {
    gate.stop = Error{.code = "run.failed", .message = "stopped"};
    return fail(*gate.stop);
  };
  const auto ended =
      run(gate, kStart +
                    "step('One', function() pcall(store.breaks, store) note 'unreachable' end)\n"
                    "step('Two', function() note 'two' end)");
  ASSERT_TRUE(ended.result) << ended.message();
  EXPECT_THAT(gate.notes, ElementsAre("two"));
  EXPECT_THAT(gate.log, ::testing::Contains("step failed: dr.lua:2: stopped"));
}

// --- values from outside -------------------------------------------------------------------------

TEST(OutsideTest, NowUuidAndSiteComeFromTheGate) {
  EXPECT_TRUE(run("assert(now() == '2026-03-01T04:05:06Z' and #uuid() == 36)\n"
                  "assert(site.values.place == 'lab' and site.values.guests[2].id == 101)\n"
                  "assert(site.values.nothing == nil)")
                  .result);
  EXPECT_EQ(run("return site.value").code(), "runbook.unknown_field");
  EXPECT_EQ(run("return site.value").result.error().hint, "did you mean values?");
}

}  // namespace
}  // namespace snapcore::test
