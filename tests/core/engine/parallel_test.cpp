// parallel: branches that are under way at the same time, and what becomes of all of them when one
// fails.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <thread>

#include "engine/room.hpp"
#include "scene.hpp"

namespace snapcore {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Step step(const std::string& instance, const std::string& operation, const std::string& name) {
  return {instance, operation, Value::object({{"name", name}})};
}

// Two ledgers that meet: `a` adds "bell" through a pipe that `b` hears it from, so that both calls
// end only if both are under way. Behind it `b` goes on hearing until let_b_go().
class Meeting {
 public:
  explicit Meeting(Scene& scene, bool holds_b = false) : scene_(scene) {
    ::mkfifo(scene.path("a/bell").c_str(), 0600);
    std::filesystem::create_symlink(scene.path("a/bell"), scene.path("b/bell"));
    if (holds_b) ::mkfifo(scene.path("b/bell.then").c_str(), 0600);
  }
  ~Meeting() {
    if (releases_.joinable()) releases_.join();
  }
  void let_b_go() {
    releases_ = std::thread([path = scene_.path("b/bell.then")] { std::ofstream(path) << "go"; });
  }

 private:
  Scene& scene_;
  std::thread releases_;
};
const Step kRings = step("a", "add", "bell");
const Step kHears = step("b", "hear", "bell");

std::vector<std::string> undone(const Scene& scene) {
  std::vector<std::string> ids;
  for (const Record& record : scene.records()) {
    if (record.type == "undo_result") ids.push_back(record.body.at("call").text());
  }
  return ids;
}

std::vector<std::string> intents(const Scene& scene) {
  std::vector<std::string> ids;
  for (const Record& record : scene.records()) {
    if (record.type == "intent") ids.push_back(record.body.at("call").text());
  }
  return ids;
}

TEST(ParallelTest, EachBranchIsPlannedInAScopeOfItsOwn) {
  Scene scene;
  const Script script = beside({in_order({add_entry("one"), add_entry("two")}),
                                in_order({add_entry("three", "b")}), in_order({})},
                               2);
  const auto plan = scene.plan(script);
  ASSERT_TRUE(plan) << plan.error().message;
  ASSERT_EQ(plan->calls().size(), 3u);
  EXPECT_EQ(plan->calls()[1]->id, "root/parallel[1]/branch[1]#2");
  EXPECT_EQ(plan->calls()[2]->id, "root/parallel[1]/branch[2]#1");
  ASSERT_EQ(plan->parts.size(), 1u);
  EXPECT_EQ(plan->parts[0].rule.dump(), R"({"branches":3,"limit":2})");
  const auto again = plan_from(to_value(*plan));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->parts[0].kind, PartKind::kParallel);
  const auto other = scene.plan(beside({in_order({add_entry("one"), add_entry("two")}),
                                        in_order({add_entry("three", "b")}), in_order({})},
                                       3));
  EXPECT_NE(other->digest(), plan->digest());
}

TEST(ParallelTest, ItsBranchesAreUnderWayAtTheSameTime) {
  Scene scene;
  Meeting meeting(scene);
  const auto report = scene.run(beside({in_order({kRings}), in_order({kHears})}));
  EXPECT_EQ(report.ending, Ending::kDone) << report.error->message;
  EXPECT_EQ(report.done.size(), 2u);
  EXPECT_EQ(scene.get("b/bell.heard"), "bell");
}

TEST(ParallelTest, NoMoreThanItsLimitAreUnderWay) {
  Scene scene;
  for (int round = 0; round < 5; ++round) {
    const std::string name = "one" + std::to_string(round);
    const auto report =
        scene.run(beside({in_order({step("a", "alone", name), step("a", "alone", name + "+")}),
                          in_order({step("b", "alone", name)})},
                         1));
    ASSERT_EQ(report.ending, Ending::kDone) << report.error->message;
    EXPECT_THAT(intents(scene),
                ElementsAre("root/parallel[1]/branch[1]#1", "root/parallel[1]/branch[1]#2",
                            "root/parallel[1]/branch[2]#1"));
  }
}

