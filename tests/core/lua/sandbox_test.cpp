#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "run_script.hpp"

namespace snapcore::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr Sandbox::Limits kSmall{.memory_bytes = std::size_t{16} << 20, .work = 2'000'000};

TEST(SandboxTest, WhatIsRemovedIsNamedWhenItIsTouched) {
  for (const char* name :
       {"io", "os", "debug", "package", "load", "loadstring", "dofile", "loadfile", "coroutine",
        "collectgarbage", "rawget", "rawset", "require", "_G", "warn", "bit32", "newproxy"}) {
    const Ran ran = run_script("local x = 1\nlocal y = " + std::string(name));
    ASSERT_FALSE(ran.result) << name;
    EXPECT_EQ(ran.result.error().message,
              "a.lua:2: there is no global '" + std::string(name) + "' here");
    EXPECT_EQ(ran.result.error().code, "lua.failed");
  }
  for (const char* member : {"string.dump", "string.pack", "string.unpack", "math.randomseed"}) {
    EXPECT_EQ(error_of("assert(" + std::string(member) + " == nil)"), "") << member;
  }
}

TEST(SandboxTest, GlobalsAreFixed) {
  EXPECT_EQ(error_of("counter = 1"),
            "a.lua:1: 'counter' cannot be set: globals are fixed; write 'local counter = ...'");
  EXPECT_THAT(error_of("\nfunction helper() end"), HasSubstr("a.lua:2: 'helper' cannot be set"));
  EXPECT_THAT(error_of("string = nil"), HasSubstr("'string' cannot be set"));
  EXPECT_THAT(error_of("_ENV.pairs = 1"), HasSubstr("'pairs' cannot be set"));
}

TEST(SandboxTest, LibrariesAreReadOnlyByEveryRoute) {
  for (const char* attempt : {
           "string.rep = nil",
           "table.insert = emit",
           "math.pi = 3",
           "utf8.char = 1",
           "local s = string; s.x = 1",
           "getmetatable('').__index.upper = 1",
           "getmetatable('').__index = {}",
           "setmetatable(string, {})",
           "setmetatable(_ENV, {})",
           "getmetatable(string).__newindex = nil",
           "table.insert(string, 1)",
           "table.remove(string, 1)",
           "table.sort(math)",
           "table.move({1}, 1, 1, 1, string)",
           "('x').y = 1",
       }) {
    EXPECT_NE(error_of(attempt), "") << attempt;
  }
  EXPECT_EQ(error_of("assert(getmetatable('') == false and getmetatable(string) == false)"), "");
}

TEST(SandboxTest, EndlessScriptsEndWhateverTheyCatch) {
  for (const char* script : {
           "while true do end",
           "::top:: goto top",
           "for i = 1, math.huge do end",
           "local function f() return f() end f()",
           "while true do pcall(error) end",
           "while true do pcall(function() while true do end end) end",
           "while true do xpcall(error, function() return 1 end) end",
           "xpcall(function() while true do end end, function() while true do end end)",
           "while true do xpcall(function() while true do end end, function() while true do end "
           "end) end",
           "local function f() pcall(f) pcall(f) end f()",
           "local t <close> = setmetatable({}, {__close = function() while true do end end}) while "
           "true do end",
           "while true do pcall(function() local t <close> = setmetatable({}, {__close = "
           "function() error('x') end}) end) end",
           "table.sort({3, 2, 1}, function() while true do end end)",
           "while true do pcall(table.sort, {3, 2, 1}, function() while true do end end) end",
           "string.gsub(string.rep('a', 1000), 'a', function() while true do end end)",
           "local t = setmetatable({}, {__index = function(t, k) return t[k + 1] end}) while true "
           "do pcall(function() return t[1] end) end",
           "local m = {__eq = function() while true do end end} local a = setmetatable({}, m) == "
           "setmetatable({}, m)",
           "for k in function() return 1 end do end",
           "for w in string.gmatch(string.rep('a', 1000000), '') do pcall(error) end while true do "
           "end",
           "tostring(setmetatable({}, {__tostring = function() while true do end end}))",
           "for k in pairs(setmetatable({}, {__pairs = function() while true do end end})) do end",
       }) {
    const Ran ran = run_script(std::string(script) + "\nemit('went on')", kSmall);
    ASSERT_FALSE(ran.result) << script;
    EXPECT_THAT(ran.emitted, ElementsAre()) << script;
  }
}

