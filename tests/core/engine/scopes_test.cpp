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

}  // namespace
}  // namespace snapcore