TEST(ParallelTest, ItGoesOnBehindIt) {
  Scene scene;
  const auto report = scene.run(one_after_the_other(
      {beside({in_order({add_entry("one")}), in_order({add_entry("two", "b")})}),
       in_order({add_entry("three")}), beside({in_order({add_entry("four", "b")})})}));
  EXPECT_EQ(report.ending, Ending::kDone) << report.error->message;
  EXPECT_EQ(scene.get("a/calls"), "add one\nadd three\n");
  EXPECT_EQ(intents(scene).back(), "root/parallel[2]/branch[1]#1");
}

// Branch 1 rings and then fails; branch 2 is inside of its call when that happens.
TEST(ParallelTest, AFailureLetsTheOthersFinishTheirCallAndUndoesAll) {
  Scene scene;
  Meeting meeting(scene, true);
  const Script plans = one_after_the_other(
      {in_order({add_entry("first")}), beside({in_order({kRings, add_entry("bad", "a", "before")}),
                                               in_order({kHears, add_entry("never", "b")})})});
  const auto plan = scene.plan(plans);
  ASSERT_TRUE(plan) << plan.error().message;
  const auto report = scene.execute(
      *plan, one_after_the_other(
                 {in_order({add_entry("first")}),
                  beside({[&](Gate& gate) {
                            auto ended = in_order({kRings, add_entry("bad", "a", "before")})(gate);
                            meeting.let_b_go();
                            return ended;
                          },
                          in_order({kHears, add_entry("never", "b")})})}));
  EXPECT_EQ(report.ending, Ending::kUndone);
  EXPECT_EQ(report.error->code, "ledger.broken");
  EXPECT_EQ(scene.get("b/calls"), "hear bell\nundo bell\n");
  // The last that was begun first.
  std::vector<std::string> begun = intents(scene);
  begun.erase(std::find(begun.begin(), begun.end(), "root/parallel[1]/branch[1]#2"));
  EXPECT_EQ(undone(scene), std::vector<std::string>(begun.rbegin(), begun.rend()));
}

TEST(ParallelTest, NothingInsideOfABranchCatchesTheFailureOfAnother) {
  Scene scene;
  Meeting meeting(scene, true);
  int rounds = 0;
  const auto script = [&](bool executes) {
    return beside({[&meeting, executes](Gate& gate) {
                     auto ended = in_order({kRings, add_entry("bad", "a", "before")})(gate);
                     if (executes) meeting.let_b_go();
                     return ended;
                   },
                   retry(5, [&rounds, executes](Gate& gate) {
                     rounds += executes ? 1 : 0;
                     return run_part(gate, PartKind::kRetry,
                                     Value::object({{"times", 5}, {"wait", "5s"}}),
                                     in_order({kHears, add_entry("never", "b")}));
                   })});
  };
  const auto plan = scene.plan(script(false));
  ASSERT_TRUE(plan) << plan.error().message;
  const auto report = scene.execute(*plan, script(true));
  EXPECT_EQ(report.error->code, "ledger.broken");
  EXPECT_EQ(rounds, 1);
  EXPECT_THAT(scene.slept(), IsEmpty());
  EXPECT_EQ(scene.get("b/calls"), "hear bell\nundo bell\n");
}

TEST(ParallelTest, AStepOfABranchThatFailsIsLeftAndTheBranchGoesOnWhereThatIsAskedFor) {
  Scene scene;
  const Script script = one_after_the_other(
      {beside({one_after_the_other({step_of("bad", in_order({add_entry("x", "a", "before")})),
                                    step_of("good", in_order({add_entry("one")}))}),
               step_of("other", in_order({add_entry("two", "b")}))}),
       step_of("behind", in_order({add_entry("three")}))});
  const auto report = scene.run(script, OnFailure::kContinue);
  EXPECT_EQ(report.ending, Ending::kNeedsPerson);
  ASSERT_TRUE(report.error);
  EXPECT_EQ(report.error->code, "ledger.broken");
  ASSERT_EQ(report.warnings.size(), 1u);
  EXPECT_THAT(report.warnings[0], HasSubstr("step 'bad' failed and was left as it is"));
  EXPECT_THAT(scene.names("a"), ElementsAre("calls", "one", "three"));
  EXPECT_THAT(scene.names("b"), ElementsAre("calls", "two"));
}

