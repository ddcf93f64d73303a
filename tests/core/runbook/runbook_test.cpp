#include "runbook/runbook.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "run_runbook.hpp"

namespace snapcore::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class RunbookFilesTest : public ::testing::Test {
 protected:
  RunbookFilesTest() {
    std::string name = (std::filesystem::temp_directory_path() / "runbook.XXXXXX").string();
    root_ = ::mkdtemp(name.data());
  }
  ~RunbookFilesTest() override { std::filesystem::remove_all(root_); }

  std::filesystem::path write(const std::string& name, const std::string& text) {
    const auto path = root_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path;
  }

  Ended run_file(const std::filesystem::path& path,
                 std::vector<std::filesystem::path> module_dirs = {}) {
    auto runbook = Runbook::load(path, std::move(module_dirs));
    if (!runbook) return {fail(runbook.error()), ""};
    auto result = runbook->run(gate_, {});
    sources_ = runbook->sources();
    return {result, runbook->traceback()};
  }

  std::filesystem::path root_;
  FakeGate gate_ = make_gate();
  std::vector<Runbook::Source> sources_;
};

TEST_F(RunbookFilesTest, ModulesComeFromBesideTheRunbookAndThenFromTheModuleDirectories) {
  write("shared/lib/two.lua", "return 'shared two'");
  write("shared/lib/one.lua", "return 'shared one'");
  write("book/lib/one.lua", "note 'loaded' return { name = 'own one' }");
  const auto path = write(
      "book/dr.lua",
      "local one = require 'lib/one'\nassert(one == require 'lib/one' and one.name == 'own one')\n"
      "assert(require 'lib/two' == 'shared two')");
  const auto ended = run_file(path, {root_ / "shared"});
  ASSERT_TRUE(ended.result) << ended.message();
  EXPECT_THAT(gate_.notes, ElementsAre("loaded"));
  ASSERT_EQ(sources_.size(), 3u);
  EXPECT_EQ(sources_[0].name, "dr.lua");
  EXPECT_EQ(sources_[1].name, "lib/one");
  EXPECT_EQ(sources_[1].path, (root_ / "book/lib/one.lua").string());
  EXPECT_EQ(sources_[2].name, "lib/two");
  EXPECT_EQ(sources_[2].text, "return 'shared two'");
  EXPECT_EQ(sources_[2].sha256.size(), 64u);
}

TEST_F(RunbookFilesTest, NoNameLeadsOutOfTheDirectories) {
  write("secret.lua", "return 1");
  write("book/a.lua", "return 1");
  for (const char* name : {"../secret", "/etc/passwd", "..", ".", "", "a/", "/a", "a//b",
                           "a/../../secret", "a.lua", "lib/./a", "a b", "a\\0b", "~/a"}) {
    const auto path = write("book/dr.lua", "require '" + std::string(name) + "'");
    const auto ended = run_file(path);
    EXPECT_EQ(ended.code(), "runbook.no_module") << name;
    EXPECT_THAT(ended.message(), StartsWith("dr.lua:1: cannot require")) << name;
  }
}

TEST_F(RunbookFilesTest, AMissingModuleNamesWhereItWasLookedFor) {
  const auto ended = run_file(write("dr.lua", "\nrequire 'lib/none'"), {root_ / "more"});
  EXPECT_EQ(ended.message(), "dr.lua:2: cannot require 'lib/none': there is no " +
                                 (root_ / "lib/none.lua").string() + ", " +
                                 (root_ / "more/lib/none.lua").string());
}

TEST_F(RunbookFilesTest, ErrorsInModulesNameTheModule) {
  write("lib/bad.lua", "\nlocal x = =");
  EXPECT_THAT(run_file(write("dr.lua", "require 'lib/bad'")).message(),
              StartsWith("lib/bad.lua:2: "));
  write("lib/calls.lua", "local m = {}\nfunction m.go(store)\n  store:breaks()\nend\nreturn m");
  const auto ended = run_file(write("dr.lua", "require 'lib/calls'.go(target 'store')"));
  EXPECT_EQ(ended.message(), "lib/calls.lua:3: the shelf gave way");
  EXPECT_THAT(ended.traceback, HasSubstr("dr.lua:1"));
  write("lib/self.lua", "return require 'lib/self'");
  EXPECT_THAT(run_file(write("dr.lua", "require 'lib/self'")).message(),
              HasSubstr("module 'lib/self' requires itself"));
}

