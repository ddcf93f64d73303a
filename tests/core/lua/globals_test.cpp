#include "lua/globals.hpp"

#include <gmock/gmock.h>

#include "lua/compiled.hpp"

namespace snapcore {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// "name:line" of a read, "name=line" of a write, with the text of a literal call behind it.
std::vector<std::string> uses_of(const std::string& text) {
  const auto uses = global_uses("a.lua", text);
  if (!uses) return {uses.error().code + " " + uses.error().message};
  std::vector<std::string> list;
  for (const GlobalUse& use : *uses) {
    list.push_back(use.name + (use.written ? "=" : ":") + std::to_string(use.line) +
                   (use.text ? " '" + *use.text + "'" : ""));
  }
  return list;
}

TEST(GlobalsTest, ReadsAndWritesAreFoundWithTheirLines) {
  EXPECT_THAT(uses_of("local a = b\n\nc = a"), ElementsAre("b:1", "c=3"));
}

TEST(GlobalsTest, CodeThatNeverRunsIsLookedAtToo) {
  EXPECT_THAT(uses_of("local function never()\n  return function() x() end\nend\n"
                      "if false then y() end"),
              ElementsAre("y:4", "x:2"));
}

TEST(GlobalsTest, LocalsFieldsAndParametersAreNone) {
  EXPECT_THAT(uses_of("local t = { key = 1 }\n"
                      "local function f(a, ...) return a.b, t.key, ... end\n"
                      "for i = 1, 2 do f(i) end\n"
                      "for k, v in f, t do f(k, v) end\n"
                      "goto done ::done::\n"
                      "repeat local z <const> = 1 until z"),
              IsEmpty());
}

TEST(GlobalsTest, AnEnvironmentOfTheTextsOwnIsNotTheGlobalOne) {
  EXPECT_THAT(uses_of("local _ENV = { a = 1 }\nb = a\nlocal function f() return a end"), IsEmpty());
  EXPECT_THAT(uses_of("local function f(_ENV) return a end\nreturn a"), ElementsAre("a:2"));
  EXPECT_THAT(uses_of("return _ENV.a"), ElementsAre("a:1"));
}

TEST(GlobalsTest, ACallWithOneLiteralTextIsTold) {
  EXPECT_THAT(uses_of("local a, b = source 'x', target(\"y\")\nreturn require 'lib/z'"),
              ElementsAre("source:1 'x'", "target:1 'y'", "require:2 'lib/z'"));
  EXPECT_THAT(uses_of("local n = 'x'\nsource(n)\nsource('x', 1)\nsource()\nsource('x' .. n)"),
              ElementsAre("source:2", "source:3", "source:4", "source:5"));
}

TEST(GlobalsTest, NamesBehindTheFirst256ConstantsAreFound) {
  std::string text = "local t = {}\n";
  for (int i = 0; i < 400; ++i)
    text += "t[" + std::to_string(i) + "] = 'c" + std::to_string(i) + "'\n";
  text += "local x = late\nlate = x\nlate(source 'far')\nt.late = 1\n";
  EXPECT_THAT(uses_of(text), ElementsAre("late:402", "late=403", "late:404", "source:404 'far'"));
}

TEST(GlobalsTest, LinesAreRightInLongTexts) {
  const std::string gap(1000, '\n');
  EXPECT_THAT(uses_of("a()" + gap + "b()" + gap + "return c"),
              ElementsAre("a:1", "b:1001", "c:2001"));
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "a()\n";
  EXPECT_EQ(uses_of(many).back(), "a:1000");
}

TEST(GlobalsTest, ASyntaxErrorIsToldWithItsLine) {
  EXPECT_THAT(uses_of("\nlocal = 3"), ElementsAre("lua.syntax a.lua:2: <name> expected near '='"));
}

TEST(GlobalsTest, AFirstLineForTheShellIsNoLua) {
  EXPECT_THAT(uses_of("#!/usr/bin/env snapcore\nx()"), ElementsAre("x:2"));
}

TEST(CompiledTest, WhatIsNoChunkIsNotRead) {
  EXPECT_FALSE(read_chunk(""));
  EXPECT_FALSE(read_chunk("\x1bLua"));
  EXPECT_FALSE(read_chunk(std::string("\x1bLua\x54\0\x19\x93\r\n\x1a\n\x04\x08\x08", 15)));
  EXPECT_FALSE(read_chunk("\x1bLuaS and more"));
}

}  // namespace
}  // namespace snapcore