TEST(SandboxTest, TheBudgetIsAnErrorWithItsLine) {
  const Ran ran = run_script("local n = 0\nwhile true do\n  n = n + 1\nend", kSmall);
  ASSERT_FALSE(ran.result);
  EXPECT_EQ(ran.result.error().code, "lua.budget");
  EXPECT_THAT(ran.result.error().message, HasSubstr("does not come to an end"));
  EXPECT_THAT(ran.result.error().message, StartsWith("a.lua:"));
  EXPECT_NE(ran.result.error().hint, "");
}

TEST(SandboxTest, LongLibraryCallsAreMetered) {
  for (const char* script : {
           "string.rep('x', 1e15)",
           "string.rep('x', 1e9)",
           "string.rep('', 1e15) while true do end",
           "for i = 1, 1e9 do local s = string.rep('x', 1e6) end",
           "local s = string.rep('x', 1e6) while true do local t = s .. 'y' end",
           "local s = 'x' while true do s = s .. s end",
           "table.move({}, 1, 1e15, 2)",
           "table.concat({}, '', 1, 1e15)",
           "table.unpack({}, 1, 1e15)",
           "table.insert(setmetatable({}, {__len = function() return 1e15 end}), 1, 'x') while "
           "true "
           "do end",
           "table.concat(setmetatable({}, {__index = tostring, __len = function() return 1e15 "
           "end})) "
           "while true do end",
           "string.find(string.rep('a', 1e5), string.rep('a?', 1e5) .. 'b')",
           "string.find(string.rep('a', 1e4), '.-.-.-.-.-b')",
           "string.match(string.rep('a', 1e5), '.*.*.*.*b')",
           "string.gsub(string.rep('a', 1e4), '(a*)*b', '') while true do end",
           "for _ in string.gmatch(string.rep('a', 1e5), 'a-a-a-b') do end",
           "string.find(string.rep('(', 1e6), '%b()%b()%b()')",
           "local t = {} for i = 1, 2e5 do t[i] = i end for i = 1, 1e9 do table.sort(t) end",
           "local t = {} for i = 1, 2e5 do t[i] = i end while true do table.insert(t, 1, 0) end",
           "local t = {} for i = 1, 1e5 do t[i] = i end while true do for k in pairs(t) do break "
           "end "
           "end",
           "local t = {} for i = 1, 1e5 do t[i] = i end while true do next(t) end",
           "local x, y = string.rep('x', 1e6), string.rep('y', 1e6) while true do "
           "string.format('%s%s', x, y) end",
       }) {
    const Ran ran = run_script(std::string(script) + "\nemit('went on')", kSmall);
    EXPECT_FALSE(ran.result) << script;
    EXPECT_THAT(ran.emitted, ElementsAre()) << script;
  }
}

TEST(SandboxTest, MemoryHasACeilingThatPcallCannotLift) {
  for (const char* script : {
           "local t = {} for i = 1, 1e9 do t[i] = i end",
           "local t = {} while true do t = {t, t} end",
           "local t = {} for i = 1, 1e9 do t[#t + 1] = string.rep('x', 1e5) .. i end",
           "local s, t = string.rep('x', 1e6), {} while true do t[#t + 1] = s .. #t end",
           "while true do pcall(function() local t = {} for i = 1, 1e9 do t[i] = {} end end) end",
           "while true do pcall(string.rep, 'x', 1e8) end",
       }) {
    const Ran ran = run_script(std::string(script) + "\nemit('went on')",
                               {.memory_bytes = std::size_t{8} << 20, .work = 50'000'000});
    ASSERT_FALSE(ran.result) << script;
    EXPECT_EQ(ran.result.error().code, "lua.memory") << script;
    EXPECT_THAT(ran.result.error().message, HasSubstr("more than the 8 MiB")) << script;
    EXPECT_THAT(ran.emitted, ElementsAre()) << script;
  }
}

