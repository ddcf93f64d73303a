#include "base/file_system.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "base/real_file_system.hpp"
#include "fakes/fake_file_system.hpp"

namespace snapcore {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// What holds for the real one and for the fake alike: without it the fake would prove nothing.
class FileSystemTest : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (GetParam()) {
      std::string pattern = testing::TempDir() + "snapcore-files-XXXXXX";
      ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
      root_ = pattern;
      fs_ = std::make_unique<RealFileSystem>();
    } else {
      root_ = "/work";
      fs_ = std::make_unique<FakeFileSystem>();
      ASSERT_TRUE(fs_->make_directory(root_));
    }
  }

  void TearDown() override { EXPECT_TRUE(remove_tree(*fs_, root_)); }

  std::string code(const Result<>& result) { return result ? "" : result.error().code; }
  std::string read(const Path& path) {
    return read_file(*fs_, path, 1 << 20).value_or("<unreadable>");
  }

  Path root_;
  std::unique_ptr<FileSystem> fs_;
};

INSTANTIATE_TEST_SUITE_P(Both, FileSystemTest, testing::Bool(),
                         [](const auto& param) { return param.param ? "Real" : "Fake"; });

TEST_P(FileSystemTest, WhatIsWrittenIsReadBackFromAnyOffset) {
  auto file = fs_->open(root_ / "a", OpenFor::kCreate);
  ASSERT_TRUE(file);
  ASSERT_TRUE((*file)->write_all(as_bytes("hello ")));
  ASSERT_TRUE((*file)->write_all(as_bytes("world")));
  ASSERT_TRUE((*file)->sync());
  EXPECT_EQ((*file)->size().value(), 11U);
  std::array<std::byte, 5> piece{};
  EXPECT_EQ((*file)->read_at(6, piece).value(), 5U);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(piece.data()), 5), "world");
  EXPECT_EQ((*file)->read_at(9, piece).value(), 2U);
  EXPECT_EQ((*file)->read_at(11, piece).value(), 0U);
  EXPECT_EQ((*file)->read_at(99, piece).value(), 0U);
}

TEST_P(FileSystemTest, AppendingGoesToTheEndAlsoAfterACut) {
  ASSERT_TRUE(create_file(*fs_, root_ / "a", "0123456789"));
  auto file = fs_->open(root_ / "a", OpenFor::kAppend);
  ASSERT_TRUE(file);
  ASSERT_TRUE((*file)->truncate(4));
  ASSERT_TRUE((*file)->write_all(as_bytes("x")));
  EXPECT_EQ(read(root_ / "a"), "0123x");
}

TEST_P(FileSystemTest, CreatingDoesNotTouchWhatIsThere) {
  ASSERT_TRUE(create_file(*fs_, root_ / "a", "old"));
  const auto again = create_file(*fs_, root_ / "a", "new");
  EXPECT_EQ(code(again), "file.exists");
  EXPECT_THAT(again.error().message, HasSubstr((root_ / "a").string()));
  EXPECT_EQ(read(root_ / "a"), "old");
}

TEST_P(FileSystemTest, WhatIsNotThereIsNamed) {
  for (const OpenFor purpose : {OpenFor::kRead, OpenFor::kAppend}) {
    const auto file = fs_->open(root_ / "none", purpose);
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().code, "file.not_found");
    EXPECT_THAT(file.error().message, HasSubstr((root_ / "none").string()));
  }
  EXPECT_EQ(code(fs_->rename(root_ / "none", root_ / "b")), "file.not_found");
  EXPECT_EQ(code(fs_->remove(root_ / "none")), "file.not_found");
  EXPECT_EQ(code(fs_->sync_directory(root_ / "none")), "file.not_found");
  EXPECT_EQ(fs_->list(root_ / "none").error().code, "file.not_found");
  EXPECT_EQ(fs_->status(root_ / "none").value(), std::nullopt);
}

TEST_P(FileSystemTest, ADirectoryIsNoFile) { EXPECT_FALSE(fs_->open(root_, OpenFor::kRead)); }

