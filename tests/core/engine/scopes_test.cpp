// Which branch something stands in, and which branches are beside each other.
#include "engine/scopes.hpp"

#include <gtest/gtest.h>

namespace snapcore {
namespace {

TEST(ScopesTest, NameTheInnermostBranch) {
  EXPECT_EQ(branch_of("root#1"), "");
  EXPECT_EQ(branch_of("root/retry[1]?2"), "");
  EXPECT_EQ(branch_of("root/parallel[1]/branch[12]#1.stage"), "root/parallel[1]/branch[12]");
  EXPECT_EQ(branch_of("root/retry[1]@2/parallel[1]/branch[3]/retry[1]@4?1"),
            "root/retry[1]/parallel[1]/branch[3]");
  EXPECT_EQ(branch_of("root#1/a/branch[2]"), "");  // the label of a nested call
}

TEST(ScopesTest, TellBranchesOfOneParallelFromAllElse) {
  EXPECT_TRUE(are_beside("root/parallel[1]/branch[1]", "root/parallel[1]/branch[2]"));
  EXPECT_TRUE(are_beside("root/parallel[1]/branch[1]", "root/parallel[1]/branch[11]"));
  EXPECT_FALSE(are_beside("root/parallel[1]/branch[1]", "root/parallel[1]/branch[1]"));
  EXPECT_FALSE(are_beside("root/parallel[1]/branch[1]", "root/parallel[2]/branch[2]"));
  EXPECT_FALSE(are_beside("root/parallel[1]/branch[1]", ""));
}

TEST(ScopesTest, WhoPassesToAnEndStandsWhereItIsAndNeverGoesBack) {
  Scopes scopes;
  scopes.next_read();
  scopes.next_read();
  (void)scopes.numbered("retry");
  scopes.pass_to({.calls = 4, .reads = 1, .inner = {{"when", 2}, {"retry", 1}}});
  EXPECT_EQ(scopes.next_call(), "root#5");
  EXPECT_EQ(scopes.next_read().planned, "root?3");
  EXPECT_EQ(scopes.numbered("when"), "when[3]");
  EXPECT_EQ(scopes.numbered("retry"), "retry[2]");
}

TEST(ScopesTest, AStepIsCountedInTheScopeItStandsIn) {
  Scopes scopes;
  EXPECT_EQ(scopes.next_step(), "root/step[1]");
  scopes.open(scopes.numbered("phase"));
  EXPECT_EQ(scopes.next_step(), "root/phase[1]/step[1]");
  scopes.close();
  EXPECT_EQ(scopes.next_step(), "root/step[2]");
}

}  // namespace
}  // namespace snapcore