TEST(SandboxTest, GarbageBelowTheCeilingIsNoReasonToStop) {
  EXPECT_EQ(
      error_of("local k, n = string.rep('x', 1000), 0\n"
               "for i = 1, 2000 do local s = string.rep(k, 100) n = n + #s end assert(n == 2e8)",
               {.memory_bytes = std::size_t{2} << 20, .work = 50'000'000}),
      "");
}

TEST(SandboxTest, ProcessorTimeIsTheLastResort) {
  EXPECT_EQ(code_of("while true do end", {.processor_time = std::chrono::seconds(0)}),
            "lua.budget");
}

TEST(SandboxTest, DeepRecursionIsAnOrdinaryError) {
  EXPECT_EQ(error_of("local function f() return 1 + f() end\nlocal ok, e = pcall(f)\n"
                     "assert(not ok and string.find(e, 'stack overflow', 1, true), e)"),
            "");
  EXPECT_EQ(error_of("local function f() return pcall(f) end assert(f())"), "");
  EXPECT_THAT(error_of("return " + std::string(5000, '(') + "1" + std::string(5000, ')')),
              HasSubstr("overflow"));
}

TEST(SandboxTest, BytecodeIsNoScript) {
  EXPECT_EQ(code_of("\x1bLua\x54" + std::string(40, '\0')), "lua.syntax");
}

TEST(SandboxTest, SyntaxErrorsComeWithTheirLine) {
  const Ran ran = run_script("local x = 1\nif x then\n");
  ASSERT_FALSE(ran.result);
  EXPECT_EQ(ran.result.error().code, "lua.syntax");
  EXPECT_THAT(ran.result.error().message, StartsWith("a.lua:3: 'end' expected"));
}

TEST(SandboxTest, AFirstLineForTheShellIsPassedOver) {
  EXPECT_EQ(error_of("#!/usr/bin/env snapcore\nerror('here')"), "a.lua:2: here");
  EXPECT_EQ(error_of("#"), "");
}

TEST(SandboxTest, PairsGoesInTheSameOrderInEveryState) {
  const char* script =
      "local t = {}\n"
      "for i = 1, 300 do t['key' .. i * 7919 % 1000] = i end\n"
      "for i = 1, 50 do t[i * 3] = i t[-i] = i t[i + 0.5] = i end\n"
      "t[true] = 1 t[false] = 1\n"
      "for k, v in pairs(t) do emit(k) end";
  const Sandbox alive({});  // so that the states stand at different places in memory
  const auto first = run_script(script);
  const Sandbox another({});
  const auto second = run_script(script);
  ASSERT_TRUE(first.result) << first.result.error().message;
  EXPECT_EQ(first.emitted, second.emitted);
  EXPECT_EQ(first.emitted.front(), "-50");
  EXPECT_EQ(first.emitted.back(), "true");
  EXPECT_GT(first.emitted.size(), 400u);
}

TEST(SandboxTest, KeysAreOrderedByKindAndThenByValue) {
  const auto ran = run_script(
      "for k in pairs({b = 1, a = 1, [10] = 1, [2] = 1, [1.5] = 1, [-3] = 1, ['1'] = 1, [true] = "
      "1,\n"
      "  [false] = 1, [math.maxinteger] = 1, [math.mininteger] = 1, [2^53] = 1, [1e300] = 1,\n"
      "  [''] = 1}) do emit(k) end");
  ASSERT_TRUE(ran.result) << ran.result.error().message;
  EXPECT_THAT(ran.emitted,
              ElementsAre("-9223372036854775808", "-3", "1.5", "2", "10", "9007199254740992",
                          "9223372036854775807", "1e+300", "", "1", "a", "b", "false", "true"));
}

TEST(SandboxTest, NextFollowsTheOrderOfPairs) {
  const auto ran = run_script(
      "local t = {z = 1, y = 2, 30, 20, 10, [true] = 5}\n"
      "local k, v = next(t)\n"
      "while k ~= nil do emit(k) k, v = next(t, k) end\n"
      "emit(next({}))");
  ASSERT_TRUE(ran.result) << ran.result.error().message;
  EXPECT_THAT(ran.emitted, ElementsAre("1", "2", "3", "y", "z", "true", "nil"));
}

