#include <gmock/gmock.h>

#include "base/text.hpp"
#include "captured_output.hpp"
#include "cli/command.hpp"
#include "cli/help_text.hpp"
#include "golden.hpp"

namespace snapcore {
namespace {

using testing::HasSubstr;

struct Ended {
  int exit;
  std::string out;
  std::string err;
};

Ended run(const std::vector<std::string>& arguments) {
  CapturedOutput captured(output_wish(arguments));
  const FakeClock clock(*parse_time("2026-03-01T04:05:06Z"));
  const std::atomic<bool> cancelled = false;
  const int exit = run_program(arguments, captured.output, clock, cancelled);
  return {exit, captured.out(), captured.err()};
}

TEST(ProgramTest, TheMainPageOfHelp) {
  const Ended ended = run({"help"});
  EXPECT_EQ(ended.exit, 0);
  expect_golden("help", ended.out);
  EXPECT_EQ(run({"--help"}).out, ended.out);
}

TEST(ProgramTest, EveryCommandHasAPageOfHelpAndIsOnTheMainOne) {
  const std::string main_page = run({"help"}).out;
  std::string pages;
  for (const Command* command : all_commands()) {
    const std::string name(command->name);
    const Ended ended = run({"help", name});
    EXPECT_EQ(ended.exit, 0) << name;
    EXPECT_EQ(run({name, "--help"}).out, ended.out) << name;
    EXPECT_THAT(main_page, HasSubstr("\n  " + name)) << name;
    EXPECT_THAT(ended.out, HasSubstr("snapcore " + name));
    pages += ended.out + "----\n";
  }
  expect_golden("help_commands", pages);
}

TEST(ProgramTest, OptionsOfACommandDoNotClashWithThoseOfAll) {
  for (const Command* command : all_commands()) {
    std::vector<std::string> names;
    for (const auto& list : {global_options(), command->options, command->shared_options}) {
      for (const Option& option : list)
        names.emplace_back(option.name.substr(0, option.name.find(',')));
    }
    std::sort(names.begin(), names.end());
    EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end()) << command->name;
  }
}

TEST(ProgramTest, WrongArgumentsAreExitFourWithWhatToType) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{}, ""},
      {{"explode"}, "explode"},
      {{"run"}, "usage: snapcore run RUNBOOK"},
      {{"run", "a", "b"}, "usage: snapcore run RUNBOOK"},
      {{"run", "a.lua", "--colour"}, "--colour"},
      {{"--colour"}, "--colour"},
      {{"run", "a.lua", "--on-failure", "panic"}, "panic"},
      {{"run", "a.lua", "--set", "x"}, "--set NAME=VALUE"},
      {{"run", "a.lua", "--set", "x=1", "--set", "x=2"}, "'x'"},
      {{"run", "a.lua", "--yes", "--approve", "aaaaaaaaaaaa"}, "--approve"},
      {{"plan", "a.lua", "--yes"}, "--yes"},
      {{"apply", "a.plan", "--set", "x=1"}, "--set"},
      {{"restore", "kv"}, "--from"},
      {{"restore", "kv", "--from", "b", "--before", "yesterday"}, "yesterday"},
      {{"restore", "kv", "--from", "b", "--before", "2026-01-02T03:04:05Z", "--ref", "r"}, "--ref"},
      {{"call", "nodot", "--site", "/nowhere/site.lua"}, "site"},
      {{"show", "backups"}, "usage: snapcore show SOURCE REF"},
      {{"plugin", "destroy"}, "info ID"},
      {{"help", "nothing"}, "nothing"},
      {{"help", "plugin", "nothing"}, "plugin nothing"},
      {{"show", "backups", "\xff\xfe"}, "not UTF-8"},
      {{"run", "a.lua", "--set", "x=\xff"}, "not UTF-8"},
      {{"--site", "run"}, ""},
  };
  for (const auto& [arguments, said] : cases) {
    const Ended ended = run(arguments);
    EXPECT_EQ(ended.exit, 4) << said;
    EXPECT_THAT(ended.err, HasSubstr(said));
    if (!said.empty()) {
      EXPECT_THAT(ended.err, HasSubstr("state now: nothing was changed"));
    }
  }
}

