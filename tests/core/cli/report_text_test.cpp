#include "cli/text/report_text.hpp"

#include <gmock/gmock.h>

#include "cli/text/error_text.hpp"
#include "cli/text/words.hpp"
#include "example_plan.hpp"
#include "golden.hpp"

namespace snapcore {
namespace {

using testing::HasSubstr;

RunEnd example_end() {
  return {.run_id = "20260301T040506Z-1f2e",
          .journal = "/var/lib/snapcore/runs/20260301T040506Z-1f2e/journal.jsonl",
          .head = {.seq = 23, .hash = digest_of('7')},
          .seconds = 13.2,
          .again = "snapcore run kv-restore.lua"};
}

std::string text_of(const Plan& plan, const RunReport& report) {
  return report_text(plan, report, example_end(), {});
}

TEST(ReportTextTest, Done) {
  expect_golden("report_done", text_of(example_plan(), example_report()));
}

TEST(ReportTextTest, DoneWithWarnings) {
  RunReport report = example_report();
  report.ending = Ending::kDoneWithWarnings;
  report.warnings = {"kv-2 answered only at the second try"};
  expect_golden("report_warnings", text_of(example_plan(), report));
}

TEST(ReportTextTest, FailedAndUndone) {
  expect_golden("report_undone", text_of(example_plan(), report_of_a_run_undone()));
}

TEST(ReportTextTest, Held) {
  expect_golden("report_held", text_of(example_plan(), report_of_a_run_held()));
}

TEST(ReportTextTest, HeldBecauseTheWayBackFailed) {
  RunReport report = report_of_a_run_held();
  report.rollback_error = Error{.code = "kv.cannot_stop",
                                .message = "kv-3 could not be stopped",
                                .outcome = Outcome::kMayHaveHappened};
  report.standing.front().half_undone = true;
  expect_golden("report_way_back_failed", text_of(example_plan(), report));
}

TEST(ReportTextTest, InterruptedOnTheWayBackItGoesOnThereOrForwardAgain) {
  RunReport report = report_of_a_run_held();
  report.ending = Ending::kInterrupted;
  report.error.reset();
  report.rollback_error = Error{.code = "run.interrupted", .message = "stopped by the operator"};
  RunEnd end = example_end();
  end.was = RunEnd::Was::kRollback;
  const std::string text = report_text(example_plan(), report, end, {});
  EXPECT_THAT(text, HasSubstr("Interrupted on the way back: "));
  EXPECT_THAT(text, HasSubstr("go on with the way back, or forward again:\n"));
  EXPECT_THAT(text, HasSubstr(" resume " + end.run_id + "     # forward again: "));
  EXPECT_THAT(text, HasSubstr(" rollback " + end.run_id + "   # go on with the way back\n"));
}

TEST(ReportTextTest, FailedBeforeAnythingLiveWasTouched) {
  RunReport report;
  report.ending = Ending::kFailedUntouched;
  report.error = Error{.code = "stream.digest",
                       .message = "kv-restore.lua:9: the snapshot is not the one of the plan",
                       .category = Category::kCorrupt};
  report.undone = {"removed what was staged"};
  expect_golden("report_untouched", text_of(example_plan(), report));
}

TEST(ReportTextTest, NothingToRestore) {
  RunReport report;
  report.done = {example_report().done.back()};
  expect_golden("report_checks", text_of(plan_of_checks(), report));
}

TEST(ReportTextTest, ShellCommandsAreNeverWrapped) {
  RunReport report = report_of_a_run_held();
  const std::string command = "mv -T " + std::string(300, 'x') + " /var/lib/kv/data && echo done";
  report.way_back.front().shell = {command};
  EXPECT_THAT(text_of(example_plan(), report), HasSubstr("  " + command + "\n"));
}

TEST(ErrorTextTest, MessageFirstThenTheChainThenTheHint) {
  const Error cause{.code = "http.refused", .message = "connection refused"};
  const Error error{.code = "kv.unreachable",
                    .message = "restore.lua:7: kv_prod does not answer",
                    .hint = "is it started?",
                    .cause = std::make_shared<Error>(cause)};
  EXPECT_EQ(
      error_text(error, {.state = "nothing was changed", .next = "snapcore list backups"}, {}),
      "restore.lua:7: kv_prod does not answer\n"
      "  [kv.unreachable]\n"
      "  because: connection refused\n"
      "    [http.refused]\n"
      "hint: is it started?\n"
      "state now: nothing was changed\n"
      "next:\n"
      "  snapcore list backups\n");
}

TEST(ErrorTextTest, EveryLineOfALongMessageIsShown) {
  const std::string text = error_text(
      {.code = "plan.changed", .message = "another plan\n  approved plan: a\n  this run: b"}, {},
      {});
  EXPECT_EQ(text, "another plan\n  approved plan: a\n  this run: b\n  [plan.changed]\n");
}

TEST(WordsTest, SecondsInWords) {
  EXPECT_EQ(describe_seconds(0.04), "0.0 s");
  EXPECT_EQ(describe_seconds(9.96), "10 s");
  EXPECT_EQ(describe_seconds(59.7), "1 min 0 s");
  EXPECT_EQ(describe_seconds(185), "3 min 5 s");
  EXPECT_EQ(describe_seconds(7800), "2 h 10 min");
}

TEST(WordsTest, ShellWordsAreQuotedWhenTheyMustBe) {
  EXPECT_EQ(shell_word("a/b-c.lua"), "a/b-c.lua");
  EXPECT_EQ(shell_word(""), "''");
  EXPECT_EQ(shell_word("it's $HOME"), "'it'\\''s $HOME'");
}

}  // namespace
}  // namespace snapcore