TEST(ParallelTest, BehindAStepThatFailedInItsMiddleABranchGoesOn) {
  Scene scene;
  const Script in_its_middle = step_of(
      "bad", one_after_the_other({in_order({add_entry("x", "a", "before"), add_entry("never")}),
                                  retry(1, in_order({add_entry("neither")})),
                                  in_order({add_entry("nor")})}));
  const Script behind = step_of("good", one_after_the_other({retry(1, in_order({add_entry("one")})),
                                                             in_order({add_entry("four")})}));
  const Script script =
      one_after_the_other({in_its_middle, behind,
                           beside({one_after_the_other({in_its_middle, behind}),
                                   in_order({add_entry("two", "b"), add_entry("five", "b")})}),
                           step_of("last", in_order({add_entry("three")}))});
  const auto report = scene.run(script, OnFailure::kContinue);
  EXPECT_EQ(report.ending, Ending::kNeedsPerson);
  EXPECT_EQ(report.error->code, "ledger.broken");
  EXPECT_EQ(report.warnings.size(), 2u);
  EXPECT_EQ(scene.get("a/calls"),
            "add x\nadd one\nadd four\nadd x\nadd one\nadd four\nadd three\n");
  EXPECT_EQ(scene.get("b/calls"), "add two\nadd five\n");
}

TEST(ParallelTest, AStepInWhatMakesItAgainIsNotLeft) {
  Scene scene;
  const Script script = one_after_the_other(
      {in_order({add_entry("zero")}),
       retry(1, beside({step_of("bad", in_order({add_entry("x", "a", "before"), add_entry("y")})),
                        step_of("other", in_order({add_entry("two", "b")}))})),
       step_of("behind", in_order({add_entry("three")}))});
  const auto report = scene.run(script, OnFailure::kContinue);
  EXPECT_EQ(report.ending, Ending::kNeedsPerson);
  EXPECT_THAT(report.warnings, IsEmpty());
  EXPECT_THAT(scene.names("a"), ElementsAre("calls", "zero"));
}

TEST(ParallelTest, ADeviationInOneStopsTheOthersBeforeTheirNextAct) {
  Scene scene;
  Meeting meeting(scene, true);
  const auto plan = scene.plan(
      beside({in_order({kRings, add_entry("good")}), in_order({kHears, add_entry("never", "b")})}));
  ASSERT_TRUE(plan) << plan.error().message;
  const auto report =
      scene.execute(*plan, beside({[&](Gate& gate) {
                                     auto ended = in_order({kRings, add_entry("other")})(gate);
                                     meeting.let_b_go();
                                     return ended;
                                   },
                                   in_order({kHears, add_entry("never", "b")})}));
  EXPECT_EQ(report.ending, Ending::kNeedsPerson);
  EXPECT_EQ(report.error->code, "run.deviation");
  EXPECT_EQ(scene.get("a/calls"), "add bell\n");
  EXPECT_EQ(scene.get("b/calls"), "hear bell\n");
  EXPECT_EQ(report.standing.size(), 2u);
}

TEST(ParallelTest, AnInterruptionStopsEveryBranchAndTheRunCanBeGoneOnWith) {
  Scene scene;
  Meeting meeting(scene, true);
  const auto script = [&](bool interrupts) {
    return beside({[&, interrupts](Gate& gate) -> Result<> {
                     if (auto rang = in_order({kRings})(gate); !rang) return rang;
                     if (interrupts) {
                       scene.cancel();
                       meeting.let_b_go();
                     }
                     return in_order({add_entry("more")})(gate);
                   },
                   in_order({kHears, add_entry("more", "b")}), in_order({})},
                  2);
  };
  const auto plan = scene.plan(script(false));
  ASSERT_TRUE(plan) << plan.error().message;
  const auto report = scene.execute(*plan, script(true));
  EXPECT_EQ(report.ending, Ending::kInterrupted);
  EXPECT_EQ(scene.get("a/calls"), "add bell\n");
  EXPECT_EQ(scene.get("b/calls"), "hear bell\n");
  EXPECT_EQ(scene.resume(*plan, script(false)).ending, Ending::kDone);
  EXPECT_EQ(scene.get("a/calls"), "add bell\nadd more\n");
  EXPECT_EQ(scene.get("b/calls"), "hear bell\nadd more\n");
}