TEST(ProgramTest, WithJsonTheErrorAndTheResultAreTheLastTwoLines) {
  const Ended ended = run({"explode", "--json"});
  EXPECT_EQ(ended.err, "");
  std::istringstream lines(ended.out);
  std::string first, second;
  std::getline(lines, first);
  std::getline(lines, second);
  EXPECT_EQ(Value::parse(first)->at("type"), Value("error"));
  EXPECT_EQ(Value::parse(first)->at("code"), Value("arguments.unknown_command"));
  EXPECT_EQ(second, "{\"exit\":4,\"type\":\"result\"}");
}

TEST(ProgramTest, JsonLinesAreUtf8WhateverTheArgumentsAre) {
  const Ended ended = run({"show", "backups", "\xff\xfe", "--json"});
  EXPECT_EQ(valid_utf8(ended.out), ended.out);
  EXPECT_THAT(ended.out, HasSubstr("arguments.not_utf8"));
}

TEST(ProgramTest, EveryLineOfJsonIsAnObjectWithAType) {
  const std::vector<std::vector<std::string>> commands = {{"--json"},        {"--version"},
                                                          {"help"},          {"help", "run"},
                                                          {"run", "--help"}, {"runs", "--version"}};
  for (std::vector<std::string> arguments : commands) {
    if (arguments.front() != "--json") arguments.emplace_back("--json");
    std::istringstream lines(run(arguments).out);
    std::string last;
    for (std::string line; std::getline(lines, line);) {
      const auto value = Value::parse(line);
      ASSERT_TRUE(value) << line;
      last = value->at("type").text();
      EXPECT_NE(last, "") << line;
    }
    EXPECT_EQ(last, "result");
  }
}

TEST(ProgramTest, ACommandOfTwoWordsHasTheHelpOfItsFirst) {
  EXPECT_EQ(run({"help", "plugin", "list"}).out, run({"help", "plugin"}).out);
}

TEST(ProgramTest, TheVersionIsOneLine) {
  const Ended ended = run({"--version"});
  EXPECT_EQ(ended.exit, 0);
  EXPECT_EQ(ended.out.rfind("snapcore ", 0), 0u);
  EXPECT_EQ(run({"runs", "--version"}).out, ended.out);
}

TEST(HelpTextTest, AnOperation) {
  OperationHelp help;
  help.name = "kv_prod.expect_keys";
  help.summary = "expects keys under a prefix";
  help.effect = "verify";
  help.args = *Value::parse(R"({"type":"object","required":["prefix"],"properties":{
    "prefix":{"type":"string","description":"what the keys begin with"},"at_least":{"type":"integer","default":1}}})");
  help.result = *Value::parse(R"({"type":"object","properties":{"count":{"type":"integer"}}})");
  expect_golden("help_operation", help_operation(help, {}));
}

TEST(HelpTextTest, APlugin) {
  Manifest manifest;
  manifest.id = "kv";
  manifest.version = "1.2.0";
  manifest.license = "Apache-2.0";
  manifest.summary = "a small key-value store";
  manifest.roles = {Role::kTarget};
  manifest.needs = {"snapcore.host/1"};
  manifest.kinds = {{"kv-snapshot", 0, "KV"}, {"kv-snapshot", 8, "KV"}};
  Operation inspect;
  inspect.name = "inspect";
  inspect.summary = "says how the store is";
  manifest.operations = {inspect};
  manifest.config = *Value::parse(
      R"({"type":"object","required":["dir"],"properties":{"dir":{"type":"string"}}})");
  expect_golden("help_plugin",
                help_plugin(manifest, "/usr/lib/snapcore/plugins/kv.so", std::string(64, 'e'), {}));
}

}  // namespace
}  // namespace snapcore
