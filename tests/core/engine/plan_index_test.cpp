#include "engine/plan_index.hpp"

#include <gtest/gtest.h>

namespace snapcore {
namespace {

PlannedCall call(const char* id) {
  PlannedCall made;
  made.id = id;
  return made;
}

TEST(PlanIndexTest, FindsCallsOfAllPhasesAndChoices) {
  Plan plan;
  plan.phases.push_back({"", {call("root#1"), call("root#2.stage")}});
  plan.phases.push_back({"rest", {call("root/phase[1]#1")}});
  plan.choices.push_back({"root?1", "store", "latest", Value(), Value("a")});
  const PlanIndex index(plan);
  for (const PlannedCall* planned : plan.calls()) EXPECT_EQ(index.call(planned->id), planned);
  EXPECT_EQ(index.choice("root?1"), &plan.choices.front());
  EXPECT_EQ(index.call("root#2"), nullptr);
  EXPECT_EQ(index.call("root?1"), nullptr);
  EXPECT_EQ(index.choice("root#1"), nullptr);
  EXPECT_EQ(PlanIndex().call("root#1"), nullptr);
}

}  // namespace
}  // namespace snapcore
