// What is said of a run behind its end: how it ended, whoever decided about it since, why it is
// held, and what can still be taken back.
#include <gmock/gmock.h>

#include <regex>

#include "cli/run_records.hpp"
#include "program_scene.hpp"

namespace snapcore {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class OutcomeTest : public ProgramScene {
 protected:
  std::string call(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "call");
    arguments.emplace_back("--yes");
    return new_run([&] { said_ = snapcore(arguments); });
  }
  std::string run(const std::string& text, std::vector<std::string> more = {}) {
    put("one.lua", "local a, b = instance 'a', instance 'b'\n" + text);
    more.insert(more.begin(), {"run", path("one.lua"), "--yes"});
    return new_run([&] { said_ = snapcore(more); });
  }
  std::string listed() { return unbroken(snapcore({"runs"}).out); }
  std::string shown(const std::string& run) { return snapcore({"runs", run}).out; }
  static std::string last_line(const std::string& text) {
    const auto end = text.find_last_not_of('\n');
    return text.substr(text.rfind('\n', end) + 1);
  }
  // Without the options that stand in each command.
  static std::string plain(const std::string& text) {
    return std::regex_replace(text, std::regex("snapcore( --[a-z-]+ [^ ]+)+ "), "snapcore ");
  }

  Ended said_{};
};

// --- the outcome stays what it was

TEST_F(OutcomeTest, ARunThatWasUndoneIsNoOtherOneOnceItIsAccepted) {
  const std::string id = call({"a.add", "name=one", "fails=after"});
  ASSERT_EQ(said_.exit, 5) << said_.err;
  EXPECT_EQ(snapcore({"accept", id, "--yes"}).exit, 0);
  EXPECT_THAT(listed(), HasSubstr("failed and undone, exit 5; accepted by " + operator_name()));
  EXPECT_EQ(snapcore({"accept", id, "--yes"}).exit, 0) << "given again";
  EXPECT_THAT(listed(), HasSubstr("failed and undone, exit 5; accepted by " + operator_name()));
}

TEST_F(OutcomeTest, AcceptSaysOfARunThatWasTakenBackThatNothingOfItStands) {
  const std::string id = call({"a.add", "name=one"});
  ASSERT_EQ(snapcore({"rollback", id, "--yes"}).exit, 0);
  const Ended accepted = snapcore({"accept", id, "--yes"});
  EXPECT_EQ(accepted.exit, 0);
  EXPECT_THAT(accepted.out, AllOf(HasSubstr("Accepted, and nothing of it stands: "),
                                  HasSubstr("Ended accepted, exit 0; the run itself: "
                                            "undone, as asked for, exit 5\n")));
  const Value told = *Value::parse(last_line(snapcore({"accept", id, "--yes", "--json"}).out));
  EXPECT_EQ(told.at("outcome").dump(), "{\"ending\":\"undone, as asked for\",\"exit\":5}");
  EXPECT_EQ(told.at("exit"), Value(0));
  EXPECT_THAT(listed(), HasSubstr("asked for; accepted by " + operator_name()));
}

TEST_F(OutcomeTest, AHeldRunThatIsAcceptedIsOver) {
  const std::string id = call({"a.add", "name=one", "fails=after", "--on-failure", "hold"});
  ASSERT_EQ(said_.exit, 7);
  const Ended accepted = snapcore({"accept", id, "--yes"});
  EXPECT_EQ(accepted.exit, 0);
  EXPECT_THAT(accepted.out, HasSubstr("Ended accepted, exit 0; the run itself: needs a "
                                      "person, exit 7\n"));
  EXPECT_THAT(listed(), HasSubstr("needs a person, exit 7; accepted by"));
  EXPECT_THAT(shown(id), AllOf(Not(HasSubstr("Next")), Not(HasSubstr("by hand"))));
  EXPECT_THAT(snapcore({"runs", "prune", "--keep", "0", "--yes"}).out, HasSubstr("Removed 1 run"));
}

TEST_F(OutcomeTest, WhatSomebodyAskedToTakeBackDidNotFail) {
  const std::string id = call({"a.add", "name=one"});
  EXPECT_EQ(snapcore({"rollback", id, "--yes"}).exit, 0);
  EXPECT_THAT(listed(), AllOf(HasSubstr("undone, as " + operator_name() + " asked for"),
                              Not(HasSubstr("failed"))));
  EXPECT_THAT(unbroken(snapcore({"rollback", id, "--yes"}).err),
              HasSubstr("is over: undone, as asked for"));
  EXPECT_THAT(snapcore({"runs", "--json"}).out,
              HasSubstr("\"taken_back_by\":\"" + operator_name()));
}

