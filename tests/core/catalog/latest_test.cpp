#include "catalog/latest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace snapcore {
namespace {

using Verdict = Considered::Verdict;

Time day(int number) { return *parse_time("2026-01-01T00:00:00Z") + std::chrono::days(number); }

Artifact note(const std::string& ref, std::optional<int> made_on) {
  Artifact artifact{.source = "backups", .ref = ref, .name = ref, .size = 5, .kind = "note"};
  if (made_on) artifact.created = day(*made_on);
  return artifact;
}

Verdict verdict_on(const LatestChoice& choice, const std::string& ref) {
  const auto found = std::find_if(choice.considered.begin(), choice.considered.end(),
                                  [&](const Considered& one) { return one.ref == ref; });
  EXPECT_NE(found, choice.considered.end()) << ref;
  return found->verdict;
}

TEST(LatestTest, TheNewestByCreationElseByModificationIsChosen) {
  std::vector<Artifact> artifacts = {note("a", 1), note("b", 3), note("c", 2)};
  EXPECT_EQ(choose_latest(artifacts, {}).value().artifact.ref, "b");
  artifacts[0].modified = day(99);  // copied later, but made on day 1
  EXPECT_EQ(choose_latest(artifacts, {}).value().artifact.ref, "b");
  artifacts[2].created.reset();
  artifacts[2].modified = day(4);
  EXPECT_EQ(choose_latest(artifacts, {}).value().artifact.ref, "c");
}

TEST(LatestTest, TheOrderOfTheListDoesNotMatterAlsoForEqualTimes) {
  std::vector<Artifact> artifacts = {note("a", 2), note("b", 2), note("c", 2), note("d", 1)};
  std::sort(artifacts.begin(), artifacts.end(), [](auto& x, auto& y) { return x.ref < y.ref; });
  do {
    const auto choice = choose_latest(artifacts, {}).value();
    EXPECT_EQ(choice.artifact.ref, "c");
    ASSERT_EQ(choice.considered.size(), 4U);
    EXPECT_EQ(choice.considered.back().ref, "d");
  } while (std::next_permutation(artifacts.begin(), artifacts.end(),
                                 [](auto& x, auto& y) { return x.ref < y.ref; }));
}

TEST(LatestTest, EveryArtifactIsAccountedFor) {
  std::vector<Artifact> artifacts = {note("site/old", 1),   note("site/chosen", 3),
                                     note("site/new", 9),   note("lab/a", 2),
                                     note("site/other", 2), note("site/timeless", {})};
  artifacts[4].kind = "picture";
  const auto choice =
      choose_latest(artifacts, {.kind = "note", .prefix = "site/", .before = day(3)});
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->artifact.ref, "site/chosen");
  EXPECT_EQ(verdict_on(*choice, "site/chosen"), Verdict::kChosen);
  EXPECT_EQ(verdict_on(*choice, "site/old"), Verdict::kOlder);
  EXPECT_EQ(verdict_on(*choice, "site/new"), Verdict::kTooNew);
  EXPECT_EQ(verdict_on(*choice, "lab/a"), Verdict::kOtherName);
  EXPECT_EQ(verdict_on(*choice, "site/other"), Verdict::kOtherKind);
  EXPECT_EQ(verdict_on(*choice, "site/timeless"), Verdict::kNoTime);
  EXPECT_EQ(in_words(choice->considered),
            "6 seen: 1 older, 1 of another name, 1 of another kind, 1 too new, 1 without a time");
}

TEST(LatestTest, ABrokenOneThatIsTheNewestIsChosenAndNotSkipped) {
  std::vector<Artifact> artifacts = {note("good", 1), note("broken", 2)};
  artifacts[1].kind.clear();
  artifacts[1].problem = Error{.code = "manifest.malformed"};
  EXPECT_EQ(choose_latest(artifacts, {.kind = "note"}).value().artifact.ref, "broken");
  artifacts[1].problem.reset();
  artifacts[1].size = 0;  // the backup that failed last night
  EXPECT_EQ(choose_latest(artifacts, {.kind = "note"}).value().artifact.ref, "broken");
  artifacts[1].size = 5;  // a file of another kind that nobody knows
  EXPECT_EQ(choose_latest(artifacts, {.kind = "note"}).value().artifact.ref, "good");
}

TEST(LatestTest, OneWithoutATimeIsChosenOnlyWhenThereIsNoDoubt) {
  const std::vector<Artifact> one = {note("a", {})};
  const std::vector<Artifact> two = {note("a", {}), note("b", {})};
  const std::vector<Artifact> dated = {note("a", {}), note("b", 1)};
  EXPECT_EQ(choose_latest(one, {}).value().artifact.ref, "a");
  EXPECT_EQ(choose_latest(one, {.before = day(5)}).error().code, "source.no_time");
  EXPECT_EQ(choose_latest(two, {}).error().code, "source.no_time");
  EXPECT_EQ(choose_latest(dated, {}).value().artifact.ref, "b");
}

TEST(LatestTest, WhenNothingFitsItSaysWhatWasWantedAndWhatThereIs) {
  EXPECT_EQ(choose_latest({}, {}).error().code, "source.no_artifact");
  const std::vector<Artifact> artifacts = {note("a", 8), note("b", 9)};
  const auto none = choose_latest(artifacts, {.kind = "note", .prefix = "", .before = day(1)});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, "source.no_artifact");
  EXPECT_EQ(none.error().message,
            "no artifact of kind 'note' not newer than 2026-01-02T00:00:00Z in backups (2 seen: 2 "
            "too new)");
}

}  // namespace
}  // namespace snapcore
