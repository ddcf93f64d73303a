#include "journal/state_directory.hpp"

#include <gtest/gtest.h>

namespace snapcore {
namespace {

StateEnvironment everything() {
  return {.root = true,
          .snapcore_state = "/from/variable",
          .xdg_state_home = "/xdg",
          .home = "/home/x"};
}

TEST(StateDirectoryTest, EachPlaceIsTakenWhenTheOnesBeforeItSayNothing) {
  StateEnvironment environment = everything();
  EXPECT_EQ(find_state_directory("/from/option/", environment).value(), "/from/option");
  EXPECT_EQ(find_state_directory({}, environment).value(), "/from/variable");
  environment.snapcore_state.reset();
  EXPECT_EQ(find_state_directory({}, environment).value(), "/var/lib/snapcore");
  environment.root = false;
  EXPECT_EQ(find_state_directory({}, environment).value(), "/xdg/snapcore");
  environment.xdg_state_home.reset();
  EXPECT_EQ(find_state_directory({}, environment).value(), "/home/x/.local/state/snapcore");
  environment.home.reset();
  EXPECT_EQ(find_state_directory({}, environment).error().code, "state.no_place");
}

TEST(StateDirectoryTest, ARelativePlaceBecomesAbsoluteButXdgMustBe) {
  EXPECT_EQ(find_state_directory("./some/../state", {}).value(),
            std::filesystem::current_path() / "state");
  EXPECT_EQ(find_state_directory({}, {.xdg_state_home = "relative", .home = "/h"}).value(),
            "/h/.local/state/snapcore");
}

}  // namespace
}  // namespace snapcore
