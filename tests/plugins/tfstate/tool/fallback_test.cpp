// What a working directory remembers of its fallback, and of a tool that could not write.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <live_state.hpp>
#include <tool/errored.hpp>
#include <tool/fallback_record.hpp>

#include "../../../fakes/scratch.hpp"
#include "../format/states.hpp"

namespace tfstate {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class FallbackRecordTest : public testing::Test {
 protected:
  void put(const std::string& name, const std::string& text) {
    const fs::path file = scratch_.path() / name;
    fs::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
  }
  const fs::path& directory() const { return scratch_.path(); }
  const snapcore::fakes::Scratch scratch_;
};

TEST_F(FallbackRecordTest, ComesBackAsItWasWritten) {
  const FallbackRecord record{.since = "2026-01-02T03:04:05Z",
                              .run = "r",
                              .workspace = "prod",
                              .from = "a \"b\"",
                              .lineage = "l",
                              .serial = 18446744073709551615ULL};
  put(".snapcore/fallback.json", record.to_json());
  const auto found = read_fallback(directory());
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->serial, record.serial);
  EXPECT_EQ((*found)->from, record.from);
  EXPECT_THAT(fallback_warning(directory()).value_or(""),
              HasSubstr("FALLBACK since 2026-01-02T03:04:05Z"));
}

TEST_F(FallbackRecordTest, WithoutOneThereIsNothingToSay) {
  EXPECT_EQ(fallback_warning(directory()), std::nullopt);
  EXPECT_EQ(errored_words(directory()), std::nullopt);
}

TEST_F(FallbackRecordTest, OneThatCannotBeUnderstoodIsSaidAllTheSame) {
  for (const char* text : {"", "{", "[]", "{}", R"({"workspace":"a","serial":"1"})"}) {
    put(".snapcore/fallback.json", text);
    EXPECT_EQ(read_fallback(directory()).error().code, "tfstate.bad_fallback") << text;
    EXPECT_THAT(fallback_warning(directory()).value_or(""), HasSubstr("FALLBACK")) << text;
  }
}

TEST_F(FallbackRecordTest, ItsStateHasNoNameThatTheToolsWouldMove) {
  const FallbackFiles names(directory());
  EXPECT_EQ(names.state("default"), directory() / ".snapcore/fallback.tfstate");
  EXPECT_EQ(names.state("prod"), directory() / ".snapcore/workspaces/prod/terraform.tfstate");
}

TEST_F(FallbackRecordTest, WhatAToolCouldNotWriteIsToldAlsoWhenItIsBroken) {
  put("errored.tfstate", test::state_with("", "{}", 9));
  EXPECT_THAT(errored_words(directory()).value_or(""), HasSubstr("serial 9"));
  put("errored.tfstate", "{");
  EXPECT_THAT(errored_words(directory()).value_or(""), HasSubstr("errored.tfstate"));
}

TEST_F(FallbackRecordTest, OfABrokenStateIsKnownWhatStandsBeforeTheBreak) {
  const std::string whole = test::state_with("", "{}", 9);
  put("a.tfstate", whole.substr(0, whole.size() - 3));
  const auto broken = read_broken(directory() / "a.tfstate");
  ASSERT_TRUE(broken);
  EXPECT_EQ(broken->state.serial, 9u);
  EXPECT_EQ(broken->size, whole.size() - 3);
  put("b.tfstate", std::string("\0\xff", 2));
  const auto nothing = read_broken(directory() / "b.tfstate");
  ASSERT_TRUE(nothing);
  EXPECT_EQ(nothing->state.serial, 0u);
  EXPECT_EQ(nothing->state.lineage, "");
}

}  // namespace
}  // namespace tfstate
