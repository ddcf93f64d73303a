#include "journal/runs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_file_system.hpp"

namespace snapcore {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

const Path kState = "/var/lib/state";

class RunsTest : public testing::Test {
 protected:
  StartedRun started(const std::string& id) {
    auto run = runs_.start(id, files_);
    EXPECT_TRUE(run) << run.error().message;
    return std::move(*run);
  }

  static void end(Journal& journal, const std::string& ending, int exit) {
    EXPECT_TRUE(journal.append(record::kRun, Value::object({{"runbook", "full-site.lua"}})));
    EXPECT_TRUE(journal.append(record::kEnd, Value::object({{"ending", ending}, {"exit", exit}})));
  }

  FakeFileSystem fs_;
  FakeClock clock_{*parse_time("2026-01-02T03:04:05Z")};
  Runs runs_{fs_, clock_, kState};
  const RunFiles files_{.plan = "{\"plan\":1}",
                        .site = "{}",
                        .code = {{"full-site.lua", "-- a"}, {"lib/x.lua", "-- b"}}};
};

TEST_F(RunsTest, AnIdBeginsWithItsTime) {
  EXPECT_THAT(runs_.new_id().value(), testing::MatchesRegex("20260102T030405Z-[0-9a-f]{4}"));
}

TEST_F(RunsTest, LookingMakesNothing) {
  EXPECT_TRUE(runs_.new_id());
  EXPECT_TRUE(runs_.list().value().empty());
  EXPECT_EQ(runs_.summary("20260102T030405Z-abcd").error().code, "state.unknown_run");
  EXPECT_EQ(runs_.plan_used_by("p1").value(), std::nullopt);
  EXPECT_EQ(fs_.operations(), 0U);
}

TEST_F(RunsTest, ARunCarriesItsFilesAndAllOfItSurvivesAPowerLoss) {
  started("a");
  fs_.lose_power();
  EXPECT_THAT(fs_.tree(), testing::IsSupersetOf({"/var/lib/state/runs/a/code/full-site.lua",
                                                 "/var/lib/state/runs/a/code/lib/x.lua",
                                                 "/var/lib/state/runs/a/journal.jsonl"}));
  EXPECT_EQ(fs_.contents(kState / "runs/a/plan.json"), files_.plan);
  EXPECT_EQ(fs_.contents(kState / "runs/a/site.json"), files_.site);
  EXPECT_EQ(fs_.contents(kState / "runs/a/code/lib/x.lua"), "-- b");
  EXPECT_TRUE(Journal::open(fs_, kState / "runs/a/journal.jsonl", clock_));
}

TEST_F(RunsTest, EverythingIsPrivate) {
  started("a");
  for (const std::string& path : fs_.tree()) {
    const auto status = fs_.status(path).value();
    ASSERT_TRUE(status);
    EXPECT_EQ(status->mode, status->kind == FileKind::kDirectory ? 0700U : 0600U) << path;
  }
}

TEST_F(RunsTest, AnIdIsUsedOnce) {
  started("a");
  EXPECT_EQ(runs_.start("a", files_).error().code, "state.run_exists");
  EXPECT_FALSE(runs_.summary("a").value().problem);
}

TEST_F(RunsTest, NamesThatLeadElsewhereAreRefused) {
  for (const char* id : {"", ".", "..", "../x", "a/b", "a b", "a\n"}) {
    EXPECT_EQ(runs_.start(id, files_).error().code, "state.invalid_id") << id;
    EXPECT_EQ(runs_.summary(id).error().code, "state.invalid_id") << id;
    EXPECT_EQ(runs_.use_plan(id, "a").error().code, "state.invalid_id") << id;
  }
  for (const char* name : {"", "/etc/x", "../x", "a/../../x", "a/", "./a"}) {
    EXPECT_EQ(runs_.start("a", {.plan = "", .site = "", .code = {{name, ""}}}).error().code,
              "state.failed")
        << name;
  }
}

TEST_F(RunsTest, TheListIsNewestFirstAndSaysHowEachEnded) {
  end(*started("20260102T030405Z-aaaa").journal, "undone", 5);
  clock_.advance(std::chrono::hours(1));
  const StartedRun open = started("20260102T040405Z-0000");
  ASSERT_TRUE(open.journal->append(
      record::kRun, Value::object({{"runbook", "other.lua"}, {"summary", "Other"}})));
  clock_.advance(std::chrono::hours(1));
  end(*started("20260102T050405Z-bbbb").journal, "done", 0);

  const auto list = runs_.list().value();

  ASSERT_EQ(list.size(), 3U);
  EXPECT_EQ(list[0].id, "20260102T050405Z-bbbb");
  EXPECT_EQ(list[0].ending, "done");
  EXPECT_EQ(list[0].exit, 0);
  EXPECT_EQ(to_rfc3339(*list[0].ended), "2026-01-02T05:04:05Z");
  EXPECT_EQ(list[1].runbook, "other.lua");
  EXPECT_EQ(list[1].summary, "Other");
  EXPECT_EQ(to_rfc3339(*list[1].started), "2026-01-02T04:04:05Z");
  EXPECT_EQ(list[1].ended, std::nullopt);
  EXPECT_EQ(list[1].exit, std::nullopt);
  EXPECT_EQ(list[1].head.hash, open.journal->head().hash);
  EXPECT_EQ(list[2].runbook, "full-site.lua");
  EXPECT_EQ(list[2].exit, 5);
}

TEST_F(RunsTest, ARunWithADamagedJournalIsListedWithWhatIsKnownAndItsProblem) {
  const Path path = started("a").directory / "journal.jsonl";
  end(*started("b").journal, "done", 0);
  {
    auto journal = Journal::open(fs_, path, clock_);
    end(**journal, "done", 0);
  }
  std::string bytes = fs_.contents(path);
  bytes[bytes.size() - 3] ^= 1;
  fs_.put(path, bytes);

  const auto list = runs_.list().value();

  ASSERT_EQ(list.size(), 2U);
  EXPECT_FALSE(list[0].problem);
  ASSERT_TRUE(list[1].problem);
  EXPECT_EQ(list[1].problem->code, "journal.corrupt");
  EXPECT_EQ(list[1].runbook, "full-site.lua");
  EXPECT_EQ(list[1].ending, "");
  EXPECT_EQ(list[1].head.seq, 1U);
}

TEST_F(RunsTest, ARunKilledWhileItStartsIsWholeOrSaysThatItNeverBegan) {
  const std::vector<PowerLoss> losses = {
      {}, {.names_survive = true}, {.names_survive = true, .bytes_survive = 9}};
  for (const PowerLoss& loss : losses) {
    bool was_started = false;
    for (std::size_t after = 0; !was_started; ++after) {
      FakeFileSystem fs;
      Runs runs(fs, clock_, kState);
      fs.fail_operation(after, Fault::kDead);
      was_started = runs.start("a", files_).has_value();
      fs.lose_power(loss);
      const auto run = runs.summary("a");
      if (!run) {
        EXPECT_EQ(run.error().code, "state.unknown_run");
        EXPECT_FALSE(was_started);
      } else if (run->problem) {
        EXPECT_EQ(run->problem->code, "journal.empty");
        EXPECT_FALSE(was_started);
      } else {
        EXPECT_EQ(fs.contents(kState / "runs/a/code/lib/x.lua"), "-- b");
        EXPECT_EQ(fs.contents(kState / "runs/a/plan.json"), files_.plan);
      }
    }
  }
}

TEST_F(RunsTest, AFullDiskAnywhereIsToldAndLeavesNoHalfRun) {
  for (const Fault fault : {Fault::kDiskFull, Fault::kNoSpace, Fault::kShortWrite}) {
    for (std::size_t after = 0;; ++after) {
      FakeFileSystem fs;
      Runs runs(fs, clock_, kState);
      fs.fail_operation(after, fault);
      const auto run = runs.start("a", files_);
      if (run && fs.operations() < after) break;
      if (run) continue;
      EXPECT_EQ(run.error().code, "state.no_space") << after;
      EXPECT_THAT(run.error().message, HasSubstr(kState.string()));
      EXPECT_FALSE(run.error().hint.empty());
      EXPECT_FALSE(fs.exists(kState / "runs/a/plan.json")) << after;
      fs.empty_disk();
      EXPECT_TRUE(runs.list().value().empty()) << after;
    }
  }
}

TEST_F(RunsTest, AReadOnlyStateDirectoryIsNamed) {
  ASSERT_TRUE(runs_.start("b", files_));
  fs_.set_read_only(true);
  for (const Error& error : {runs_.start("a", files_).error(), runs_.lock("b").error(),
                             runs_.use_plan("p", "a").error()}) {
    EXPECT_EQ(error.code, "state.not_writable");
    EXPECT_THAT(error.message, HasSubstr(kState.string()));
    EXPECT_THAT(error.hint, HasSubstr("--state"));
  }
}

TEST_F(RunsTest, ARunIsOpenedAgainUnderItsLock) {
  started("a").journal.reset();
  EXPECT_EQ(runs_.lock("b").error().code, "state.unknown_run");
  ASSERT_TRUE(runs_.lock("a"));
  EXPECT_TRUE(runs_.open_journal("a", {}));
  ASSERT_TRUE(fs_.remove(kState / "runs/a/journal.jsonl"));
  EXPECT_EQ(runs_.open_journal("a", {}).error().code, "journal.empty");
}

// The scratch directory is made behind the first sync of a journal.
TEST_F(RunsTest, AJournalThatIsEmptyOrGoneWhereTheRunHadBegunIsLost) {
  started("a").journal.reset();
  ASSERT_TRUE(runs_.scratch("a"));
  for (const bool gone : {false, true}) {
    ASSERT_TRUE(fs_.remove(kState / "runs/a/journal.jsonl"));
    if (!gone) {
      ASSERT_TRUE(create_file(fs_, kState / "runs/a/journal.jsonl", ""));
    }
    EXPECT_EQ(runs_.open_journal("a", {}).error().code, "journal.lost") << gone;
    EXPECT_EQ(runs_.summary("a").value().problem->code, "journal.lost") << gone;
  }
}

TEST_F(RunsTest, HowARunEndedStaysWhatItWasWhenItIsAccepted) {
  const auto run = started("a");
  end(*run.journal, "failed and undone", 5);
  const Value resumed = Value::object({{"why", "accept"}, {"operator", "eve"}});
  const auto ended = runs_.summary("a").value().ended;
  EXPECT_TRUE(ended);
  EXPECT_TRUE(run.journal->append(record::kResume, resumed));
  EXPECT_EQ(runs_.summary("a").value().ended, ended) << "whoever wanted to accept it was killed";
  EXPECT_TRUE(run.journal->append(record::kAccept, Value::object()));
  EXPECT_FALSE(runs_.summary("a").value().ended) << "what was kept is not gone yet";
  // As an earlier snapcore ended it.
  EXPECT_TRUE(run.journal->append(record::kEnd, Value::object({{"ending", "done"}, {"exit", 0}})));
  const auto summary = runs_.summary("a").value();
  EXPECT_EQ(summary.ending, "failed and undone");
  EXPECT_EQ(summary.exit, 5);
  EXPECT_EQ(summary.accepted_by, "eve");
  EXPECT_FALSE(summary.taken_back_by);
}

TEST_F(RunsTest, WhoTookARunBackIsKnown) {
  const auto run = started("a");
  end(*run.journal, "done", 0);
  const Value resumed = Value::object({{"why", "rollback"}, {"operator", "eve"}});
  EXPECT_TRUE(run.journal->append(record::kResume, resumed));
  EXPECT_FALSE(runs_.summary("a").value().ended);
  EXPECT_TRUE(run.journal->append(record::kEnd, Value::object({{"ending", "x"}, {"exit", 5}})));
  EXPECT_EQ(runs_.summary("a").value().taken_back_by, "eve");
}

TEST_F(RunsTest, ARemovedRunIsGoneAndSaysHowMuchThatWas) {
  started("a");
  started("b");
  std::uint64_t bytes = 0;
  for (const char* name :
       {"plan.json", "site.json", "journal.jsonl", "code/full-site.lua", "code/lib/x.lua"})
    bytes += fs_.contents(kState / "runs/a" / name).size();
  EXPECT_EQ(runs_.bytes_of("a").value(), bytes);
  EXPECT_EQ(runs_.remove("a").value(), bytes);
  EXPECT_EQ(runs_.summary("a").error().code, "state.unknown_run");
  EXPECT_EQ(runs_.list().value().size(), 1U);
  EXPECT_EQ(runs_.remove("a").error().code, "state.unknown_run");
}

TEST_F(RunsTest, ARemovalThatIsCutOffIsSeenByNobodyAndSweptByTheNextOne) {
  for (std::size_t kept = 0;; ++kept) {
    FakeFileSystem fs;
    Runs runs(fs, clock_, kState);
    ASSERT_TRUE(runs.start("a", files_));
    ASSERT_TRUE(runs.start("b", files_));
    fs.fail_operation(kept, Fault::kDead);
    const bool whole = runs.remove("a").has_value();
    fs.restart_process();
    const auto list = runs.list();
    ASSERT_TRUE(list);
    if (list->size() == 2) {
      EXPECT_TRUE(runs.open_journal("a", {})) << "it is whole, or it is not there";
      ASSERT_TRUE(runs.remove("a"));
    }
    ASSERT_TRUE(runs.remove("b"));
    EXPECT_TRUE(fs.list(kState / "runs")->empty()) << kept;
    if (whole) break;
  }
}

TEST_F(RunsTest, OneProcessAtATimeIsAdmittedToARun) {
  ASSERT_TRUE(runs_.start("a", files_));
  auto first = runs_.lock("a");
  ASSERT_TRUE(first);
  const auto second = runs_.lock("a");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, "state.locked");
  EXPECT_EQ(second.error().category, Category::kConflict);
  EXPECT_THAT(second.error().message, HasSubstr("run a goes on in process"));
  EXPECT_THAT(second.error().message, HasSubstr("2026-01-02T03:04:05Z"));
  first->reset();
  EXPECT_TRUE(runs_.lock("a"));
}