TEST_F(RunbookFilesTest, AFileIsReadOnceHoweverOftenTheRunbookRuns) {
  const auto module = write("lib/words.lua", "return 'first'");
  const auto path = write("dr.lua", "note(require 'lib/words')");
  const auto runbook = Runbook::load(path);
  ASSERT_TRUE(runbook);
  ASSERT_TRUE(runbook->run(gate_, {}));
  write("lib/words.lua", "return 'second'");
  write("dr.lua", "note 'changed'");
  ASSERT_TRUE(runbook->run(gate_, {}));
  EXPECT_THAT(gate_.notes, ElementsAre("first", "first"));
  EXPECT_EQ(runbook->sources().size(), 2u);
}

TEST_F(RunbookFilesTest, AStoredCopyRunsWithoutAnyFile) {
  write("lib/words.lua", "return 'kept'");
  const auto path =
      write("dr.lua", "note(require 'lib/words') if site.values.more then require 'lib/more' end");
  ASSERT_TRUE(run_file(path).result);
  std::filesystem::remove_all(root_);
  auto copy = Runbook::from_sources(sources_);
  ASSERT_TRUE(copy) << copy.error().message;
  ASSERT_TRUE(copy->run(gate_, {}));
  EXPECT_THAT(gate_.notes, ElementsAre("kept", "kept"));
  gate_.values = Value::object({{"more", true}});
  const auto ended = copy->run(gate_, {});
  ASSERT_FALSE(ended);
  EXPECT_THAT(ended.error().message, HasSubstr("not among the texts this run carries"));
}

TEST_F(RunbookFilesTest, AStoredCopyThatWasChangedIsRefused) {
  ASSERT_TRUE(run_file(write("dr.lua", "note 'x'")).result);
  for (std::size_t i = 0; i < sources_[0].text.size(); ++i) {
    auto changed = sources_;
    changed[0].text[i] = static_cast<char>(changed[0].text[i] ^ 1);
    const auto copy = Runbook::from_sources(changed);
    ASSERT_FALSE(copy);
    EXPECT_EQ(copy.error().code, "runbook.changed");
  }
  EXPECT_FALSE(Runbook::from_sources({}));
}

TEST_F(RunbookFilesTest, FilesThatCannotBeReadAreNamed) {
  EXPECT_EQ(Runbook::load(root_ / "none.lua").error().code, "runbook.not_found");
  EXPECT_THAT(Runbook::load(root_).error().message, HasSubstr(root_.string()));
  EXPECT_EQ(Runbook::load(root_).error().code, "runbook.unreadable");
}

TEST_F(RunbookFilesTest, TwoPassesOverOneRunbookAskTheSame) {
  const auto path = write(
      "dr.lua",
      "local store, t = target 'store', {}\n"
      "for i = 1, 40 do t['k' .. i * 37 % 101] = i end\n"
      "for k, v in pairs(t) do store:create { names = { k }, count = v + math.random(100) } end\n"
      "table.sort(t, function(a, b) store:inspect() return a < b end)\n"
      "local list = {} for k in pairs(t) do list[#list + 1] = k end\n"
      "table.sort(list, function(a, b) store:restore { from = a .. b } return a < b end)");
  const auto runbook = Runbook::load(path);
  ASSERT_TRUE(runbook);
  FakeGate first = make_gate(), second = make_gate();
  ASSERT_TRUE(runbook->run(first, {}));
  const auto other = Runbook::from_sources(runbook->sources());
  ASSERT_TRUE(other->run(second, {}));
  EXPECT_EQ(first.log, second.log);
  EXPECT_GT(first.log.size(), 100u);
}

}  // namespace
}  // namespace snapcore::test
