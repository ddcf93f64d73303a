// Where the tools keep the state of a working directory.
#include "working_directory.hpp"

namespace tfstate {
namespace {

namespace fs = std::filesystem;
using test::WorkingDirectory;
using ::testing::HasSubstr;

class PlaceTest : public ::testing::Test {
 protected:
  // Its path in the directory, or the code of what is wrong.
  std::string found(Config config) const {
    config.directory = directory_.path().string();
    const auto place = locate(config);
    if (!place) return place.error().code;
    return place->file.lexically_relative(directory_.path()).string();
  }
  void remember(const std::string& backend) const {
    WorkingDirectory::put(
        directory_.path() / ".terraform/terraform.tfstate",
        R"({"version": 3, "terraform_version": "1.12.6", "backend": )" + backend + "}");
  }
  WorkingDirectory directory_;
};

TEST_F(PlaceTest, IsTheFileOfTheWorkspace) {
  EXPECT_EQ(found({}), "terraform.tfstate");
  EXPECT_EQ(found({.workspace = "prod"}), "terraform.tfstate.d/prod/terraform.tfstate");
  EXPECT_EQ(found({.path = "states/live.tfstate"}), "states/live.tfstate");
  EXPECT_EQ(found({.workspace = "prod", .path = "x"}),
            "terraform.tfstate.d/prod/terraform.tfstate");
  EXPECT_EQ(found({.workspace = "prod", .workspace_dir = "w"}), "w/prod/terraform.tfstate");
}

TEST_F(PlaceTest, IsAsInitLeftItUnlessTheSiteSaysOtherwise) {
  remember(
      R"({"type": "local", "config": {"path": "a.tfstate", "workspace_dir": "ws"}, "hash": 18446744073709551615})");
  EXPECT_EQ(found({}), "a.tfstate");
  EXPECT_EQ(found({.workspace = "prod"}), "ws/prod/terraform.tfstate");
  EXPECT_EQ(found({.path = "b.tfstate"}), "b.tfstate");
  remember(R"({"type": "local", "config": {"path": null, "workspace_dir": null}})");
  EXPECT_EQ(found({}), "terraform.tfstate");
}

TEST_F(PlaceTest, AnotherBackendIsRefusedByNameWithoutItsSettings) {
  remember(R"({"type": "s3", "config": {"bucket": "b", "secret_key": "CANARY"}})");
  const auto place = locate({.directory = directory_.path().string()});
  ASSERT_FALSE(place);
  EXPECT_EQ(place.error().code, "tfstate.other_backend");
  EXPECT_THAT(place.error().message, HasSubstr("the backend 's3'"));
  EXPECT_THAT(place.error().message + place.error().hint, ::testing::Not(HasSubstr("CANARY")));
}

TEST_F(PlaceTest, WhatCannotBeIsRefused) {
  EXPECT_EQ(found({.workspace = ""}), "tfstate.bad_workspace");
  EXPECT_EQ(found({.workspace = ".."}), "tfstate.bad_workspace");
  EXPECT_EQ(found({.workspace = "a/b"}), "tfstate.bad_workspace");
  EXPECT_EQ(locate({.directory = "infra"}).error().code, "tfstate.relative_path");
  EXPECT_EQ(locate({.directory = "/nowhere/at/all"}).error().code, "tfstate.no_directory");
  WorkingDirectory::put(directory_.path() / ".terraform/terraform.tfstate", "{");
  EXPECT_EQ(found({}), "tfstate.bad_record");
}

TEST_F(PlaceTest, TheLockIsToldInAFileBesideIt) {
  EXPECT_EQ((Place{.file = "/a/terraform.tfstate", .shown_path = {}}).lock_info(),
            "/a/.terraform.tfstate.lock.info");
  EXPECT_EQ((Place{.file = "/a/.hidden", .shown_path = {}}).lock_info(), "/a/.hidden.lock.info");
}

TEST_F(PlaceTest, TheResourceIsTheSameThroughALink) {
  directory_.write("");
  const fs::path link = directory_.path() / "link.tfstate";
  fs::create_symlink("terraform.tfstate", link);
  EXPECT_EQ((Place{.file = link, .shown_path = {}}).resource(), directory_.place().resource());
}

}  // namespace
}  // namespace tfstate