// --- why it is held

TEST_F(OutcomeTest, OfAHeldRunItIsSaidWhy) {
  const std::string id = call({"a.add", "name=one", "fails=after", "--on-failure", "hold"});
  EXPECT_THAT(shown(id), HasSubstr("Why it stopped\n  the ledger broke\n"));
}

TEST_F(OutcomeTest, OfAPhaseThatWaitsForAWordTheDigestIsSaid) {
  const std::string id =
      run("b:add { name = 'x' }\n"
          "phase('More', { within = { instances = { 'a' }, acts = 1 } }, function()\n"
          "  for i = 0, b:count {}.count do a:add { name = 'n' .. i } end\n"
          "end)\n");
  ASSERT_EQ(said_.exit, 7) << said_.err;
  std::smatch found;
  const std::string text = plain(shown(id));
  ASSERT_TRUE(std::regex_search(
      text, found, std::regex("\n *snapcore resume " + id + " --approve ([0-9a-f]{12})\n")))
      << text;
  const Ended approved = snapcore({"resume", id, "--approve", found[1]});
  EXPECT_EQ(approved.exit, 0) << approved.err;
}

// --- what can be taken back

TEST_F(OutcomeTest, BehindAPointOfNoReturnOnlyWhatCameLaterIsOfferedToBeTakenBack) {
  put("a/old", "old");
  const std::string id =
      run("b:add { name = 'one' }\na:burn { name = 'old' }\nb:add { name = 'two' }\n"
          "b:add { name = 'three', fails = 'before' }\n",
          {"--accept-loss", "a", "--on-failure", "hold"});
  ASSERT_EQ(said_.exit, 7) << said_.err;
  for (const std::string& text : {plain(said_.out), plain(shown(id))}) {
    EXPECT_THAT(text, HasSubstr("snapcore rollback " + id + "   # take back b.add, and no more\n"));
    EXPECT_THAT(unbroken(text),
                HasSubstr("a.burn cannot be taken back (a burnt entry is gone), and "
                          "there a rollback ends: b.add stays as it is."));
  }
  const Ended back = snapcore({"rollback", id, "--yes"});
  EXPECT_EQ(back.exit, 7);
  for (const std::string& text : {plain(back.out), plain(shown(id))}) {
    EXPECT_THAT(text, Not(HasSubstr("snapcore rollback")));
    EXPECT_THAT(text, HasSubstr("snapcore accept " + id));
  }
}

TEST_F(OutcomeTest, TheWayBackByHandNamesEveryActInTheOrderInWhichItIsUndone) {
  const std::string id =
      run("a:add { name = 'one' }\n"
          "on_rollback(function() a:add { name = 'told' } end)\n"
          "a:relay { name = 'two' }\n"
          "a:seal { name = 'three', pin = 'env:HOME' }\n"
          "b:add { name = 'four' }\n"
          "a:add { name = 'five', fails = 'before' }\n",
          {"--on-failure", "hold"});
  ASSERT_EQ(said_.exit, 7) << said_.err;
  for (const std::string& text : {said_.out, shown(id)}) {
    EXPECT_THAT(text, HasSubstr("To put the old back by hand, do this in this order\n"
                                "  # b.add\n"
                                "  rm four\n"
                                "  # a.seal: no command; break the seal\n"
                                "  # b.add\n"
                                "  rm two\n"
                                "  # a.add: no command; add the entry told\n"
                                "  # a.add\n"
                                "  rm one\n"));
  }
}

// --- forward again

TEST_F(OutcomeTest, BehindAHalfMadeRollbackItIsSaidThatResumeGoesForward) {
  put("b/no_way_back", "");
  const std::string id =
      run("b:add { name = 'one' }\na:add { name = 'two' }\na:add { name = 'three' }\n");
  ASSERT_EQ(said_.exit, 0) << said_.err;
  const Ended half = snapcore({"rollback", id, "--yes"});
  ASSERT_EQ(half.exit, 7);
  for (const std::string& text : {plain(half.out), plain(shown(id))}) {
    EXPECT_THAT(text, HasSubstr("snapcore resume " + id +
                                "     # forward again: what was taken back is made again\n"));
    EXPECT_THAT(text, HasSubstr("snapcore rollback " + id + "   # go on with the way back\n"));
  }
  const Ended forward = snapcore({"resume", id});
  EXPECT_EQ(forward.exit, 0);
  EXPECT_THAT(unbroken(forward.err),
              HasSubstr("resume goes forward, and makes again what was taken back: "
                        "a.add: add the entry two a.add: add the entry three to go on"));
  EXPECT_THAT(plain(forward.err), HasSubstr("snapcore rollback " + id));
  EXPECT_THAT(names("a"), testing::ElementsAre("calls", "three", "two"));
}