TEST(SandboxTest, KeysWithoutAnOrderAreRefused) {
  for (const char* key : {"{}", "emit", "function() end", "null"}) {
    EXPECT_THAT(error_of("for k in pairs({[" + std::string(key) + "] = 1}) do end"),
                HasSubstr("keys have no stable order"))
        << key;
  }
  EXPECT_THAT(error_of("next({[{}] = 1})"), HasSubstr("table keys have no stable order"));
}

TEST(SandboxTest, WhatPairsPassesMayBeRemovedMeanwhile) {
  const auto ran = run_script(
      "local t = {a = 1, b = 2, c = 3} for k, v in pairs(t) do emit(k .. v) t[k] = nil t.b = nil "
      "end");
  EXPECT_THAT(ran.emitted, ElementsAre("a1", "c3"));
}

TEST(SandboxTest, NoTextHoldsAnAddress) {
  const auto ran = run_script(
      "emit({}) emit(function() end) emit(emit) emit(string.format('%s %s', {}, emit)) emit(null)\n"
      "emit(setmetatable({}, {__name = 'Guest'})) emit(select(2, pcall(error, {})))\n"
      "emit(select(2, pcall(string.rep, {})))\n"
      "emit(select(2, pcall(function() return {} < {} end)))\n"
      "emit(select(2, pcall(function() return {} .. 'x' end)))");
  ASSERT_TRUE(ran.result) << ran.result.error().message;
  for (const auto& text : ran.emitted) EXPECT_THAT(text, Not(HasSubstr("0x"))) << text;
  EXPECT_EQ(ran.emitted[0], "table");
  EXPECT_EQ(ran.emitted[1], "function");
  EXPECT_EQ(ran.emitted[3], "table function");
  EXPECT_EQ(ran.emitted[4], "null");
  EXPECT_EQ(ran.emitted[5], "Guest");
  EXPECT_THAT(error_of("string.format('%p', {})"), HasSubstr("addresses"));
  EXPECT_THAT(error_of("string.format('%-20p', 'x')"), HasSubstr("addresses"));
}

TEST(SandboxTest, RandomNumbersComeFromTheSeed) {
  const char* script = "for i = 1, 5 do emit(math.random(1000000)) end";
  EXPECT_EQ(run_script(script, {}, 7).emitted, run_script(script, {}, 7).emitted);
  EXPECT_NE(run_script(script, {}, 7).emitted, run_script(script, {}, 8).emitted);
}

TEST(SandboxTest, MetatablesCannotFinalizeOrForget) {
  EXPECT_THAT(error_of("setmetatable({}, {__gc = function() end})"), HasSubstr("__gc"));
  EXPECT_THAT(error_of("setmetatable({}, {__mode = 'k'})"), HasSubstr("__mode"));
  EXPECT_THAT(error_of("setmetatable(setmetatable({}, {__metatable = 1}), {})"),
              HasSubstr("cannot be changed"));
  EXPECT_EQ(
      error_of("local C = {} C.__index = C function C.get(self) return self.x end\n"
               "local o = setmetatable({x = 5}, C) assert(o:get() == 5 and getmetatable(o) == C)"),
      "");
}

TEST(SandboxTest, SortIsStableAndAsksInTheSameOrder) {
  const char* script =
      "local t = {} for i = 1, 500 do t[i] = {key = i * 7919 % 10, at = i} end\n"
      "table.sort(t, function(a, b) emit(a.at .. '<' .. b.at) return a.key < b.key end)\n"
      "for i = 2, #t do\n"
      "  local a, b = t[i - 1], t[i]\n"
      "  assert(a.key < b.key or (a.key == b.key and a.at < b.at))\n"
      "end";
  const auto first = run_script(script);
  ASSERT_TRUE(first.result) << first.result.error().message;
  EXPECT_GT(first.emitted.size(), 500u);
  EXPECT_EQ(first.emitted, run_script(script).emitted);
}

TEST(SandboxTest, SortEndsWhateverTheComparatorSays) {
  for (const char* comparator :
       {"function() return true end", "function() return false end", "function() return nil end",
        "function(a, b) return math.random() < 0.5 end", "function(a, b) error('no') end"}) {
    const std::string script =
        "local t = {} for i = 1, 200 do t[i] = i end pcall(table.sort, t, " +
        std::string(comparator) +
        ") local n = 0 for _, v in ipairs(t) do n = n + v end assert(n == 20100)";
    EXPECT_EQ(error_of(script), "") << comparator;
  }
  EXPECT_THAT(error_of("table.sort({1, 'x'})"), HasSubstr("attempt to compare"));
}