TEST_F(RunsTest, AHolderThatLeftNoReadableNoteIsStillAHolder) {
  ASSERT_TRUE(runs_.start("a", files_));
  for (const char* note : {"", "{", "[]", "{\"host\":7,\"pid\":\"x\"}"}) {
    auto first = runs_.lock("a");
    ASSERT_TRUE(first && (*first)->write(note));
    EXPECT_EQ(runs_.lock("a").error().code, "state.locked");
  }
}

TEST_F(RunsTest, APlanIsUsedOnceAndNamesTheRunThatUsedIt) {
  ASSERT_TRUE(runs_.use_plan("p1", "first"));
  fs_.lose_power();
  const auto again = runs_.use_plan("p1", "second");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, "plan.already_used");
  EXPECT_EQ(again.error().category, Category::kConflict);
  EXPECT_THAT(again.error().message, HasSubstr("first"));
  EXPECT_EQ(runs_.plan_used_by("p1").value(), "first");
  EXPECT_TRUE(runs_.use_plan("p2", "second"));
}

TEST_F(RunsTest, APlanIsNeverHalfUsed) {
  bool used = false;
  for (std::size_t after = 0; !used; ++after) {
    FakeFileSystem fs;
    Runs runs(fs, clock_, kState);
    fs.fail_operation(after, Fault::kDead);
    used = runs.use_plan("p", "first").has_value();
    fs.lose_power();
    EXPECT_THAT(runs.plan_used_by("p").value(),
                AnyOf(std::nullopt, std::optional<std::string>("first")));
    EXPECT_TRUE(!used || runs.plan_used_by("p").value() == "first");
    const bool was_used = runs.plan_used_by("p").value().has_value();
    EXPECT_NE(runs.use_plan("p", "second").has_value(), was_used);
  }
}

TEST_F(RunsTest, OnAFullDiskAPlanStaysUnused) {
  for (const Fault fault : {Fault::kNoSpace, Fault::kShortWrite}) {
    for (std::size_t after = 0; after < 12; ++after) {
      FakeFileSystem fs;
      Runs runs(fs, clock_, kState);
      fs.fail_operation(after, fault);
      const auto used = runs.use_plan("p", "first");
      if (used || used.error().outcome == Outcome::kMayHaveHappened) continue;
      EXPECT_EQ(used.error().code, "state.no_space");
      EXPECT_TRUE(runs.use_plan("p", "second")) << after;
    }
  }
}

}  // namespace
}  // namespace snapcore
