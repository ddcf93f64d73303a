#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <snapcore/support/files.hpp>

#include "../../fakes/scratch.hpp"

namespace snapcore::files {
namespace {

std::string text_of(const Path& path) { return read_file(path).value_or("(none)"); }

class FilesTest : public testing::Test {
 protected:
  void put(const Path& path, std::string_view text) { std::ofstream(path) << text; }
  const fakes::Scratch scratch_;
  const Path dir_ = scratch_.path();
};

TEST_F(FilesTest, RenamingNeverReplaces) {
  put(dir_ / "new", "new");
  put(dir_ / "old", "old");
  const auto renamed = rename_no_replace(dir_ / "new", dir_ / "old");
  ASSERT_FALSE(renamed);
  EXPECT_EQ(renamed.error().code, "files.exists");
  EXPECT_EQ(text_of(dir_ / "old"), "old");
  EXPECT_EQ(text_of(dir_ / "new"), "new");
  ASSERT_TRUE(rename_no_replace(dir_ / "new", dir_ / "third"));
  EXPECT_EQ(text_of(dir_ / "third"), "new");
}

TEST_F(FilesTest, ADirectoryIsNotReplacedEither) {
  put(dir_ / "new", "new");
  ASSERT_TRUE(make_directory(dir_ / "empty"));
  EXPECT_EQ(rename_no_replace(dir_ / "new", dir_ / "empty").error().code, "files.exists");
}

TEST_F(FilesTest, ExchangingSwapsBothNames) {
  put(dir_ / "a", "1");
  ASSERT_TRUE(make_directory(dir_ / "b"));
  ASSERT_TRUE(rename_exchange(dir_ / "a", dir_ / "b"));
  EXPECT_EQ(text_of(dir_ / "b"), "1");
  EXPECT_TRUE(std::filesystem::is_directory(dir_ / "a"));
  EXPECT_EQ(rename_exchange(dir_ / "a", dir_ / "none").error().code, "files.not_found");
}

TEST_F(FilesTest, OnlyRegularFilesAreOpenedAndNothingBlocks) {
  put(dir_ / "file", "x");
  std::filesystem::create_symlink(dir_ / "file", dir_ / "link");
  ASSERT_EQ(::mkfifo((dir_ / "pipe").c_str(), 0600), 0);
  ASSERT_TRUE(open_for_reading(dir_ / "file"));
  for (const char* name : {"link", "pipe", "."}) {
    const auto opened = open_for_reading(dir_ / name);
    ASSERT_FALSE(opened) << name;
    EXPECT_EQ(opened.error().code, "files.not_regular") << name;
  }
  EXPECT_EQ(open_for_reading("/dev/null").error().code, "files.not_regular");
}

TEST_F(FilesTest, AnErrorNamesThePathAndTheReason) {
  const auto opened = open_for_reading(dir_ / "none");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, "files.not_found");
  EXPECT_EQ(opened.error().message,
            "cannot open " + (dir_ / "none").string() + ": No such file or directory");
}

TEST_F(FilesTest, ReplaceLeavesTheNewTextAndNothingElse) {
  const Path path = dir_ / "state.json";
  for (const char* text : {"first", "second, longer", ""}) {
    ASSERT_TRUE(replace_file(path, text, 0640));
    EXPECT_EQ(text_of(path), text);
  }
  EXPECT_EQ(look_at(path).value()->st_mode & 0777, 0640u & ~scratch_.mask());
  EXPECT_EQ(scratch_.names(), std::vector<std::string>{"state.json"});
}

TEST_F(FilesTest, ReplaceDoesNotWriteThroughALink) {
  put(dir_ / "elsewhere", "untouched");
  std::filesystem::create_symlink(dir_ / "elsewhere", dir_ / "name");
  ASSERT_TRUE(replace_file(dir_ / "name", "new"));
  EXPECT_EQ(text_of(dir_ / "elsewhere"), "untouched");
  EXPECT_EQ(text_of(dir_ / "name"), "new");
}

TEST_F(FilesTest, ReadingStopsAtTheLimit) {
  put(dir_ / "file", "0123456789");
  EXPECT_TRUE(read_file(dir_ / "file", 10));
  EXPECT_EQ(read_file(dir_ / "file", 9).error().code, "files.too_large");
}

TEST_F(FilesTest, RemovingATreeNeverFollowsALink) {
  ASSERT_TRUE(make_directory(dir_ / "keep"));
  put(dir_ / "keep" / "file", "kept");
  ASSERT_TRUE(make_directory(dir_ / "tree"));
  ASSERT_TRUE(make_directory(dir_ / "tree" / "below"));
  put(dir_ / "tree" / "below" / "file", "x");
  std::filesystem::create_symlink(dir_ / "keep", dir_ / "tree" / "link");
  ASSERT_TRUE(remove_tree(dir_ / "tree"));
  EXPECT_EQ(text_of(dir_ / "keep" / "file"), "kept");
  EXPECT_FALSE(look_at(dir_ / "tree").value());

  std::filesystem::create_directory_symlink(dir_ / "keep", dir_ / "link");
  ASSERT_TRUE(remove_tree(dir_ / "link"));
  EXPECT_EQ(text_of(dir_ / "keep" / "file"), "kept");
  EXPECT_TRUE(remove_tree(dir_ / "never was"));
}

TEST_F(FilesTest, RemovingATreeStopsAtItsLimits) {
  Path deep = dir_ / "tree";
  for (int i = 0; i < 6; ++i, deep /= "d") std::filesystem::create_directory(deep);
  EXPECT_EQ(remove_tree(dir_ / "tree", {.depth = 3}).error().code, "files.too_large");
  EXPECT_EQ(remove_tree(dir_ / "tree", {.entries = 3}).error().code, "files.too_large");
  EXPECT_TRUE(look_at(dir_ / "tree").value());
  EXPECT_TRUE(remove_tree(dir_ / "tree", {.entries = 6, .depth = 6}));
}

TEST_F(FilesTest, AMountedFileSystemIsNotRemoved) {
  ASSERT_TRUE(make_directory(dir_ / "tree"));
  ASSERT_TRUE(make_directory(dir_ / "tree" / "mounted"));
  const fakes::SmallDisk disk(dir_ / "tree" / "mounted", "64k");
  if (!disk.mounted()) GTEST_SKIP() << "needs the right to mount";
  put(dir_ / "tree" / "mounted" / "file", "kept");
  EXPECT_EQ(remove_tree(dir_ / "tree").error().code, "files.busy");
  EXPECT_EQ(remove_tree(dir_ / "tree" / "mounted").error().code, "files.busy");
  EXPECT_EQ(text_of(dir_ / "tree" / "mounted" / "file"), "kept");
}

TEST_F(FilesTest, AFullDiskIsAnErrorAndTheOldTextStays) {
  ASSERT_TRUE(make_directory(dir_ / "small"));
  const fakes::SmallDisk disk(dir_ / "small", "64k");
  if (!disk.mounted()) GTEST_SKIP() << "needs the right to mount";
  const Path path = dir_ / "small" / "file";
  ASSERT_TRUE(replace_file(path, "old"));
  const auto replaced = replace_file(path, std::string(1 << 20, 'x'));
  ASSERT_FALSE(replaced);
  EXPECT_EQ(replaced.error().code, "files.no_space");
  EXPECT_EQ(text_of(path), "old");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir_ / "small"), {}), 1);
  EXPECT_EQ(free_space(path)->total, 64u * 1024);
  EXPECT_EQ(free_space(dir_ / "small" / "not" / "there")->device, free_space(path)->device);
  EXPECT_NE(free_space(dir_)->device, free_space(path)->device);
}

