#include "cli/text/lua_stubs.hpp"

#include <gmock/gmock.h>

#include <fstream>

#include "base/real_file_system.hpp"
#include "captured_output.hpp"
#include "cli/command.hpp"
#include "engine/core_operations.hpp"
#include "fakes/scratch.hpp"
#include "lua/globals.hpp"
#include "plugin_files.hpp"
#include "runbook/check_gate.hpp"
#include "runbook/runbook.hpp"

namespace snapcore {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

class LuaStubsTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    use_scan_child();
    for (const char* id : {"etcd", "files"}) {
      auto loaded =
          Plugin::load({id, build_folder() / "lib/snapcore/plugins" / (std::string(id) + ".so")});
      ASSERT_TRUE(loaded) << loaded.error().message;
      plugins.push_back(*loaded);
    }
  }
  static void TearDownTestSuite() { plugins.clear(); }

  static std::vector<const Manifest*> manifests() {
    std::vector<const Manifest*> list;
    for (const auto& plugin : plugins) list.push_back(&plugin->manifest());
    return list;
  }

  static std::vector<std::shared_ptr<const Plugin>> plugins;
};

std::vector<std::shared_ptr<const Plugin>> LuaStubsTest::plugins;

// Every global the chunk sets.
std::vector<std::string> globals_of(const std::string& stubs) {
  std::vector<std::string> names;
  const auto uses = global_uses("snapcore.lua", stubs);
  EXPECT_TRUE(uses) << uses.error().message;
  if (!uses) return names;
  for (const GlobalUse& use : *uses) {
    EXPECT_TRUE(use.written) << use.name;
    names.push_back(use.name);
  }
  return names;
}

TEST_F(LuaStubsTest, EveryOperationOfThePluginsIsThere) {
  const std::string stubs = lua_stubs(manifests(), {});
  globals_of(stubs);
  for (const Manifest* manifest : manifests()) {
    EXPECT_THAT(stubs, HasSubstr("---@class snapcore.plugin." + manifest->id + ": "));
    for (const std::string& operation : operations_of(*manifest)) {
      const std::string place = "snapcore.plugin." + manifest->id + "." + operation;
      EXPECT_THAT(stubs, HasSubstr("it." + operation + " = function(self, args) end"));
      EXPECT_THAT(stubs, HasSubstr("---@class " + place + ".args\n"));
    }
  }
  EXPECT_THAT(stubs, HasSubstr("---@field at_least (integer)?|snapcore.Later "));
  EXPECT_THAT(stubs, HasSubstr("---@field from snapcore.Artifact|snapcore.Later "));
}

TEST_F(LuaStubsTest, TheWordsAreThoseOfARunbook) {
  const auto stubs = globals_of(lua_stubs(manifests(), {}));
  CheckGate gate(nullptr, true);
  const auto words = Runbook::words(gate);
  ASSERT_FALSE(words.empty());
  for (const char* word : {"runbook", "source", "target", "instance", "step", "when", "later",
                           "note", "fail", "now", "uuid", "require", "site", "null"}) {
    EXPECT_THAT(words, Contains(word));
    EXPECT_THAT(stubs, Contains(word));
  }
  // What is a global in one of them only is Lua's own, or not for runbooks.
  for (const std::string& word : words) {
    const bool of_lua = std::string(
                            " assert error getmetatable ipairs math next pairs pcall print "
                            "rawequal rawlen select setmetatable string table tonumber "
                            "tostring type utf8 xpcall ")
                            .find(" " + word + " ") != std::string::npos;
    if (of_lua) continue;
    EXPECT_THAT(stubs, Contains(word));
  }
  for (const char* gone : {"load", "dofile", "rawset"}) EXPECT_THAT(words, Not(Contains(gone)));
}

TEST_F(LuaStubsTest, InstancesOfTheSiteAreOfTheirPlugin) {
  const std::string stubs =
      lua_stubs(manifests(), {{"kv", "etcd"}, {"shelf", "files"}, {"x", "nowhere"}});
  EXPECT_THAT(stubs, HasSubstr("---@overload fun(name: \"kv\"): snapcore.plugin.etcd\n"
                               "---@param name string\n---@return snapcore.Target\n"));
  EXPECT_THAT(stubs, HasSubstr("---@overload fun(name: \"shelf\"): snapcore.plugin.files\n"
                               "---@param name string\n---@return snapcore.Source\n"));
  EXPECT_THAT(stubs, Not(HasSubstr("\"x\"")));
}