TEST_P(FileSystemTest, RenamingReplacesOnlyWhereItMay) {
  ASSERT_TRUE(create_file(*fs_, root_ / "a", "a"));
  ASSERT_TRUE(create_file(*fs_, root_ / "b", "b"));
  EXPECT_EQ(code(fs_->rename_no_replace(root_ / "a", root_ / "b")), "file.exists");
  EXPECT_EQ(read(root_ / "a"), "a");
  EXPECT_EQ(read(root_ / "b"), "b");
  ASSERT_TRUE(fs_->rename(root_ / "a", root_ / "b"));
  EXPECT_EQ(read(root_ / "b"), "a");
  ASSERT_TRUE(fs_->rename_no_replace(root_ / "b", root_ / "c"));
  EXPECT_THAT(fs_->list(root_).value(), ElementsAre("c"));
}

TEST_P(FileSystemTest, AListIsSorted) {
  for (const char* name : {"b", "a", ".hidden", "c"})
    ASSERT_TRUE(create_file(*fs_, root_ / name, ""));
  EXPECT_THAT(fs_->list(root_).value(), ElementsAre(".hidden", "a", "b", "c"));
}

TEST_P(FileSystemTest, StatusTellsWhatSomethingIs) {
  ASSERT_TRUE(create_file(*fs_, root_ / "a", "four"));
  const auto file = fs_->status(root_ / "a").value();
  ASSERT_TRUE(file);
  EXPECT_EQ(file->kind, FileKind::kFile);
  EXPECT_EQ(file->size, 4U);
  EXPECT_EQ(file->mode, 0600U);
  EXPECT_EQ(fs_->status(root_).value()->kind, FileKind::kDirectory);
}

TEST_P(FileSystemTest, DirectoriesAreMadeWithTheirParentsAndMayExist) {
  ASSERT_TRUE(make_directories(*fs_, root_ / "x/y/z"));
  ASSERT_TRUE(make_directories(*fs_, root_ / "x/y/z/"));
  EXPECT_EQ(fs_->status(root_ / "x/y").value()->mode, 0700U);
  ASSERT_TRUE(create_file(*fs_, root_ / "file", ""));
  EXPECT_FALSE(make_directories(*fs_, root_ / "file/below"));
  EXPECT_EQ(code(fs_->remove(root_ / "x")), "file.exists");  // not empty
}

TEST_P(FileSystemTest, ATreeIsRemovedWithEverythingInIt) {
  ASSERT_TRUE(make_directories(*fs_, root_ / "x/y"));
  ASSERT_TRUE(create_file(*fs_, root_ / "x/y/a", "a"));
  ASSERT_TRUE(remove_tree(*fs_, root_ / "x"));
  ASSERT_TRUE(remove_tree(*fs_, root_ / "x"));
  EXPECT_THAT(fs_->list(root_).value(), ElementsAre());
}

TEST_P(FileSystemTest, ALockAdmitsOneUntilItIsLetGo) {
  auto first = fs_->lock(root_ / "lock");
  ASSERT_TRUE(first);
  ASSERT_TRUE((*first)->write("somebody with a long name"));
  ASSERT_TRUE((*first)->write("me"));
  const auto second = fs_->lock(root_ / "lock");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, "file.locked");
  EXPECT_EQ(second.error().category, Category::kConflict);
  EXPECT_EQ(read(root_ / "lock"), "me");
  first->reset();
  EXPECT_TRUE(fs_->lock(root_ / "lock"));
}

TEST_P(FileSystemTest, AFileLargerThanItsLimitIsRefused) {
  ASSERT_TRUE(create_file(*fs_, root_ / "a", "12345"));
  EXPECT_EQ(read_file(*fs_, root_ / "a", 5).value(), "12345");
  EXPECT_EQ(read_file(*fs_, root_ / "a", 4).error().code, "file.too_large");
  ASSERT_TRUE(create_file(*fs_, root_ / "empty", ""));
  EXPECT_EQ(read_file(*fs_, root_ / "empty", 0).value(), "");
}

TEST_P(FileSystemTest, ReplacingAndPublishingLeaveNoTemporaryFile) {
  ASSERT_TRUE(replace_file(*fs_, root_ / "a", "one", 0640));
  ASSERT_TRUE(replace_file(*fs_, root_ / "a", "two", 0640));
  EXPECT_EQ(read(root_ / "a"), "two");
  EXPECT_EQ(fs_->status(root_ / "a").value()->mode & ~022U, 0640U & ~022U);
  ASSERT_TRUE(publish_file(*fs_, root_ / "b", "first"));
  EXPECT_EQ(code(publish_file(*fs_, root_ / "b", "second")), "file.exists");
  EXPECT_EQ(read(root_ / "b"), "first");
  EXPECT_THAT(fs_->list(root_).value(), ElementsAre("a", "b"));
}

