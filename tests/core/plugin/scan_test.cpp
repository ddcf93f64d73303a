#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "plugin/host.hpp"
#include "plugin/search.hpp"
#include "plugin_files.hpp"

namespace snapcore {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class ScanTest : public ::testing::Test {
 protected:
  ScanTest() {
    use_scan_child();
    std::string name = (fs::temp_directory_path() / "scan-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~ScanTest() override { fs::remove_all(folder_); }

  PluginFile copy_of(const PluginFile& file, const fs::path& folder) {
    fs::copy_file(file.path, folder / file.path.filename());
    return {file.id, folder / file.path.filename()};
  }

  fs::path folder_;
};

TEST_F(ScanTest, EachBadPluginIsRefusedByNameAndDoesNoHarm) {
  const std::vector<std::pair<const char*, const char*>> zoo = {
      {"missing_symbol", "plugin.missing_symbol"},
      {"wrong_abi", "plugin.wrong_abi"},
      {"newer_minor", "plugin.wrong_abi"},
      {"small_table", "plugin.wrong_abi"},
      {"no_table", "plugin.wrong_abi"},
      {"no_manifest", "plugin.invalid_manifest"},
      {"invalid_manifest", "plugin.invalid_manifest"},
      {"invalid_schema", "plugin.invalid_manifest"},
      {"foreign_id", "plugin.invalid_manifest"},
      {"role_without_verbs", "plugin.invalid_manifest"},
      {"missing_entry", "plugin.invalid_manifest"},
      {"undefined_symbol", "plugin.load_failed"},
      {"crash_at_load", "plugin.crashed"},
      {"crash_in_entry", "plugin.crashed"},
      {"abort_in_entry", "plugin.crashed"},
      {"exit_at_load", "plugin.crashed"},
      {"throw_in_entry", "plugin.crashed"},
      {"endless_output", "plugin.crashed"},
  };
  for (const auto& [id, code] : zoo) {
    auto plugin = Plugin::load(bad_plugin(id));
    ASSERT_FALSE(plugin) << id;
    EXPECT_EQ(plugin.error().code, code) << plugin.error().message;
    EXPECT_THAT(plugin.error().message, HasSubstr("plugin " + std::string(id) + " ("));
    EXPECT_THAT(plugin.error().message, HasSubstr(bad_plugin(id).path.string()));
  }
}

TEST_F(ScanTest, APluginThatHangsIsEnded) {
  use_scan_child(std::chrono::milliseconds(100));
  for (const char* id : {"hang_at_load", "silent_hang_at_load"}) {
    const Scan scan = scan_plugin(bad_plugin(id));
    ASSERT_FALSE(scan.manifest) << id;
    EXPECT_EQ(scan.manifest.error().code, "plugin.scan_timeout") << id;
  }
}

TEST_F(ScanTest, WhatAPluginPrintsWhileItIsLoadedIsNotItsManifest) {
  const Scan scan = scan_plugin(bad_plugin("chatter_at_load"));
  ASSERT_TRUE(scan.manifest) << scan.manifest.error().message;
  EXPECT_EQ(scan.manifest->id, "chatter_at_load");
  EXPECT_EQ(scan.sha256.size(), 64u);
}

TEST_F(ScanTest, TheLoadersOwnWordsReachTheOperator) {
  auto missing = Plugin::load(bad_plugin("undefined_symbol"));
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, HasSubstr("snapcore_symbol_that_does_not_exist"));

  const PluginFile text{"text", folder_ / "text.so"};
  std::ofstream(text.path) << "this is not a library";
  auto loaded = Plugin::load(text);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, "plugin.load_failed");

  auto none = Plugin::load({"none", folder_ / "none.so"});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, "plugin.not_found");
}

TEST_F(ScanTest, AChildThatCannotBeStartedIsAnError) {
  set_scan_options({.program = folder_ / "no_such_program"});
  const Scan scan = scan_plugin(test_plugin("plain_c"));
  ASSERT_FALSE(scan.manifest);
  EXPECT_THAT(scan.manifest.error().code, ::testing::AnyOf("plugin.scan_failed", "plugin.crashed"));
}