TEST(ParallelTest, ARetryAroundItMakesOnlyWhatFailedAgain) {
  Scene scene;
  scene.put("a/weather", "add two before 1\n");
  const auto report =
      scene.run(retry(3, beside({in_order({add_entry("one"), add_entry("two"), add_entry("three")}),
                                 in_order({add_entry("one", "b")})})));
  EXPECT_EQ(report.ending, Ending::kDone) << report.error->message;
  EXPECT_EQ(scene.get("a/calls"), "add one\nadd two\nadd two\nadd three\n");
  EXPECT_EQ(scene.get("b/calls"), "add one\n");
  EXPECT_EQ(report.done.size(), 4u);
}

TEST(ParallelTest, ARetryInsideOfABranchIsItsOwn) {
  Scene scene;
  scene.put("a/weather", "add one after 2\n");
  scene.put("b/weather", "add one before 2\n");
  const auto report =
      scene.run(one_after_the_other({beside({retry(3, in_order({add_entry("one")})),
                                             retry(3, in_order({add_entry("one", "b")}))}),
                                     in_order({add_entry("bad", "a", "before")})}));
  EXPECT_EQ(report.ending, Ending::kUndone);
  EXPECT_EQ(scene.get("a/calls"), "add one\nadd one\nadd one\nadd bad\nundo one\n");
  EXPECT_EQ(scene.get("b/calls"), "add one\nadd one\nadd one\nundo one\n");
  EXPECT_EQ(scene.slept().size(), 4u);
}

Script attempt(Script body, Script handler, const std::string& code = "ledger.broken") {
  return [=](Gate& gate) {
    return run_part(gate, PartKind::kAttempt,
                    Value::object({{"codes", Value::array({Value(code)})}}), body,
                    {{code, handler}});
  };
}

TEST(ParallelTest, AnAttemptInsideOfABranchUndoesOnlyItsOwn) {
  Scene scene;
  const auto report = scene.run(beside(
      {one_after_the_other({in_order({add_entry("zero")}),
                            attempt(in_order({add_entry("one"), add_entry("bad", "a", "before")}),
                                    in_order({add_entry("two")}))}),
       in_order({add_entry("one", "b"), add_entry("two", "b")})}));
  EXPECT_EQ(report.ending, Ending::kDone) << report.error->message;
  EXPECT_EQ(scene.get("a/calls"), "add zero\nadd one\nadd bad\nundo one\nadd two\n");
  EXPECT_EQ(scene.get("b/calls"), "add one\nadd two\n");
}

TEST(ParallelTest, AnAttemptAroundItUndoesAllBranches) {
  Scene scene;
  const Script script = one_after_the_other(
      {attempt(beside({in_order({add_entry("one"), add_entry("bad", "a", "before")}),
                       in_order({add_entry("one", "b")})},
                      1),
               in_order({add_entry("two", "b")})),
       in_order({add_entry("three")})});
  const auto plan = scene.plan(script);
  ASSERT_TRUE(plan) << plan.error().message;
  const auto report = scene.execute(*plan, script);
  EXPECT_EQ(report.ending, Ending::kDone) << report.error->message;
  EXPECT_EQ(scene.get("a/calls"), "add one\nadd bad\nundo one\nadd three\n");
  EXPECT_EQ(scene.get("b/calls"), "add two\n");
}

// What each script was told, in the order it was told.
Script telling(std::vector<std::string>& told, const std::string& instance, int count) {
  return [&told, instance, count](Gate& gate) -> Result<> {
    for (int i = 1; i <= count; ++i) {
      const std::string name = "entry" + std::to_string(i);
      auto added = call(gate, instance, "add", Value::object({{"name", name}}));
      if (!added) return fail(added.error());
      told.push_back(added->call);
    }
    return {};
  };
}

TEST(ParallelTest, ResumedBranchesAreToldInTheOrderOfTheJournal) {
  Scene scene;
  scene.site().instances.push_back({"c", "ledger", Value::object({{"path", scene.path("live")}})});
  std::vector<std::string> told;
  const Script script =
      beside({telling(told, "a", 8), telling(told, "b", 8), telling(told, "c", 8)}, 2);
  const auto plan = scene.plan(script);
  ASSERT_TRUE(plan) << plan.error().message;
  ASSERT_EQ(scene.execute(*plan, script).ending, Ending::kDone);
  std::vector<std::string> ended;
  for (const Record& record : scene.records()) {
    if (record.type == "result") ended.push_back(record.body.at("call").text());
  }
  for (int round = 0; round < 3; ++round) {
    told.clear();
    ASSERT_EQ(scene.resume(*plan, script).ending, Ending::kDone);
    EXPECT_EQ(told, ended);
  }
}