TEST(RealFileSystemTest, APipeIsRefusedAtOnce) {
  std::string directory = testing::TempDir() + "snapcore-pipe-XXXXXX";
  ASSERT_NE(::mkdtemp(directory.data()), nullptr);
  const Path pipe = Path(directory) / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  RealFileSystem fs;
  EXPECT_EQ(fs.open(pipe, OpenFor::kRead).error().code, "file.not_regular");
  EXPECT_TRUE(remove_tree(fs, directory));
}

TEST(RealFileSystemTest, RemovingATreeDoesNotFollowLinks) {
  std::string directory = testing::TempDir() + "snapcore-tree-XXXXXX";
  ASSERT_NE(::mkdtemp(directory.data()), nullptr);
  RealFileSystem fs;
  const Path root = directory;
  ASSERT_TRUE(make_directories(fs, root / "kept"));
  ASSERT_TRUE(make_directories(fs, root / "gone"));
  ASSERT_TRUE(create_file(fs, root / "kept/file", ""));
  std::filesystem::create_directory_symlink(root / "kept", root / "gone/link");
  ASSERT_TRUE(remove_tree(fs, root / "gone"));
  EXPECT_TRUE(fs.status(root / "kept/file").value());
  EXPECT_TRUE(remove_tree(fs, root));
}

TEST(RealFileSystemTest, FreeSpaceIsThatOfTheFileSystem) {
  RealFileSystem fs;
  EXPECT_GT(fs.free_space(testing::TempDir()).value(), 0U);
  EXPECT_EQ(fs.free_space("/no/such/place").error().code, "file.not_found");
}

const std::vector<PowerLoss> kPowerLosses = {
    {},
    {.names_survive = true},
    {.names_survive = true, .bytes_survive = 2},
    {.bytes_survive = 1000},
    {.names_survive = true, .bytes_survive = 1, .rest_reads_as_zeros = true}};

TEST(ReplaceFileTest, APowerLossAnywhereLeavesTheOldOrTheNewWhole) {
  for (const PowerLoss& loss : kPowerLosses) {
    for (std::size_t after = 0;; ++after) {
      FakeFileSystem fs;
      fs.put("/d/a", "the old one");
      fs.fail_operation(after, Fault::kDead);
      const auto replaced = replace_file(fs, "/d/a", "the new one, longer");
      fs.lose_power(loss);
      const std::string now = fs.contents("/d/a");
      EXPECT_TRUE(now == "the old one" || now == "the new one, longer") << after << ": " << now;
      if (replaced) {
        EXPECT_EQ(now, "the new one, longer");
        EXPECT_GT(after, 3U);
        break;
      }
    }
  }
}

TEST(ReplaceFileTest, AnErrorAnywhereLeavesTheOldAndNoTemporaryFile) {
  for (const Fault fault :
       {Fault::kNoSpace, Fault::kIoError, Fault::kShortWrite, Fault::kDiskFull}) {
    for (std::size_t after = 0; after < 4;
         ++after) {  // the fifth operation, the sync of the name, comes too late
      FakeFileSystem fs;
      fs.put("/d/a", "old");
      fs.fail_operation(after, fault);
      const auto replaced = replace_file(fs, "/d/a", "new");
      if (replaced) continue;  // a full disk does not hinder a rename
      EXPECT_EQ(fs.contents("/d/a"), "old");
      EXPECT_THAT(fs.tree(), ElementsAre("/d/", "/d/a"));
      EXPECT_EQ(replaced.error().outcome, Outcome::kNothingHappened);
    }
  }
  FakeFileSystem fs;
  fs.put("/d/a", "old");
  fs.fail_operation(4, Fault::kIoError);
  EXPECT_EQ(replace_file(fs, "/d/a", "new").error().outcome, Outcome::kMayHaveHappened);
}

TEST(MakeDirectoriesTest, WhatItMadeOrFoundIsDurableWhereverAnEarlierOneWasKilled) {
  for (std::size_t after = 0; after < 8; ++after) {
    FakeFileSystem fs;
    fs.fail_operation(after, Fault::kDead);
    (void)make_directories(fs, "/a/b/c");
    fs.restart_process();
    ASSERT_TRUE(make_directories(fs, "/a/b/c"));
    fs.lose_power();
    EXPECT_THAT(fs.tree(), ElementsAre("/a/", "/a/b/", "/a/b/c/"));
  }
}

}  // namespace
}  // namespace snapcore
