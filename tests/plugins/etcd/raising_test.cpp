// What is said of the revision before a restore, and how much is enough.
#include <gmock/gmock.h>

#include <raising.hpp>

namespace etcd {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr char kPromise[] = "no old watch waits for ever";

TEST(Raising, ItIsCountedFromTheHigherOfTheTwoRevisions) {
  EXPECT_EQ(usual_bump({.of_snapshot = 5, .newest = 15}), 1000000010);
  EXPECT_EQ(usual_bump({.of_snapshot = 15, .newest = 5}), 1000000000);
  EXPECT_EQ(usual_bump({.of_snapshot = {}, .newest = 15}), 1000000015);
  EXPECT_EQ(usual_bump({}), 1000000000);
}

// A watch of what comes next asks for one more than what is there; etcd tells it of a compaction
// above that alone.
TEST(Raising, ItFallsShortUpToTheRevisionThatAWatchAsksForNext) {
  const Revisions known{.of_snapshot = 5, .newest = 32};
  EXPECT_EQ(shortfall(7, known),
            "the restored data comes to revision 12, and the target was at 32: a watch that goes "
            "on from there waits for ever; bump_revision=1000000027 is enough");
  EXPECT_NE(shortfall(28, known), "");
  EXPECT_EQ(shortfall(29, known), "");
  EXPECT_EQ(shortfall(1, {.of_snapshot = 32, .newest = 5}), "");
}

TEST(Raising, WhatNobodyCanTellIsNoShortfall) {
  EXPECT_EQ(shortfall(7, {.of_snapshot = 5, .newest = 0}), "");
  EXPECT_EQ(shortfall(7, {.of_snapshot = {}, .newest = 32}), "");
  EXPECT_EQ(shortfall(0, {.of_snapshot = 5, .newest = 32}), "");
}

TEST(Raising, AWatchIsPromisedItsEndOnlyWhereItComes) {
  EXPECT_THAT(words_for_bump(29, {.of_snapshot = 5, .newest = 32}), HasSubstr(kPromise));
  EXPECT_THAT(words_for_bump(34, {.of_snapshot = {}, .newest = 32}), HasSubstr(kPromise));
  const std::string low = words_for_bump(7, {.of_snapshot = 5, .newest = 32});
  EXPECT_THAT(low, StartsWith("raise the revision by 7 and compact, as asked: the restored data "));
  EXPECT_THAT(low, Not(HasSubstr(kPromise)));
  EXPECT_EQ(words_for_bump(7, {.of_snapshot = {}, .newest = 32}),
            "raise the revision by 7 and compact, as asked: whether that comes above revision 32, "
            "where the target is now, shows when the snapshot is read; bump_revision=1000000032 is "
            "enough");
  EXPECT_THAT(words_for_bump(7, {}), EndsWith(" by 7 and compact, as asked"));
}

TEST(Raising, WithoutAWishDataOfKubernetesAloneIsRaised) {
  EXPECT_THAT(words_for_bump({}, {}),
              StartsWith("if the data is that of Kubernetes, raise the revision by 1000000000 and "
                         "compact, so that no old watch waits for ever"));
  EXPECT_THAT(words_for_bump({}, {.of_snapshot = {}, .newest = 32}),
              HasSubstr("by 1000000000, counted from the target's (32) where that is higher, and "
                        "compact"));
  EXPECT_THAT(words_for_bump(0, {.of_snapshot = 5, .newest = 32}),
              HasSubstr("leave the revision as it is, as asked"));
}

}  // namespace
}  // namespace etcd
