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

TEST(PeopleAudienceTest, ACallThatSaysNothingIsSeenToGoOn) {
  for (const bool terminal : {false, true}) {
    CapturedOutput captured({}, terminal);
    double now = 0;
    PeopleAudience audience(captured.output, [&] { return now; });
    const PlannedCall call = example_stage();
    audience.call_began(call);
    const std::size_t before = captured.err().size();
    for (int i = 1; i <= 120; ++i) {
      now = i * 0.1 + 0.001;
      audience.call_goes_on(call);
    }
    const std::string line = "Restore kv_prod: kv_prod.stage  ";
    std::string wanted = "  " + line + "5 s\n  " + line + "10 s\n";
    if (terminal) {
      wanted.clear();
      for (int i = 1; i <= 12; ++i) wanted += "\r\x1b[K" + line + std::to_string(i) + " s";
    }
    EXPECT_EQ(captured.err().substr(before), wanted);
  }
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

// What stands behind the last time that the line was taken away.
std::string last_live_line(const CapturedOutput& captured) {
  const std::string err = captured.err();
  return err.substr(err.rfind("\x1b[K") + 3);
}

TEST(PeopleAudienceTest, ALiveLineFitsTheTerminalAlsoWhenThatGetsNarrower) {
  CapturedOutput captured({}, true);
  PeopleAudience audience(captured.output, [] { return 0.0; });
  const PlannedCall call = example_stage();
  audience.call_began(call);
  captured.columns = 20;
  audience.call_progress(call, 1, 2, "");
  EXPECT_EQ(last_live_line(captured), "...tage  1 B of 2 B");
  for (const std::size_t columns : {39, 12, 5, 2, 1}) {
    captured.columns = columns;
    audience.call_goes_on(call);
    const std::string line = last_live_line(captured);
    EXPECT_EQ(line.size(), std::max<std::size_t>(columns, 2) - 1) << line;
    EXPECT_TRUE(line.ends_with("B")) << line;
  }
}

PlannedCall example_in(const std::string& scope, const std::string& instance) {
  PlannedCall call = example_stage();
  call.id = scope + "#1";
  call.instance = instance;
  return call;
}

TEST(PeopleAudienceTest, EachCallThatGoesOnHasALineOfItsOwn) {
  CapturedOutput captured({}, true);
  double now = 0;
  PeopleAudience audience(captured.output, [&] { return now; });
  const PlannedCall one = example_in("root/parallel[1]/branch[1]", "one");
  const PlannedCall two = example_in("root/parallel[1]/branch[2]", "two");
  audience.call_began(one);
  audience.call_began(two);
  now = 2;
  audience.call_progress(one, 0, 4000, "");
  now = 4;
  audience.call_progress(one, 2000, 4000, "");
  EXPECT_THAT(captured.err(),
              HasSubstr("\r\x1b[K\x1b[1A\x1b[K"
                        "Restore kv_prod: one.stage  2.0 kB of 4.0 kB, 1.0 kB/s, 2.0 s left\r\n"
                        "Restore kv_prod: two.stage  4 s"));
  const std::size_t before = captured.err().size();
  audience.call_done(one, Value());
  EXPECT_EQ(captured.err().substr(before),
            "\r\x1b[K\x1b[1A\x1b[K  one.stage done, 4.0 s\nRestore kv_prod: two.stage  4 s");
}

TEST(PeopleAudienceTest, ALineThatIsTooLongKeepsWhatMoves) {
  CapturedOutput captured({}, true);
  PeopleAudience audience(captured.output, [] { return 0.0; });
  PlannedCall call = example_stage();
  call.step = std::string(200, 'x');
  audience.call_began(call);
  audience.call_progress(call, 1, 2, "member 1 of 3");
  EXPECT_THAT(captured.err(), HasSubstr("x: kv_prod.stage  1 B of 2 B: member 1 of 3"));
  EXPECT_EQ(captured.err().find(std::string(80, 'x')), std::string::npos);
}

TEST(PeopleAudienceTest, WhatTheSameBranchBeginsEndsWhatItDidBefore) {
  CapturedOutput captured({}, true);
  PeopleAudience audience(captured.output, [] { return 0.0; });
  PlannedCall look = example_stage(), next = example_stage();
  look.id = "root/wait_until[1]#1";
  next.id = "root#2";
  next.operation = "activate";
  audience.call_began(look);
  const std::size_t before = captured.err().size();
  audience.call_began(next);
  EXPECT_EQ(captured.err().substr(before), "\r\x1b[KRestore kv_prod: kv_prod.activate");
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

TEST(JsonAudienceTest, ProgressSaysHowFastAndHowLong) {
  CapturedOutput captured({.json = true});
  double now = 0;
  JsonAudience audience(captured.output, [&] { return now; });
  const PlannedCall call = example_stage();
  audience.call_began(call);
  audience.call_progress(call, 0, 3000, "");
  now = 2;
  audience.call_progress(call, 2000, 3000, "");
  EXPECT_THAT(captured.out(), HasSubstr("\"bytes_per_second\":1000"));
  EXPECT_THAT(captured.out(), HasSubstr("\"seconds_left\":1"));
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