TEST(SandboxTest, ErrorsOfEveryKindReachTheHostWithTheirLine) {
  EXPECT_EQ(error_of("\nerror('plain')"), "a.lua:2: plain");
  EXPECT_EQ(error_of("\n\nerror('without place', 0)"), "a.lua:3: without place");
  EXPECT_EQ(error_of("error({code = 'x.y', message = 'a table', hint = 'do'})"),
            "a.lua:1: a table");
  EXPECT_EQ(code_of("error({code = 'x.y', message = 'a table'})"), "x.y");
  EXPECT_EQ(error_of("error({})"), "a.lua:1: the error raised is a table value");
  EXPECT_EQ(error_of("error()"), "a.lua:1: the error raised is a nil value");
  EXPECT_EQ(error_of("local t = nil\nreturn t.x"),
            "a.lua:2: attempt to index a nil value (local 't')");
  EXPECT_THAT(run_script("local function inner() error('x') end\n"
                         "local function outer() inner() end\nouter()")
                  .traceback,
              HasSubstr("a.lua:2"));
}

TEST(SandboxTest, NulBytesAndHugeNumbersStayWhatTheyAre) {
  const auto ran = run_script(
      "local s = 'a\\0b' emit(s, #s, (s:find('b')), ('x\\0y'):upper(), s .. s)\n"
      "emit(math.maxinteger, math.mininteger, 9007199254740993)");
  ASSERT_TRUE(ran.result) << ran.result.error().message;
  EXPECT_THAT(ran.emitted, ElementsAre(std::string("a\0b", 3), "3", "3", std::string("X\0Y", 3),
                                       std::string("a\0ba\0b", 6), "9223372036854775807",
                                       "-9223372036854775808", "9007199254740993"));
}

TEST(SandboxTest, TheTableLibraryDoesWhatTheManualSays) {
  EXPECT_EQ(
      error_of(
          "local t = {1, 2, 3}\n"
          "table.insert(t, 4) table.insert(t, 1, 0) assert(table.concat(t, ',') == '0,1,2,3,4')\n"
          "assert(table.remove(t) == 4 and table.remove(t, 1) == 0 and table.concat(t) == '123')\n"
          "assert(table.remove({}) == nil and table.remove({}, 0) == nil and #t == 3)\n"
          "assert(table.remove(t, 4) == nil and #t == 3)\n"
          "assert(not pcall(table.insert, t, 6, 1) and not pcall(table.remove, t, 7))\n"
          "assert(not pcall(table.insert, t))\n"
          "assert(table.concat(table.move({1, 2, 3}, 1, 3, 2), ',') == '1,1,2,3')\n"
          "assert(table.concat(table.move({1, 2, 3}, 2, 3, 1), ',') == '2,3,3')\n"
          "assert(table.concat(table.move({1, 2}, 1, 2, 1, {}), ',') == '1,2')\n"
          "assert(select('#', table.unpack({1, nil, 3}, 1, 3)) == 3)\n"
          "assert(table.pack(1, 2).n == 2)\n"
          "assert(table.concat({1, 2.5, 'x'}, '-', 2, 3) == '2.5-x' and table.concat({}) == '')\n"
          "local s = {5, 2, 9, 1} table.sort(s) assert(table.concat(s) == '1259')\n"
          "table.sort(s, function(a, b) return a > b end) assert(table.concat(s) == '9521')"),
      "");
  EXPECT_THAT(error_of("table.concat({1, {}, 3})"), HasSubstr("invalid value (at index 2)"));
}

TEST(SandboxTest, XpcallGivesResultsAndHandledErrors) {
  EXPECT_EQ(
      error_of(
          "local ok, a, b = xpcall(function(...) return ... end, function() end, 1, 2)\n"
          "assert(ok and a == 1 and b == 2)\n"
          "local ok, e = xpcall(function() error('x', 0) end, function(m) return m .. '!' end)\n"
          "assert(not ok and e == 'x!')"),
      "");
}

}  // namespace
}  // namespace snapcore::test