TEST_F(ScanTest, AFileThatOthersCanWriteIsNotLoaded) {
  const PluginFile file = copy_of(test_plugin("plain_c"), folder_);
  ASSERT_TRUE(Plugin::load(file));
  const auto refused = [&](const fs::path& path, mode_t mode) {
    struct stat before {};
    ::stat(path.c_str(), &before);
    ::chmod(path.c_str(), mode);
    auto plugin = Plugin::load(file);
    auto found = find_plugin({folder_}, "plain_c");
    ::chmod(path.c_str(), before.st_mode & 07777);
    return !plugin && plugin.error().code == "plugin.unsafe_file" && !found &&
           found.error().code == "plugin.unsafe_file";
  };
  EXPECT_TRUE(refused(file.path, 0666));
  EXPECT_TRUE(refused(file.path, 0602));
  EXPECT_TRUE(refused(folder_, 0777));
  EXPECT_TRUE(refused(folder_, 01777)) << "others could put a file beside it";
  ASSERT_TRUE(Plugin::load(file));
}

TEST_F(ScanTest, AFileOfSomebodyElseIsNotLoaded) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  const PluginFile file = copy_of(test_plugin("plain_c"), folder_);
  const auto code = [&] {
    auto plugin = Plugin::load(file);
    return plugin ? std::string() : plugin.error().code;
  };
  ASSERT_EQ(::chown(file.path.c_str(), 12345, 0), 0);
  EXPECT_EQ(code(), "plugin.unsafe_file");
  ASSERT_EQ(::chown(file.path.c_str(), 0, 12345), 0);
  ::chmod(file.path.c_str(), 0664);
  EXPECT_EQ(code(), "plugin.unsafe_file");
  ::chmod(file.path.c_str(), 0644);
  EXPECT_EQ(code(), "");
  ASSERT_EQ(::chown(folder_.c_str(), 12345, 0), 0);
  EXPECT_EQ(code(), "plugin.unsafe_file");
}

TEST_F(ScanTest, ALinkIsNoWayAroundTheDirectoryItLeadsTo) {
  fs::create_directory(folder_ / "open");
  fs::create_directory(folder_ / "closed");
  const PluginFile file = copy_of(test_plugin("plain_c"), folder_ / "open");
  fs::create_symlink(file.path, folder_ / "closed" / "plain_c.so");
  const PluginFile link{"plain_c", folder_ / "closed" / "plain_c.so"};
  EXPECT_TRUE(Plugin::load(link));
  ::chmod((folder_ / "open").c_str(), 0777);
  EXPECT_FALSE(Plugin::load(link));
}

TEST_F(ScanTest, TheFirstDirectoryWins) {
  fs::create_directory(folder_ / "a");
  fs::create_directory(folder_ / "b");
  copy_of(test_plugin("plain_c"), folder_ / "b");
  const std::vector<fs::path> path = {folder_ / "a", folder_ / "b"};
  EXPECT_EQ(find_plugin(path, "plain_c")->path, folder_ / "b" / "plain_c.so");
  copy_of(test_plugin("plain_c"), folder_ / "a");
  EXPECT_EQ(find_plugin(path, "plain_c")->path, folder_ / "a" / "plain_c.so");
  const auto all = all_plugins({folder_ / "a", folder_ / "b", folder_ / "none"});
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all.front().path, folder_ / "a" / "plain_c.so");
}

TEST_F(ScanTest, WhatIsNotFoundIsSaidWithWhereItWasLookedFor) {
  for (const char* id : {"nothing", "", "../plain_c", "/etc/passwd"}) {
    auto found = find_plugin({folder_ / "a", folder_ / "b"}, id);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, "plugin.not_found");
    EXPECT_THAT(found.error().message, HasSubstr((folder_ / "a").string()));
    EXPECT_THAT(found.error().message, HasSubstr((folder_ / "b").string()));
  }
}

TEST_F(ScanTest, TheSearchPathNeverHoldsTheCurrentDirectoryByItself) {
  ::setenv("SNAPCORE_PLUGIN_PATH", ("relative::.:" + folder_.string() + "/x/").c_str(), 1);
  const auto path = plugin_search_path({"given"});
  ::unsetenv("SNAPCORE_PLUGIN_PATH");
  ASSERT_EQ(path.size(), 3u);
  EXPECT_EQ(path[0], fs::current_path() / "given") << "but what the operator names is taken";
  EXPECT_EQ(path[1], folder_ / "x");
  EXPECT_TRUE(path[2].is_absolute());
}

}  // namespace
}  // namespace snapcore
