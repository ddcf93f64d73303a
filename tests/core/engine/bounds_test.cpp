// What a phase may do at most, and where it goes beyond.
#include "engine/bounds.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace snapcore {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Bounds bounds(const std::string& json) { return *bounds_from(*Value::parse(json)); }

PlannedCall act(const std::string& id, const std::string& instance, const std::string& operation,
                bool can_be_undone = true) {
  PlannedCall call;
  call.id = id;
  call.instance = instance;
  call.operation = operation;
  call.undo.kind = can_be_undone ? UndoRule::Kind::kCompensate : UndoRule::Kind::kNone;
  return call;
}

Plan plan_of(std::vector<PlannedCall> calls) {
  Plan plan;
  plan.phases.push_back({"", std::move(calls)});
  return plan;
}

TEST(BoundsTest, AreTheSameHoweverTheyAreGiven) {
  const Bounds given = bounds(
      R"({"instances": ["b", "a", "b"], "acts": 3, "bytes": "20 GB", "operations": ["z", "y"]})");
  const Value value = to_value(given);
  EXPECT_EQ(
      value.dump(),
      R"({"acts":3,"bytes":20000000000,"destroys":0,"instances":["a","b"],"operations":["y","z"]})");
  EXPECT_EQ(to_value(*bounds_from(value)), value);
  EXPECT_EQ(to_value(bounds(R"({"acts": 0})")).dump(), R"({"acts":0,"destroys":0,"instances":[]})");
}

TEST(BoundsTest, ThatAreNoneAreRefusedByName) {
  const auto said = [](const std::string& json) {
    const auto read = bounds_from(*Value::parse(json));
    return read ? "accepted" : read.error().message;
  };
  EXPECT_THAT(said(R"({})"), HasSubstr("acts is missing"));
  EXPECT_THAT(said(R"({"acts": 1})"), HasSubstr("instances is missing"));
  EXPECT_THAT(said(R"({"acts": 1, "instances": []})"), HasSubstr("instances is missing"));
  EXPECT_THAT(said(R"({"acts": -1, "instances": ["a"]})"), HasSubstr("0 or more, not -1"));
  EXPECT_THAT(said(R"({"acts": 1.5, "instances": ["a"]})"), HasSubstr("0 or more, not 1.5"));
  EXPECT_THAT(said(R"({"acts": 1, "instances": "a"})"), HasSubstr("a list of names"));
  EXPECT_THAT(said(R"({"acts": 1, "instances": [""]})"), HasSubstr("is none"));
  EXPECT_THAT(said(R"({"acts": 1, "instances": ["a"], "bytes": "much"})"), HasSubstr("\"20 GB\""));
  EXPECT_THAT(said(R"({"acts": 1, "instances": ["a"], "act": 2})"),
              HasSubstr("act: there is no such bound"));
}

TEST(BoundsTest, AreSaidInWords) {
  EXPECT_EQ(in_words(bounds(R"({"acts": 0})")), "no acts: it only looks and checks");
  EXPECT_EQ(in_words(bounds(R"({"acts": 1, "instances": ["a"]})")),
            "at most 1 act on a, all of which can be undone");
  EXPECT_EQ(
      in_words(bounds(
          R"({"acts": 3, "instances": ["a", "b"], "operations": ["restore"], "destroys": 1, "bytes": 5000})")),
      "at most 3 acts (restore) on a, b, of which at most 1 cannot be undone, moving at most 5.0 "
      "kB");
}

TEST(BoundsTest, HoldWhatIsWithin) {
  Plan plan = plan_of({act("p#1.stage", "a", "stage"), act("p#1.activate", "a", "activate"),
                       act("p#2", "b", "add")});
  plan.restores.emplace_back();
  plan.restores.back().id = "p#1";
  EXPECT_THAT(beyond(bounds(R"({"acts": 3, "instances": ["a", "b"]})"), plan), IsEmpty());
  EXPECT_THAT(
      beyond(bounds(R"({"acts": 3, "instances": ["a", "b"], "operations": ["add", "restore"]})"),
             plan),
      IsEmpty());
  plan.phases[0].calls[0].bytes = 100;
  EXPECT_THAT(beyond(bounds(R"({"acts": 3, "instances": ["a", "b"], "bytes": 100})"), plan),
              IsEmpty());
}

TEST(BoundsTest, SayEachWayInWhichAPhaseGoesBeyond) {
  Plan plan = plan_of({act("p#1", "a", "add"), act("p#2", "c", "wipe", false)});
  plan.phases[0].calls[1].bytes = 101;
  EXPECT_THAT(
      beyond(
          bounds(
              R"({"acts": 1, "instances": ["a"], "operations": ["add"], "destroys": 0, "bytes": 100})"),
          plan),
      ElementsAre("c.wipe acts on c, which is not among them",
                  "c.wipe is none of the operations it may make", "it has 2 acts, and may have 1",
                  "1 act cannot be undone, and 0 may", "it moves 101 B, and may move 100 B"));
}

TEST(BoundsTest, CountNoChecks) {
  PlannedCall check = act("p#1", "elsewhere", "expect");
  check.effect = Effect::kVerify;
  EXPECT_THAT(beyond(bounds(R"({"acts": 0})"), plan_of({check})), IsEmpty());
}

}  // namespace
}  // namespace snapcore
