#include <gmock/gmock.h>

#include "captured_output.hpp"
#include "cli/audiences.hpp"
#include "example_plan.hpp"

namespace snapcore {
namespace {

using testing::HasSubstr;

TEST(ProgressTest, ShowsBytesRateAndTimeLeft) {
  double now = 100;
  Progress progress([&] { return now; });
  progress.begin("kv_prod.stage");
  EXPECT_EQ(progress.line(), "kv_prod.stage");
  progress.report(0, 30'000'000, "");
  EXPECT_EQ(progress.line(), "kv_prod.stage  0 B of 30.0 MB");
  now = 102;
  progress.report(10'000'000, 30'000'000, "member 1 of 3");
  EXPECT_EQ(progress.line(),
            "kv_prod.stage  10.0 MB of 30.0 MB, 5.0 MB/s, 4.0 s left: member 1 of 3");
}

TEST(ProgressTest, WorkThatBeginsAgainIsMeasuredAgain) {
  double now = 0;
  Progress progress([&] { return now; });
  progress.begin("x");
  now = 1;
  progress.report(1000, 4000, "");
  now = 10;
  progress.report(500, 4000, "again");
  now = 11;
  progress.report(1500, 4000, "again");
  EXPECT_EQ(progress.line(), "x  1.5 kB of 4.0 kB, 1.0 kB/s, 2.5 s left: again");
}

TEST(PeopleAudienceTest, WithoutATerminalALineStaysEveryFewSeconds) {
  CapturedOutput captured;
  double now = 0;
  PeopleAudience audience(captured.output, [&] { return now; });
  const PlannedCall call = example_stage();
  audience.step_began("Restore");
  audience.call_began(call);
  for (int i = 1; i <= 100; ++i) {
    now = i * 0.1;
    audience.call_progress(call, static_cast<std::uint64_t>(i) * 1000, 100'000, "");
  }
  audience.call_done(call, Value());
  EXPECT_EQ(captured.err(),
            "Step: Restore\n"
            "  kv_prod.stage begins\n"
            "  Restore kv_prod: kv_prod.stage  50.0 kB of 100.0 kB, 10.0 kB/s, 5.0 s left\n"
            "  Restore kv_prod: kv_prod.stage  100.0 kB of 100.0 kB, 10.0 kB/s\n"
            "  kv_prod.stage done, 10 s\n");
  EXPECT_EQ(captured.out(), "");
}

TEST(PeopleAudienceTest, OnATerminalTheLineIsReplacedAndTakenAway) {
  CapturedOutput captured({}, true);
  PeopleAudience audience(captured.output, [] { return 0.0; });
  const PlannedCall call = example_stage();
  audience.call_began(call);
  audience.call_progress(call, 1, 2, "");
  audience.call_failed(call, {.code = "x", .message = "broke"});
  const std::string err = captured.err();
  EXPECT_THAT(err, HasSubstr("\r\x1b[KRestore kv_prod: kv_prod.stage  1 B of 2 B"));
  EXPECT_THAT(err, HasSubstr("\r\x1b[K  kv_prod.stage FAILED after 0.0 s: broke\n"));
}

TEST(JsonAudienceTest, EveryLineIsAnObjectWithAType) {
  CapturedOutput captured({.json = true});
  JsonAudience audience(captured.output, [] { return 0.0; });
  const PlannedCall call = example_stage();
  const Error error{.code = "kv.x", .message = "broke"};
  audience.step_began("Restore");
  audience.call_began(call);
  audience.call_progress(call, 1, 2, "m");
  audience.call_done(call, Value::object({{"words", Value::array({"w"})}}));
  audience.call_failed(call, error);
  audience.undo_began(call);
  audience.undo_done(call);
  audience.undo_failed(call, error);
  audience.note("n", {"a.lua", 3});
  audience.log(2, "kv_prod", "l");
  audience.step_ended("Restore");
  captured.output.finish(5);
  std::istringstream lines(captured.out());
  std::string types;
  for (std::string line; std::getline(lines, line);) {
    const auto value = Value::parse(line);
    ASSERT_TRUE(value) << line;
    types += value->at("type").text() + " ";
  }
  EXPECT_EQ(types, "step call progress call call undo undo undo note log step result ");
  EXPECT_THAT(captured.out(), HasSubstr("\"exit\":5"));
  EXPECT_EQ(captured.err(), "");
}

TEST(LogTest, DebugLinesNeedVerbose) {
  CapturedOutput quiet({.json = true}), verbose({.json = true, .verbose = true});
  LogAudience(quiet.output).log(0, "kv", "detail");
  LogAudience(verbose.output).log(0, "kv", "detail");
  EXPECT_EQ(quiet.out(), "");
  EXPECT_THAT(verbose.out(), HasSubstr("\"level\":\"debug\""));
}

}  // namespace
}  // namespace snapcore