TEST(LuaStubsOfAnythingTest, NamesAndTextsOfAManifestCannotBreakOut) {
  Manifest manifest;
  manifest.id = "odd-one";
  manifest.summary = "a\nerror('x')";
  Operation operation;
  operation.name = "end";
  operation.summary = "b\nerror('y')";
  operation.args = *Value::parse(R"json({"type": "object", "properties": {
    "repeat": {"type": "string", "description": "c\nerror('z')"},
    "a b": {"enum": ["x\"y", "l\nm"]}, "n": {"type": ["array", "null"], "items": {"type": "object",
    "properties": {"deep": {"type": "integer"}}}}}})json");
  operation.result = Value::object();
  manifest.operations = {operation};
  const std::string stubs = lua_stubs({&manifest}, {});
  const auto uses = global_uses("snapcore.lua", stubs);
  ASSERT_TRUE(uses) << uses.error().message << stubs;
  for (const GlobalUse& use : *uses) EXPECT_NE(use.name, "error");
  EXPECT_THAT(stubs, HasSubstr("it[\"end\"] = function"));
  EXPECT_THAT(stubs, HasSubstr("---@field [\"repeat\"] (string)?"));
  EXPECT_THAT(stubs, HasSubstr("---@class snapcore.plugin.odd_one.end.args.n.item"));
}

TEST(LuarcTest, WhatTheSandboxLacksIsOff) {
  const auto settings = Value::parse(luarc());
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->at("runtime.version"), Value("Lua 5.4"));
  for (const char* library : {"io", "os", "debug", "package", "coroutine"})
    EXPECT_EQ(settings->at("runtime.builtin").at(library), Value("disable")) << library;
  EXPECT_EQ(settings->at("workspace.library"), Value::array({"snapcore.lua"}));
}

class WriteStubsTest : public testing::Test {
 protected:
  WriteStubsTest() { use_scan_child(); }

  int run() {
    const std::vector<std::string> arguments = {"help", "--stubs", scratch_.path().string(),
                                                "--plugin-dir",
                                                (build_folder() / "test_plugins").string()};
    CapturedOutput captured(output_wish(arguments));
    const FakeClock clock(*parse_time("2026-03-01T04:05:06Z"));
    const std::atomic<bool> cancelled = false;
    const int exit = run_program(arguments, captured.output, clock, cancelled);
    out_ = captured.out();
    err_ = captured.err();
    return exit;
  }
  std::string text_of(const std::string& name) {
    RealFileSystem fs;
    return read_file(fs, scratch_.path() / name, 1 << 20).value_or("");
  }
  void put(const std::string& name, const std::string& text) {
    std::ofstream(scratch_.path() / name) << text;
  }

  fakes::Scratch scratch_;
  std::string out_, err_;
};

TEST_F(WriteStubsTest, BothFilesAreWrittenAndTheStubsReplacedTheSecondTime) {
  ASSERT_EQ(run(), 0) << err_;
  EXPECT_THAT(out_, AllOf(HasSubstr("snapcore.lua\n"), HasSubstr(".luarc.json\n")));
  EXPECT_THAT(text_of("snapcore.lua"), HasSubstr("snapcore.plugin.ledger"));
  put(".luarc.json", "{}");
  ASSERT_EQ(run(), 0) << err_;
  EXPECT_EQ(text_of(".luarc.json"), "{}");
  EXPECT_THAT(err_, HasSubstr("stays"));
}

TEST_F(WriteStubsTest, AFileOfSomebodyElseIsNotReplaced) {
  put("snapcore.lua", "-- mine");
  EXPECT_EQ(run(), 4);
  EXPECT_THAT(err_, HasSubstr("arguments.would_overwrite"));
  EXPECT_EQ(text_of("snapcore.lua"), "-- mine");
}

}  // namespace
}  // namespace snapcore