TEST_F(FilesTest, ADirectoryGetsExactlyItsMode) {
  for (const mode_t mode : {0700u, 0755u, 0777u, 02750u}) {
    ASSERT_TRUE(make_directory(dir_ / "d", {.mode = mode}));
    EXPECT_EQ(look_at(dir_ / "d").value()->st_mode & 07777, mode);
    ASSERT_TRUE(remove_tree(dir_ / "d"));
  }
  ASSERT_TRUE(make_directory(dir_ / "d"));
  EXPECT_EQ(make_directory(dir_ / "d").error().code, "files.exists");
}

TEST_F(FilesTest, ADirectoryThatCannotHaveItsOwnerIsNotLeftBehind) {
  if (::geteuid() != 0) {
    EXPECT_FALSE(make_directory(dir_ / "d", {.owner = 0}));
    EXPECT_FALSE(look_at(dir_ / "d").value());
  } else {
    ASSERT_TRUE(make_directory(dir_ / "d", {.owner = 12, .group = 34}));
    EXPECT_EQ(look_at(dir_ / "d").value()->st_uid, 12u);
    EXPECT_EQ(look_at(dir_ / "d").value()->st_gid, 34u);
  }
}

TEST_F(FilesTest, BytesLandWhereTheyAreToldTo) {
  const Path path = dir_ / "file";
  auto fd = create_file(path);
  ASSERT_TRUE(fd);
  EXPECT_EQ(create_file(path).error().code, "files.exists");
  ASSERT_TRUE(write_all(*fd, "hello world", path));
  ASSERT_TRUE(write_all_at(*fd, 6, std::as_bytes(std::span("there", 5)), path));
  std::byte piece[5];
  EXPECT_EQ(read_some_at(*fd, 6, piece, path).value(), 5u);
  EXPECT_EQ(read_some_at(*fd, 11, piece, path).value(), 0u);
  ASSERT_TRUE(fsync_file(*fd, path));
  ASSERT_TRUE(fsync_directory(dir_));
  EXPECT_EQ(text_of(path), "hello there");
}

}  // namespace
}  // namespace snapcore::files
