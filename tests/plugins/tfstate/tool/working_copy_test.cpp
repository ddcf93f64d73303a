// The directory in memory that stands for a working directory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <tool/data_directory.hpp>
#include <tool/scratch.hpp>
#include <tool/working_copy.hpp>

#include "../../../fakes/scratch.hpp"

namespace tfstate {
namespace {

namespace fs = std::filesystem;

class WorkingCopyTest : public testing::Test {
 protected:
  void SetUp() override {
    ::unsetenv("TF_DATA_DIR");
    ::unsetenv("TF_WORKSPACE");
    put("infra/main.tf", "# main");
    put("infra/modules/m/main.tf", "");
    put("shared/one.tf", "# one");
  }
  void TearDown() override { SetUp(); }
  void put(const std::string& name, const std::string& text) {
    const fs::path file = scratch_.path() / name;
    fs::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  static std::string text_of(const fs::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  fs::path infra() const { return scratch_.path() / "infra"; }
  Result<WorkingCopy> copy() {
    const fs::path below = scratch_.path() / "below";
    fs::create_directory(below);
    return copy_working_directory(infra(), below);
  }
  const snapcore::fakes::Scratch scratch_;
};

TEST_F(WorkingCopyTest, HasTheConfigurationAndWhatIsBesideIt) {
  const auto made = copy();
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(text_of(made->directory / "main.tf"), "# main");
  EXPECT_TRUE(fs::exists(made->directory / "modules/m/main.tf"));
  EXPECT_EQ(text_of(made->directory / "../shared/one.tf"), "# one");
}

TEST_F(WorkingCopyTest, HasNoneOfTheStatesAndNothingOfTheBackend) {
  for (const char* name : {"terraform.tfstate", "terraform.tfstate.backup", "errored.tfstate",
                           "terraform.tfstate.d/prod/terraform.tfstate",
                           ".terraform/terraform.tfstate", ".terraform/environment"})
    put(std::string("infra/") + name, "x");
  const auto made = copy();
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_FALSE(fs::exists(made->directory / "terraform.tfstate"));
  EXPECT_FALSE(fs::exists(made->directory / "terraform.tfstate.d"));
  EXPECT_FALSE(fs::exists(made->directory / "errored.tfstate"));
  EXPECT_TRUE(fs::is_empty(made->data));
}

TEST_F(WorkingCopyTest, ModulesAreFoundWhereTheToolPutThem) {
  put("infra/.terraform/modules/modules.json", "{}");
  const auto made = copy();
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_TRUE(made->has_modules);
  EXPECT_EQ(made->data, made->directory / ".terraform");
  EXPECT_EQ(text_of(made->data / "modules/modules.json"), "{}");
}

TEST_F(WorkingCopyTest, ADataDirectoryOfAnotherNameIsHonoured) {
  ::setenv("TF_DATA_DIR", ".data", 1);
  put("infra/.data/modules/modules.json", "{}");
  put("infra/.data/environment", "prod\n");
  EXPECT_EQ(selected_workspace(infra()), "prod");
  const auto made = copy();
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->data, made->directory / ".data");
  EXPECT_TRUE(made->has_modules);
}

TEST_F(WorkingCopyTest, TheLockOfTheProvidersIsACopy) {
  put("infra/.terraform.lock.hcl", "# lock");
  const auto made = copy();
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_FALSE(fs::is_symlink(made->directory / ".terraform.lock.hcl"));
  EXPECT_EQ(text_of(made->directory / ".terraform.lock.hcl"), "# lock");
}

TEST_F(WorkingCopyTest, ItsBackendHasTheLastWordAmongOverrides) {
  put("infra/zz_other_override.tf", "");
  put("infra/zzzz_override.tf.json", "");
  const auto made = copy();
  ASSERT_TRUE(made) << made.error().message;
  ASSERT_TRUE(keep_state_in(*made, "/s/a.tfstate", "/s/w"));
  EXPECT_EQ(last_override(infra(), "x"), "zzzz_snapcore_x_override.tf");
  const std::string written = text_of(made->directory / "zzzz_snapcore_preview_override.tf");
  EXPECT_THAT(written, testing::HasSubstr("backend \"local\""));
  EXPECT_THAT(written, testing::HasSubstr("\"/s/a.tfstate\""));
  EXPECT_FALSE(fs::exists(infra() / "zzzz_snapcore_preview_override.tf"));
}

TEST_F(WorkingCopyTest, PathsAreTextsForTheTool) {
  EXPECT_THAT(local_backend("a\"${b}\\%{c}$", "w"), testing::HasSubstr(R"("a\"$${b}\\%%{c}$")"));
}

TEST_F(WorkingCopyTest, TheSelectedWorkspaceIsThatOfTheTool) {
  EXPECT_EQ(selected_workspace(infra()), "default");
  put("infra/.terraform/environment", " \n");
  EXPECT_EQ(selected_workspace(infra()), "default");
  put("infra/.terraform/environment", "prod");
  EXPECT_EQ(selected_workspace(infra()), "prod");
  ::setenv("TF_WORKSPACE", "test", 1);
  EXPECT_EQ(selected_workspace(infra()), "test");
}

TEST(ScratchTest, IsPrivateAndGoneWithItsObject) {
  fs::path path;
  {
    const auto scratch = Scratch::make();
    if (!scratch) GTEST_SKIP() << scratch.error().message;
    path = scratch->path();
    struct stat found = {};
    ASSERT_EQ(::lstat(path.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 07777, 0700u);
    std::ofstream(path / "secret") << "x";
    // Another one leaves it alone while it is in use.
    ASSERT_TRUE(Scratch::make());
    EXPECT_TRUE(fs::exists(path / "secret"));
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST(ScratchTest, WhatAKilledProcessLeftIsRemoved) {
  const auto first = Scratch::make();
  if (!first) GTEST_SKIP() << first.error().message;
  const fs::path left = first->path().parent_path() / "snapcore-tfstate-leftov";
  fs::create_directories(left / "deep");
  ASSERT_TRUE(Scratch::make());
  EXPECT_FALSE(fs::exists(left));
}

}  // namespace
}  // namespace tfstate