TEST_F(OutcomeTest, WhatAnAttemptTookBackIsNotMadeAgain) {
  const std::string id =
      run("attempt(function() a:add { name = 'one' } a:add { name = 'x', fails = 'before' } end,\n"
          "  { ['ledger.broken'] = function() a:add { name = 'other' } end })\n"
          "b:add { name = 'two', fails = 'before' }\n",
          {"--on-failure", "hold"});
  ASSERT_EQ(said_.exit, 7) << said_.err;
  const Ended again = snapcore({"resume", id});
  EXPECT_THAT(again.err, Not(HasSubstr("made again")));
  EXPECT_THAT(plain(shown(id)), HasSubstr("snapcore resume " + id + "     # go on\n"));
}

// --- saved plans

TEST_F(OutcomeTest, APlanFromTheFutureIsRefused) {
  put("book.lua", "runbook { summary = 'Keep a book' }\ninstance 'a':add { name = 'one' }\n");
  ASSERT_EQ(snapcore({"plan", path("book.lua"), "-o", path("book.plan")}).exit, 0);
  clock_.advance(-std::chrono::minutes(30));
  const Ended refused = snapcore({"apply", path("book.plan"), "--yes"});
  EXPECT_EQ(refused.exit, 3);
  EXPECT_THAT(unbroken(refused.err),
              AllOf(HasSubstr("was made at 2026-01-02T03:04:05Z, which is 30 min from now"),
                    HasSubstr("make a new plan")));
  clock_.advance(std::chrono::minutes(27));
  EXPECT_EQ(snapcore({"apply", path("book.plan"), "--yes"}).exit, 0) << "clocks are apart";
}

TEST_F(OutcomeTest, AUsedPlanIsNotTakenForANewOneWhenItIsEdited) {
  put("book.lua", "runbook { summary = 'Keep a book' }\ninstance 'a':add { name = 'one' }\n");
  ASSERT_EQ(snapcore({"plan", path("book.lua"), "-o", path("book.plan")}).exit, 0);
  ASSERT_EQ(snapcore({"apply", path("book.plan"), "--yes"}).exit, 0);
  const std::string used = get("book.plan");
  EXPECT_EQ(snapcore({"apply", path("book.plan"), "--yes"}).exit, 3);
  for (const char* member : {"\n  \"id\": \"", "\n  \"made\": \""}) {
    const auto at = used.find(member);
    ASSERT_NE(at, std::string::npos);
    std::string edited = used;
    char& digit = edited[at + std::string_view(member).size() + 3];
    digit = digit == '7' ? '8' : '7';
    put("book.plan", edited);
    const Ended refused = snapcore({"apply", path("book.plan"), "--yes"});
    EXPECT_EQ(refused.exit, 4) << member;
    EXPECT_THAT(unbroken(refused.err), HasSubstr("was edited after it was saved")) << member;
  }
  put("book.plan", used);
  EXPECT_THAT(snapcore({"apply", path("book.plan"), "--yes"}).err, HasSubstr("plan.already_used"));
  EXPECT_THAT(names("a"), testing::ElementsAre("calls", "one"));
}

TEST_F(OutcomeTest, WhoeverPlansAgainIsGivenWhatTheSavedPlanWasAskedWith) {
  put("book.lua",
      "local p = runbook { summary = 'Keep', params = { n = { type = 'string' } } }\n"
      "local to = ask('to?', { name = 'to' })\nask('sure?')\n"
      "instance(to):add { name = p.n }\n");
  const std::string asked =
      " --set 'n=a b' --waive 'age=is fine' --accept-loss b"
      " --answer 1=yes --answer to=a -o FILE";
  const auto plan = [&] {
    return snapcore({"plan", path("book.lua"), "--set", "n=a b", "--waive", "age=is fine",
                     "--accept-loss", "b", "--answer", "1=yes", "--answer", "to=a", "-o",
                     path("book.plan")});
  };
  const Ended planned = plan();
  ASSERT_EQ(planned.exit, 0) << planned.err;
  ASSERT_EQ(snapcore({"apply", path("book.plan"), "--yes"}).exit, 0);
  const auto suggested = [&] { return snapcore({"apply", path("book.plan"), "--yes"}).err; };
  EXPECT_THAT(unbroken(suggested()), HasSubstr(" " + path("book.lua") + asked));
  ASSERT_EQ(plan().exit, 0);
  put("book.lua", get("book.lua") + "-- edited\n");
  const std::string changed = unbroken(suggested());
  EXPECT_THAT(changed, HasSubstr("plan.changed"));
  EXPECT_THAT(changed, HasSubstr(" " + path("book.lua") + asked));
  std::filesystem::remove(path("book.lua"));
  const std::string gone = unbroken(suggested());
  EXPECT_THAT(gone, HasSubstr("its runbook is not where it was"));
  EXPECT_THAT(gone, HasSubstr(" RUNBOOK" + asked));
}