TEST(ParallelTest, EveryCutOfTheJournalEndsAsTheWholeRun) {
  const Script script = one_after_the_other(
      {retry(4, beside({in_order({add_entry("one"), add_entry("two"), step("a", "post", "three")}),
                        retry(3, in_order({add_entry("one", "b"), add_entry("two", "b")}))})),
       in_order({add_entry("four")})});
  std::size_t cuts = 0;
  for (std::size_t kept = 0;; ++kept) {
    Scene scene;
    scene.put("a/weather", "add two after 1\npost three unknown 1\n");
    scene.put("b/weather", "add two before 2\n");
    const auto plan = scene.plan(script);
    ASSERT_EQ(scene.execute(*plan, script).ending, Ending::kDone);
    if (kept >= scene.records().size()) break;
    scene.cut_journal(kept);
    std::set<std::string> known;
    for (const Record& record : scene.records()) {
      if (record.type != "undo_recorded") continue;
      const std::string call = record.body.at("call").text();
      const bool in_b = call.find("branch[2]") != std::string::npos;
      known.insert((in_b ? "b/" : "a/") + record.body.at("undo").at("data").text());
    }
    for (const char* file : {"a/one", "a/two", "a/three", "a/four", "b/one", "b/two"}) {
      if (known.count(file) > 0) continue;
      std::filesystem::remove(scene.path(file));
      std::filesystem::remove(scene.path(std::string(file) + ".second"));
    }
    const auto report = scene.resume(*plan, script);
    ASSERT_EQ(report.ending, Ending::kDone) << kept << " " << report.error->message;
    EXPECT_THAT(scene.names("a"),
                ElementsAre("calls", "four", "one", "three", "three.second", "two", "weather"));
    EXPECT_THAT(scene.names("b"), ElementsAre("calls", "one", "two", "weather"));
    ASSERT_EQ(scene.roll_back(*plan).ending, Ending::kUndone) << kept;
    EXPECT_THAT(scene.names("a"), ElementsAre("calls", "weather")) << kept;
    EXPECT_THAT(scene.names("b"), ElementsAre("calls", "weather")) << kept;
    ++cuts;
  }
  EXPECT_GT(cuts, 20u);
}

// Branch 1 failed and nobody went on behind it: whatever branch 2 did meanwhile, it is made again.
TEST(ParallelTest, WhatABranchFailedWithIsTriedAgainWhenResumedWhateverTheOthersDid) {
  Scene scene;
  Meeting meeting(scene, true);
  scene.put("a/weather", "add bad before 1\n");
  const auto script = [&](bool first) {
    return beside({[&, first](Gate& gate) {
                     auto ended = in_order({kRings, add_entry("bad")})(gate);
                     if (first) meeting.let_b_go();
                     return ended;
                   },
                   in_order({kHears, add_entry("more", "b")})});
  };
  const auto plan = scene.plan(script(false));
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(scene.execute(*plan, script(true), OnFailure::kHold).ending, Ending::kNeedsPerson);
  EXPECT_EQ(scene.resume(*plan, script(false)).ending, Ending::kDone);
  EXPECT_EQ(scene.get("a/calls"), "add bell\nadd bad\nadd bad\n");
  EXPECT_EQ(scene.get("b/calls"), "hear bell\nadd more\n");
}

// Each holds its own ledger and wants the other's.
TEST(ParallelTest, CallsThatGoThroughEachOtherDoNotWaitForEver) {
  Scene scene;
  scene.site().instances.clear();
  for (const char* name : {"a", "b"}) {
    const char* other = name == std::string("a") ? "b" : "a";
    scene.site().instances.push_back(
        {name, "ledger", Value::object({{"path", scene.path(name)}, {"other", other}})});
  }
  ::mkfifo(scene.path("a/bell").c_str(), 0600);
  std::filesystem::create_symlink(scene.path("a/bell"), scene.path("b/bell"));
  const Script script = beside(
      {in_order({step("a", "look_across", "bell")}), in_order({step("b", "look_across", "bell")})});
  const auto plan = scene.plan(script);
  ASSERT_TRUE(plan) << plan.error().message;
  const auto report = scene.execute(*plan, script);
  ASSERT_TRUE(report.error);
  EXPECT_EQ(report.error->code, "plugin.crossed_calls") << report.error->message;
}

