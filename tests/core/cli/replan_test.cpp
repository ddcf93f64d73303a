// replan: a run that stopped is planned anew, approved anew, and goes on.
#include <gmock/gmock.h>

#include "program_scene.hpp"

namespace snapcore {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class ReplanTest : public ProgramScene {
 protected:
  ReplanTest() {
    // What is spilt is in b, which nobody can know while planning.
    put("one.lua",
        "runbook { summary = 'Spill and add' }\n"
        "local a, b = instance 'a', instance 'b'\n"
        "a:spill { name = 'one' }\n"
        "a:add { name = b:count {}.count == 0 and 'two' or 'three' }\n");
    run_ = new_run([&] { stopped_ = snapcore({"run", path("one.lua"), "--yes"}); });
  }

  Ended stopped_{};
  std::string run_;
};

TEST_F(ReplanTest, WhatIsLeftIsPlannedAnewAndDone) {
  ASSERT_EQ(stopped_.exit, 7) << stopped_.err;
  put("one.lua", "fail 'edited'");
  const Ended shown = snapcore({"replan", run_, "--dry-run"});
  EXPECT_EQ(shown.exit, 0);
  EXPECT_THAT(shown.err, HasSubstr("three"));
  EXPECT_THAT(shown.err, HasSubstr("Done already\n  a.spill"));
  EXPECT_THAT(names("a"), Not(testing::Contains("three")));

  EXPECT_EQ(snapcore({"replan", run_}).exit, 3) << "nobody approved it";
  EXPECT_EQ(snapcore({"resume", run_}).exit, 7) << "the plan is still the old one";
  const Ended done = snapcore({"replan", run_, "--yes"});
  EXPECT_EQ(done.exit, 0) << done.err;
  EXPECT_THAT(names("a"), ElementsAre("calls", "three"));
  EXPECT_THAT(names("b"), ElementsAre("calls", "one"));
  EXPECT_THAT(snapcore({"runs", run_}).out, HasSubstr("of a new plan"));
  EXPECT_EQ(snapcore({"replan", run_, "--yes"}).exit, 3) << "it is over";

  EXPECT_EQ(snapcore({"rollback", run_, "--yes"}).exit, 0);
  EXPECT_THAT(names("a"), ElementsAre("calls"));
  EXPECT_THAT(names("b"), ElementsAre("calls"));
}

TEST_F(ReplanTest, ARunWhoseSiteWasEditedIsNotGoneOnWith) {
  const std::string kept = "state/runs/" + run_ + "/site.json";
  const std::string before = get(kept);
  ASSERT_THAT(before, HasSubstr(path("a") + "\""));
  std::string edited = before;
  edited.replace(edited.find(path("a") + "\""), path("a").size(), path("c"));
  put(kept, edited);
  for (const auto& command : std::vector<std::vector<std::string>>{
           {"resume", run_}, {"replan", run_, "--yes"}, {"rollback", run_, "--yes"}}) {
    const Ended ended = snapcore(command);
    EXPECT_NE(ended.exit, 0);
    EXPECT_THAT(ended.err, HasSubstr("run.site_changed")) << command.front();
  }
  put(kept, before);
  EXPECT_EQ(snapcore({"rollback", run_, "--yes"}).exit, 0);
}

TEST_F(ReplanTest, WhereNothingDiffersItSaysSo) {
  ASSERT_EQ(snapcore({"rollback", run_, "--yes"}).exit, 0) << "it holds both ledgers";
  const std::string held = new_run([&] {
    put("two.lua", "instance 'b':add { name = 'x', fails = 'before' }\n");
    EXPECT_EQ(snapcore({"run", path("two.lua"), "--yes", "--on-failure", "hold"}).exit, 7);
  });
  const Ended same = snapcore({"replan", held, "--yes"});
  EXPECT_EQ(same.exit, 3);
  EXPECT_THAT(same.err, HasSubstr(" resume " + held));
}

}  // namespace
}  // namespace snapcore