TEST_F(OutcomeTest, RunsOfOneSecondAreListedNewestFirst) {
  std::vector<std::string> newest_first;
  for (const char* name : {"one", "two", "three", "four", "five"})
    newest_first.insert(newest_first.begin(), call({"a.add", std::string("name=") + name}));
  std::string listed = snapcore({"runs"}).out;
  std::vector<std::size_t> places;
  for (const std::string& run : newest_first) places.push_back(listed.find(run));
  EXPECT_TRUE(std::is_sorted(places.begin(), places.end())) << listed;
}

// --- damage

TEST_F(OutcomeTest, AnAuditOfNothingSaysSo) {
  const Ended nothing = snapcore({"audit"});
  EXPECT_EQ(nothing.exit, 0);
  EXPECT_EQ(nothing.err, "0 runs in " + path("state") + "\n");
  EXPECT_EQ(nothing.err, snapcore({"runs"}).err);
  call({"a.add", "name=one"});
  EXPECT_THAT(snapcore({"audit"}).err, Not(HasSubstr("runs in")));
}

TEST_F(OutcomeTest, AnEmptiedJournalIsDamageAndNoRunThatNeverBegan) {
  const std::string id = call({"a.add", "name=one", "fails=after", "--on-failure", "hold"});
  put("state/runs/" + id + "/journal.jsonl", "");
  clock_.advance(std::chrono::hours(5));
  for (const auto& command : std::vector<std::vector<std::string>>{
           {"rollback", id, "--yes"}, {"resume", id}, {"audit", id}}) {
    const Ended ended = snapcore(command);
    EXPECT_EQ(ended.exit, 3) << command.front();
    EXPECT_THAT(unbroken(ended.err),
                AllOf(HasSubstr("the run had begun"), Not(HasSubstr("nothing was done under it"))));
  }
  EXPECT_THAT(unbroken(snapcore({"runs", "prune", "--keep", "0", "--yes"}).out),
              HasSubstr(id + " stays: its journal is empty or gone"));
  std::filesystem::remove(path("state/runs/" + id + "/journal.jsonl"));
  EXPECT_THAT(unbroken(snapcore({"runs", "prune", "--keep", "0", "--yes"}).out),
              HasSubstr(id + " stays: its journal is empty or gone"));
}

TEST_F(OutcomeTest, WithoutItsPlanARunPointsAtItsOwnFile) {
  const std::string id = call({"a.add", "name=one"});
  std::filesystem::remove(path("state/runs/" + id + "/plan.json"));
  const Ended ended = snapcore({"rollback", id, "--yes"});
  EXPECT_THAT(unbroken(ended.err), AllOf(HasSubstr("from a copy of the state directory"),
                                         Not(HasSubstr("snapcore plan"))));
}

// --- hints

TEST_F(OutcomeTest, CommandsInHintsStandOnLinesOfTheirOwnWithTheOptionsThatWereTyped) {
  const std::string id = call({"a.add", "name=one"});
  EXPECT_EQ(snapcore({"rollback", id, "--yes"}).exit, 0);
  const Ended over = snapcore({"resume", id});
  EXPECT_THAT(over.err, HasSubstr("\n      snapcore --site " + path("site.lua") + " --state " +
                                  path("state") + " --plugin-dir "));
  EXPECT_THAT(plain(over.err), HasSubstr("\n      snapcore runs " + id + "\n"));
}

TEST_F(OutcomeTest, WhatAnOnRollbackDidIsSaidAsDone) {
  const std::string id =
      run("a:add { name = 'one' }\n"
          "on_rollback(function() a:add { name = 'told' } end)\n"
          "b:add { name = 'two' }\n");
  ASSERT_EQ(said_.exit, 0) << said_.err;
  EXPECT_THAT(snapcore({"rollback", id, "--yes"}).out, HasSubstr("The way back, in this order\n"
                                                                 "  - undone: removed two\n"
                                                                 "  - done: add the entry told\n"
                                                                 "  - undone: removed one\n"));
}

}  // namespace
}  // namespace snapcore