std::string refusal(Scene& scene, const Script& script, std::string* message = nullptr) {
  const auto plan = scene.plan(script);
  if (plan) return "planned";
  if (message) *message = plan.error().message;
  return plan.error().code;
}

TEST(ParallelTest, BranchesThatChangeTheSameAreRefused) {
  Scene scene;
  std::string message;
  EXPECT_EQ(refusal(scene, beside({in_order({add_entry("one")}), in_order({add_entry("two")})}),
                    &message),
            "plan.branches_collide");
  EXPECT_EQ(
      message,
      "a.add at test.lua:1 in branch 1 and a.add at test.lua:1 in branch 2 act on the same at "
      "the same time");
  // a relays to b, and names nothing.
  EXPECT_EQ(refusal(scene, beside({in_order({step("a", "relay", "one")}),
                                   in_order({add_entry("two", "b")})})),
            "plan.branches_collide");
}

TEST(ParallelTest, WhatABranchReadsNoOtherChanges) {
  Scene scene;
  const Step count{"a", "count", Value::object()};
  std::string message;
  EXPECT_EQ(refusal(scene, beside({in_order({count}), in_order({add_entry("one")})}), &message),
            "plan.branches_collide");
  EXPECT_THAT(
      message,
      HasSubstr(
          "a is looked at in test.lua:1 in branch 1, and changed at the same time: a.add at"));
  // Behind it in the plan it is not known.
  EXPECT_EQ(refusal(scene, beside({in_order({add_entry("one")}), in_order({count})})), "planned");
}

TEST(ParallelTest, AValueOfAnotherBranchCannotBeUsed) {
  Scene scene;
  const Value name = later_value("root/parallel[1]/branch[1]#1", "name", "string");
  const Step uses{"b", "add", Value::object({{"name", name}})};
  EXPECT_EQ(refusal(scene, beside({in_order({add_entry("one")}), in_order({uses})})),
            "plan.beside_unknown");
  EXPECT_EQ(refusal(scene, one_after_the_other(
                               {beside({in_order({add_entry("one")})}), in_order({uses})})),
            "planned");
}

TEST(ParallelTest, ItStandsNeitherInItselfNorInAWait) {
  Scene scene;
  EXPECT_EQ(refusal(scene, beside({beside({in_order({add_entry("one")})})})), "runbook.bad_place");
  EXPECT_EQ(refusal(scene,
                    [](Gate& gate) {
                      return run_part(gate, PartKind::kWaitUntil,
                                      Value::object({{"timeout", "10s"}, {"every", "4s"}}),
                                      beside({in_order({})}));
                    }),
            "runbook.bad_place");
}

TEST(ParallelTest, ItsBranchesReserveRoomTogether) {
  Plan plan;
  plan.phases.push_back({});
  const auto needs = [&](const std::string& id, std::uint64_t bytes) {
    PlannedCall call;
    call.id = id;
    call.space.push_back({"/srv", bytes, 100});
    plan.phases.back().calls.push_back(std::move(call));
  };
  plan.parts.push_back({.id = "root/parallel[1]", .kind = PartKind::kParallel, .rule = {}});
  plan.parts.push_back(
      {.id = "root/parallel[1]/branch[1]/attempt[1]", .kind = PartKind::kAttempt, .rule = {}});
  needs("root/parallel[1]/branch[1]/attempt[1]/body#1", 10);
  needs("root/parallel[1]/branch[1]/attempt[1]/on[full]#1", 6);
  needs("root/parallel[1]/branch[2]#1", 5);
  EXPECT_EQ(room_needed(plan).at("/srv").needed, 15u);
}

TEST(ParallelTest, AnotherRuleThanTheApprovedOneIsADeviation) {
  Scene scene;
  const std::vector<Script> branches = {in_order({add_entry("one")}),
                                        in_order({add_entry("one", "b")})};
  const auto plan = scene.plan(beside(branches, 1));
  EXPECT_EQ(scene.execute(*plan, beside(branches, 2)).error->code, "run.deviation");
  EXPECT_EQ(scene.execute(*plan, in_order({})).error->code, "run.deviation");
}

}  // namespace
}  // namespace snapcore
