#include "cli/arguments.hpp"

#include <gmock/gmock.h>

#include "cli/lua_text.hpp"

namespace snapcore {
namespace {

using testing::HasSubstr;

Value schema() {
  return *Value::parse(
      R"({"type":"object","required":["name"],"additionalProperties":false,"properties":{
    "name":{"type":"string"}, "count":{"type":"integer","default":4}, "share":{"type":"number"}, "sure":{"type":"boolean"},
    "map":{"type":"object"}, "list":{"type":"array"}, "any":{}, "from":{"type":"object","x-type":"artifact"},
    "mode":{"type":"string","enum":["a","b"],"description":"how"}}})");
}

TEST(ArgumentsTest, TextsBecomeWhatTheSchemaWants) {
  const auto args = arguments_from(schema(),
                                   {"name=7", "count=-3", "share=0.5", "sure=true", "map={\"a\":1}",
                                    "list=[1,2]", "any=x", "from=backups:a/b:c.snap"},
                                   "kv.do");
  ASSERT_TRUE(args) << args.error().message;
  EXPECT_EQ(args->at("name"), Value("7"));
  EXPECT_EQ(args->at("count"), Value(-3));
  EXPECT_EQ(args->at("share"), Value(0.5));
  EXPECT_EQ(args->at("sure"), Value(true));
  EXPECT_EQ(args->at("map").dump(), "{\"a\":1}");
  EXPECT_EQ(args->at("list").dump(), "[1,2]");
  EXPECT_EQ(args->at("any"), Value("x"));
  EXPECT_EQ(args->at("from"), artifact_to_ask_for("backups", "a/b:c.snap"));
}

TEST(ArgumentsTest, WhatDoesNotFitIsNamed) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"name=x", "count=3.5"}, "count"},
      {{"name=x", "count=9999999999999999999"}, "count"},
      {{"name=x", "count="}, "count"},
      {{"name=x", "sure=yes"}, "sure"},
      {{"name=x", "map=[1]"}, "map"},
      {{"name=x", "list={"}, "list"},
      {{"name=x", "from=backups"}, "SOURCE:REF"},
      {{"name=x", "nmae=y"}, "nmae"},
      {{"name=x", "name=y"}, "name"},
      {{}, "name"},
      {{"name"}, "NAME=VALUE"}};
  for (const auto& [pairs, named] : cases) {
    const auto args = arguments_from(schema(), pairs, "kv.do");
    ASSERT_FALSE(args) << named;
    EXPECT_THAT(args.error().code, HasSubstr("arguments."));
    EXPECT_THAT(args.error().message, HasSubstr(named));
  }
}

TEST(ArgumentsTest, RequiredOnesComeFirstInHelp) {
  const auto help = argument_help(schema());
  ASSERT_EQ(help.size(), 9u);
  EXPECT_EQ(help.front().name, "name");
  for (const ArgumentHelp& argument : help) {
    if (argument.name == "mode") {
      EXPECT_EQ(argument.description, "how; one of: a, b");
    }
    if (argument.name == "count") {
      EXPECT_EQ(argument.description, "default 4");
    }
    if (argument.name == "from") {
      EXPECT_EQ(argument.type, "artifact");
    }
  }
}

TEST(LuaTextTest, ValuesAreWrittenSoThatLuaReadsTheSame) {
  EXPECT_EQ(lua_literal("a\"b\\c\nd\x01"), "\"a\\\"b\\\\c\\010d\\001\"");
  EXPECT_EQ(lua_literal(Value()), "null");
  EXPECT_EQ(lua_literal(*Value::parse(R"({"a-b":[1,true,"x"],"c":{}})")),
            "{ [\"a-b\"] = { 1, true, \"x\" }, [\"c\"] = {} }");
  EXPECT_EQ(lua_literal(artifact_to_ask_for("backups", "x]]")),
            "source(\"backups\"):stat { ref = \"x]]\" }");
}

TEST(LuaTextTest, ARestoreIsAShortRunbook) {
  EXPECT_EQ(
      restore_runbook({.target = "kv_prod",
                       .source = "backups",
                       .kind = "kv-snapshot",
                       .before = "2026-01-02T03:04:05Z",
                       .ref = std::nullopt,
                       .args = Value::object({{"token", "t"}})}),
      "runbook { summary = \"Restore kv_prod from backups\" }\n"
      "\n"
      "local from, to = source(\"backups\"), target(\"kv_prod\")\n"
      "local artifact = from:latest { kind = \"kv-snapshot\", before = \"2026-01-02T03:04:05Z\" }\n"
      "\n"
      "step(\"Restore kv_prod\", function()\n"
      "  to:restore { from = artifact, [\"token\"] = \"t\" }\n"
      "end)\n");
  EXPECT_THAT(restore_runbook(
                  {.target = "t", .source = "s", .kind = "", .before = std::nullopt, .ref = "r\""}),
              HasSubstr("from:stat { ref = \"r\\\"\" }"));
}

TEST(LuaTextTest, NoNameBreaksOutOfItsQuotes) {
  const std::string text =
      call_runbook("x\") os.exit() --", "do_it", Value::object({{"a\"]=1}", "\n"}}));
  EXPECT_THAT(text, HasSubstr("instance(\"x\\\") os.exit() --\")"));
  EXPECT_THAT(text, HasSubstr("it:do_it { [\"a\\\"]=1}\"] = \"\\010\" }"));
}

}  // namespace
}  // namespace snapcore
