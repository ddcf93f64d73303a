// The way back of a swap: taken by the plugin, or pasted into a shell by a person, from every state
// in which an activation can end.
#include <gmock/gmock.h>

#include <fstream>
#include <optional>
#include <set>
#include <snapcore/support/process.hpp>
#include <sstream>

#include "rehearsal.hpp"

namespace etcd {
namespace {

namespace fs = std::filesystem;
using test::code_of;
using test::DiskCluster;
using test::go_on;
using test::kLayouts;
using test::Layout;
using test::Rehearsal;
using test::staged_for;
using test::undo;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

// Counts the steps first, then dies before each of them.
TEST(WayBack, FailureBeforeAnyStepIsTakenBackToExactlyTheOldTree) {
  for (const Layout layout : kLayouts) {
    DiskCluster cluster({.members = layout == Layout::kPlain ? 2u : 1u, .layout = layout});
    if (!cluster.usable()) continue;
    cluster.live_once();
    const auto before = cluster.tree();
    for (std::size_t step = 0;; ++step) {
      const StagedData staged = staged_for(cluster);
      const auto with_staged = cluster.tree();
      Rehearsal rehearsal;
      rehearsal.fail_at = step;
      const auto activated = activate(cluster.target, staged.handle, rehearsal.work(cluster));
      const bool whole = activated.has_value();
      if (!whole) {
        EXPECT_EQ(code_of(activated), "test.killed") << activated.error().message;
        EXPECT_EQ(activated.error().outcome,
                  step == 0 ? snapcore::Outcome::kNothingHappened : snapcore::Outcome::kHappened);
      }
      // What is not recorded is not undone: a cluster that nobody stopped is left alone.
      EXPECT_EQ(rehearsal.recorded, step > 0);
      if (!rehearsal.recorded) {
        EXPECT_THAT(cluster.who_runs(), ElementsAreArray(cluster.all_of(cluster.old_cluster_id)));
        ASSERT_TRUE(discard(staged.handle));
        continue;
      }

      const auto undone = undo(cluster, rehearsal);

      ASSERT_TRUE(undone) << undone.error().message;
      // An emptied shell of a staged directory is made anew; all else has not changed at all.
      EXPECT_EQ(cluster.tree().size(), with_staged.size()) << step;
      EXPECT_THAT(cluster.who_runs(), ElementsAreArray(cluster.all_of(cluster.old_cluster_id)));
      ASSERT_TRUE(discard(staged.handle));
      EXPECT_EQ(cluster.tree(), before) << "step " << step;
      ASSERT_TRUE(undo(cluster, rehearsal)) << "the way back leads nowhere a second time";
      EXPECT_EQ(cluster.tree(), before);
      if (whole) break;
    }
  }
}

TEST(WayBack, ThatDiesBeforeAnyStepIsFinishedByTheNext) {
  for (const Layout layout : {Layout::kPlain, Layout::kMountsForBoth}) {
    DiskCluster cluster({.members = layout == Layout::kPlain ? 2u : 1u, .layout = layout});
    if (!cluster.usable()) continue;
    cluster.live_once();
    const auto before = cluster.tree();
    for (std::size_t step = 0;; ++step) {
      const StagedData staged = staged_for(cluster);
      Rehearsal rehearsal;
      ASSERT_TRUE(activate(cluster.target, staged.handle, rehearsal.work(cluster)));
      Rehearsal dying;
      dying.fail_at = step;
      const bool whole = undo(cluster, rehearsal, dying.step()).has_value();

      const auto undone = undo(cluster, rehearsal);

      ASSERT_TRUE(undone) << undone.error().message;
      EXPECT_THAT(cluster.who_runs(), ElementsAreArray(cluster.all_of(cluster.old_cluster_id)));
      ASSERT_TRUE(discard(staged.handle));
      EXPECT_EQ(cluster.tree(), before) << "step " << step;
      if (whole) break;
    }
  }
}

// Pastes the way back into a shell.
snapcore::process::Finished pasted(const Rehearsal& rehearsal,
                                   const std::string& shell = "/bin/bash") {
  std::string lines;
  for (const std::string& line : rehearsal.way_back.shell) {
    EXPECT_THAT(line, Not(HasSubstr("\n")));
    lines += line + "\n";
  }
  auto ran = snapcore::process::run({.argv = {shell, "-c", lines}, .started = {}});
  EXPECT_TRUE(ran) << lines;
  return ran ? *ran : snapcore::process::Finished{};
}

void paste(const Rehearsal& rehearsal) {
  const auto ran = pasted(rehearsal);
  EXPECT_TRUE(ran.succeeded()) << ran.errors;
  // A stop may fail for what is stopped already.
  std::string line;
  for (std::istringstream errors(ran.errors); std::getline(errors, line);)
    EXPECT_THAT(line, testing::AnyOf(HasSubstr("the stop of"), "it does not run")) << ran.errors;
}

// Also when nothing was renamed yet, half of it, and when it is pasted again.
TEST(WayBack, ShellLinesPutTheOldClusterBackFromEveryState) {
  for (const Layout layout : kLayouts) {
    DiskCluster cluster({.members = 1, .layout = layout});
    if (!cluster.usable()) continue;
    cluster.live_once();
    const auto before = cluster.tree();
    for (std::size_t step = 0;; ++step) {
      const StagedData staged = staged_for(cluster);
      Rehearsal rehearsal;
      rehearsal.fail_at = step;
      const bool whole =
          activate(cluster.target, staged.handle, rehearsal.work(cluster)).has_value();
      for (int time = 0; rehearsal.recorded && time < 2; ++time) {
        paste(rehearsal);
        EXPECT_THAT(cluster.who_runs(), ElementsAreArray(cluster.all_of(cluster.old_cluster_id)));
      }
      ASSERT_TRUE(discard(staged.handle));
      EXPECT_EQ(cluster.tree(), before) << "step " << step;
      if (whole) break;
    }
  }
}

// Pasted, the lines of the first would put the data of the second among what was staged.
TEST(WayBack, ShellLinesStopNobodyAndMoveNothingBelowAnotherRestore) {
  for (const Layout layout : kLayouts) {
    DiskCluster cluster({.members = 1, .layout = layout});
    if (!cluster.usable()) continue;
    cluster.live_once();
    Rehearsal first, second;
    ASSERT_TRUE(activate(cluster.target, staged_for(cluster).handle, first.work(cluster)));
    const auto above = cluster.stage(DiskCluster::snapshot(), 'b');
    ASSERT_TRUE(above);
    cluster.stamp = "20270102T030405Z";
    ASSERT_TRUE(activate(cluster.target, above->handle, second.work(cluster)));
    const auto before = cluster.tree();

    const auto ran = pasted(first);

    EXPECT_FALSE(ran.succeeded());
    EXPECT_THAT(ran.errors, HasSubstr("was not put there by this run; nothing was moved"));
    EXPECT_EQ(cluster.tree(), before);
    EXPECT_THAT(cluster.who_runs(), ElementsAreArray(cluster.all_of(above->handle.cluster_id)));
    paste(second);
    paste(first);
    EXPECT_THAT(cluster.who_runs(), ElementsAreArray(cluster.all_of(cluster.old_cluster_id)));
  }
}

// Where the shell cannot ask whether a member answers, everybody would seem to be stopped.
TEST(WayBack, ShellLinesAreForBashAndDoNothingElsewhere) {
  for (const Layout layout : kLayouts) {
    DiskCluster cluster({.members = 1, .layout = layout});
    if (!cluster.usable()) continue;
    cluster.live_once();
    const StagedData staged = staged_for(cluster);
    Rehearsal rehearsal;
    ASSERT_TRUE(activate(cluster.target, staged.handle, rehearsal.work(cluster)));
    const auto before = cluster.tree();

    const auto ran = pasted(rehearsal, "/bin/dash");

    EXPECT_FALSE(ran.succeeded());
    EXPECT_THAT(ran.errors, HasSubstr("these lines are for bash; nothing was stopped or moved"));
    EXPECT_EQ(cluster.tree(), before);
    EXPECT_THAT(cluster.who_runs(), ElementsAreArray(cluster.all_of(staged.handle.cluster_id)));
  }
}

// As after a start of the machine without a mount: what is there is neither the old nor the new.
TEST(WayBack, ShellLinesStartNobodyWhereTheOldDataIsNot) {
  for (const Layout layout : kLayouts) {
    DiskCluster cluster({.members = 1, .layout = layout});
    if (!cluster.usable()) continue;
    cluster.live_once();
    const StagedData staged = staged_for(cluster);
    Rehearsal rehearsal;
    const auto activated = activate(cluster.target, staged.handle, rehearsal.work(cluster));
    ASSERT_TRUE(activated);
    for (const std::string& backup : activated->kept.members.at(0).backups) {
      fs::rename(backup, backup + "-away");
      for (const bool new_data_is_there : {true, false}) {
        const std::string live = backup.substr(0, backup.find(".backup-"));
        if (!new_data_is_there && !fs::exists(live)) continue;
        if (!new_data_is_there) fs::rename(live, live + "-away");
        const auto before = cluster.tree();

        const auto ran = pasted(rehearsal);

        EXPECT_FALSE(ran.succeeded()) << backup;
        EXPECT_THAT(ran.errors, HasSubstr("nothing was done"));
        EXPECT_EQ(cluster.tree(), before);
        if (!new_data_is_there) fs::rename(live + "-away", live);
      }
      fs::rename(backup + "-away", backup);
    }
    paste(rehearsal);
    EXPECT_THAT(cluster.who_runs(), ElementsAreArray(cluster.all_of(cluster.old_cluster_id)));
  }
}

TEST(WayBack, AMemberThatWasDownBeforeIsLeftDownAndNamed) {
  DiskCluster cluster({.members = 2});
  cluster.live_once();
  cluster.stop();
  const StagedData staged = staged_for(cluster);
  Rehearsal rehearsal;
  ASSERT_TRUE(activate(cluster.target, staged.handle, rehearsal.work(cluster)));

  const auto undone = undo(cluster, rehearsal);

  ASSERT_TRUE(undone);
  const auto start = snapcore::process::shell_line(cluster.target.members[1].start);
  EXPECT_THAT(*undone, testing::Contains("m2 does not run: it did not run before this run either; "
                                         "this starts it: " +
                                         start));
}

TEST(WayBack, ShellLinesMoveNothingBelowAMemberThatDoesNotStop) {
  DiskCluster cluster({.members = 2});
  cluster.live_once();
  cluster.config.stop_timeout = {std::chrono::seconds(1)};
  cluster.reload();
  const StagedData staged = staged_for(cluster);
  Rehearsal rehearsal;
  ASSERT_TRUE(activate(cluster.target, staged.handle, rehearsal.work(cluster)));
  for (std::string& line : rehearsal.way_back.shell) {
    const auto at = line.find(" stop ");
    if (at != line.npos && line.find("m2") != line.npos) line.replace(at, 6, " nothing ");
  }
  const auto before = cluster.tree();

  const auto ran = pasted(rehearsal);

  EXPECT_FALSE(ran.succeeded());
  EXPECT_THAT(ran.errors, HasSubstr("m2 still answers"));
  EXPECT_EQ(cluster.tree(), before);
}

// A log on a mount point, with what servers do to it while nobody looks.
struct LogOnAMount {
  DiskCluster cluster{{.members = 1, .layout = Layout::kMountsForBoth}};
  fs::path log;
  std::set<std::string> before;
  std::optional<StagedData> staged;
  Rehearsal rehearsal;

  // The old server goes on until it is stopped, which is after the swap was decided.
  void swap(std::size_t fail_at = SIZE_MAX) {
    log = cluster.home(0) / "log";
    staged = staged_for(cluster);
    const auto planned = plan_swap(staged->handle, cluster.stamp, "aaaaaaaa");
    ASSERT_TRUE(planned) << planned.error().message;
    for (const char* name : {"0.tmp", "0000000000000001-0000000000000009.wal"})
      std::ofstream(log / name) << "old";
    fs::remove(log / "1.tmp");
    before = old_tree();
    rehearsal = {};
    rehearsal.fail_at = fail_at;
    (void)carry_out(*planned, rehearsal.step());
    rehearsal.way_back.shell = shell_of_way_back(*planned);
    rehearsal.way_back.data.swap = *planned;
    if (fail_at != SIZE_MAX) return;
    for (const char* name : {"0.tmp", "1.tmp", "0000000000000001-0000000000000002.wal"})
      std::ofstream(log / name) << "new";
  }
  // As after five segments more.
  void forget_first_segment() const { fs::remove(log / "0000000000000000-0000000000000000.wal"); }
  // All but what is staged, which is thrown away.
  std::set<std::string> old_tree() const {
    auto lines = cluster.tree();
    std::erase_if(lines, [](const auto& line) { return line.find(".snapcore-") != line.npos; });
    return lines;
  }
  void end() {
    ASSERT_TRUE(discard(staged->handle));
    EXPECT_EQ(old_tree(), before);
    for (const char* name : {"0.tmp", "0000000000000001-0000000000000009.wal"}) {
      fs::remove(log / name);
    }
  }
};

TEST(WayBack, WhatServersMadeAndRemovedInAMountedLogIsKeptApart) {
  LogOnAMount mounted;
  if (!mounted.cluster.usable()) GTEST_SKIP() << "needs the right to mount";
  mounted.cluster.live_once();
  mounted.cluster.stop();
  for (const bool forgets : {false, true}) {
    for (std::size_t step = 0;; ++step) {
      mounted.swap();
      if (forgets) mounted.forget_first_segment();
      const Swap& swap = mounted.rehearsal.way_back.data.swap;
      EXPECT_TRUE(can_be_taken_back(swap));
      std::ofstream(mounted.log / "notes.txt") << "somebody's own";
      Rehearsal dying;
      dying.fail_at = step;
      const bool whole = take_back(swap, dying.step()).has_value();

      const auto taken = take_back(swap, go_on);

      ASSERT_TRUE(taken) << taken.error().message;
      EXPECT_FALSE(has_begun(swap));
      EXPECT_TRUE(fs::remove(mounted.log / "notes.txt"));
      EXPECT_EQ(mounted.old_tree(), mounted.before) << "step " << step;
      ASSERT_TRUE(take_back(swap, go_on)) << "the way back leads nowhere a second time";
      mounted.end();
      if (whole) break;
    }
  }
}

TEST(WayBack, ThatDiesInAMountedLogCanBeTurnedRoundAgain) {
  LogOnAMount mounted;
  if (!mounted.cluster.usable()) GTEST_SKIP() << "needs the right to mount";
  mounted.cluster.live_once();
  mounted.cluster.stop();
  for (std::size_t step = 0;; ++step) {
    mounted.swap();
    const Swap& swap = mounted.rehearsal.way_back.data.swap;
    const auto swapped = mounted.cluster.tree();
    Rehearsal dying;
    dying.fail_at = step;
    std::vector<Move> moves;
    const bool whole = take_back(swap, dying.step(), &moves).has_value();
    if (!whole) {
      ASSERT_TRUE(put_in_again(swap, moves));
      EXPECT_EQ(mounted.cluster.tree(), swapped) << "step " << step;
      ASSERT_TRUE(take_back(swap, go_on));
    }
    mounted.end();
    if (whole) break;
  }
}

TEST(WayBack, ShellLinesKeepApartWhatServersMadeInAMountedLog) {
  LogOnAMount mounted;
  if (!mounted.cluster.usable()) GTEST_SKIP() << "needs the right to mount";
  mounted.cluster.live_once();
  mounted.cluster.stop();
  for (const bool forgets : {false, true}) {
    mounted.swap();
    if (forgets) mounted.forget_first_segment();
    for (int time = 0; time < 2; ++time) {
      paste(mounted.rehearsal);
      EXPECT_EQ(mounted.old_tree(), mounted.before) << "time " << time;
    }
    mounted.end();
  }
  for (std::size_t step = 0;; ++step) {
    mounted.swap(step);
    paste(mounted.rehearsal);
    const bool whole = mounted.rehearsal.steps.size() < step;
    mounted.end();
    if (whole) break;
  }
}

TEST(WayBack, ShellLinesLeaveTheOldDataWhereItIsWhenWhatWasStagedIsGone) {
  for (const Layout layout : kLayouts) {
    DiskCluster cluster({.members = 1, .layout = layout});
    if (!cluster.usable()) continue;
    cluster.live_once();
    const auto before = cluster.tree();
    for (std::size_t step = 1;; ++step) {
      const StagedData staged = staged_for(cluster);
      Rehearsal rehearsal;
      rehearsal.fail_at = step;
      if (activate(cluster.target, staged.handle, rehearsal.work(cluster))) break;
      for (const std::string& directory : staged_directories(staged.handle))
        fs::remove_all(directory);

      paste(rehearsal);

      EXPECT_THAT(cluster.who_runs(), ElementsAreArray(cluster.all_of(cluster.old_cluster_id)));
      ASSERT_TRUE(discard(staged.handle));
      EXPECT_EQ(cluster.tree(), before) << "step " << step;
    }
  }
}

TEST(WayBack, ShellLinesOfADirectoryWithALineBreakInItsNameAreOneLineEach) {
  DiskCluster cluster({.members = 1});
  const std::string data = cluster.config.members[0].data_dir + "\nwith\ttwo 'lines'";
  cluster.config.members[0].data_dir = data;
  cluster.config.members[0].start.back() = data;
  cluster.reload();
  cluster.live_once();
  const StagedData staged = staged_for(cluster);
  Rehearsal rehearsal;
  ASSERT_TRUE(activate(cluster.target, staged.handle, rehearsal.work(cluster)));

  paste(rehearsal);

  EXPECT_THAT(cluster.who_runs(), ElementsAreArray(cluster.all_of(cluster.old_cluster_id)));
}

TEST(WayBack, OnlyWhatRanBeforeIsStarted) {
  DiskCluster cluster({.members = 3});
  cluster.live_once();
  ASSERT_TRUE(snapcore::process::run({.argv = cluster.config.members[1].stop, .started = {}}));
  const StagedData staged = staged_for(cluster);
  Rehearsal rehearsal;
  ASSERT_TRUE(activate(cluster.target, staged.handle, rehearsal.work(cluster)));

  ASSERT_TRUE(undo(cluster, rehearsal));

  EXPECT_EQ(rehearsal.way_back.data.running, (std::vector<std::string>{"m1", "m3"}));
  EXPECT_THAT(cluster.who_runs(), SizeIs(2));
}

// As after a crash in the middle of a stop: the member was told to end, and still answers.
TEST(WayBack, FinishesAStopBeforeItStarts) {
  DiskCluster cluster({.members = 2});
  cluster.live_once();
  const StagedData staged = staged_for(cluster);
  const Config good = cluster.config;
  cluster.config.members[1].stop = {"/bin/false"};
  cluster.reload();
  Rehearsal rehearsal;
  EXPECT_EQ(code_of(activate(cluster.target, staged.handle, rehearsal.work(cluster))),
            "etcd.stop_failed");
  cluster.config = good;
  cluster.reload();
  Rehearsal back;

  const auto undone = undo(cluster, rehearsal, back.step());

  ASSERT_TRUE(undone) << undone.error().message;
  EXPECT_THAT(back.steps, ElementsAre("stop 2 members", "start m1, m2",
                                      "wait until m1, m2 answer, at most 30 s"));
  EXPECT_THAT(*undone, ElementsAre("m1, m2 run again with the old data"));
  EXPECT_THAT(cluster.who_runs(), ElementsAreArray(cluster.all_of(cluster.old_cluster_id)));
}

TEST(WayBack, MemberThatCannotBeStoppedIsNotSaidToRunAgain) {
  DiskCluster cluster({.members = 2});
  cluster.live_once();
  const auto before = cluster.tree();
  const StagedData staged = staged_for(cluster);
  cluster.config.members[1].stop = {"/bin/false"};
  cluster.reload();
  Rehearsal rehearsal;
  EXPECT_EQ(code_of(activate(cluster.target, staged.handle, rehearsal.work(cluster))),
            "etcd.stop_failed");

  const auto undone = undo(cluster, rehearsal);

  ASSERT_TRUE(undone) << undone.error().message;
  EXPECT_THAT(*undone,
              ElementsAre("m1 runs again with the old data", "m2 was not stopped and runs on"));
  EXPECT_THAT(cluster.who_runs(), ElementsAreArray(cluster.all_of(cluster.old_cluster_id)));
  ASSERT_TRUE(discard(staged.handle));
  EXPECT_EQ(cluster.tree(), before);
}

// The start of a member whose old process has closed its ports and not ended does nothing.
TEST(WayBack, StartsAgainWhatTheFirstStartDidNotBringUp) {
  DiskCluster cluster({.members = 1});
  cluster.live_once();
  const StagedData staged = staged_for(cluster);
  const std::string once = "[ -e tried ] || { touch tried; exit 0; }; exec ";
  cluster.config.members[0].start = {
      "/bin/sh", "-c",
      "cd '" + cluster.home(0).string() + "'; " + once +
          snapcore::process::shell_line(cluster.config.members[0].start)};
  cluster.reload();
  Rehearsal rehearsal;
  rehearsal.fail_at = 1;
  EXPECT_EQ(code_of(activate(cluster.target, staged.handle, rehearsal.work(cluster))),
            "test.killed");

  const auto undone = undo(cluster, rehearsal);

  ASSERT_TRUE(undone) << undone.error().message;
  EXPECT_THAT(cluster.who_runs(), ElementsAreArray(cluster.all_of(cluster.old_cluster_id)));
}

// Another restore, or a person, at the same members after this run.
TEST(WayBack, WhatAnotherPutThereIsSeenBeforeAnyMemberIsStopped) {
  for (const Layout layout : kLayouts) {
    DiskCluster cluster({.members = layout == Layout::kPlain ? 3u : 1u, .layout = layout});
    if (!cluster.usable()) continue;
    cluster.live_once();
    const StagedData staged = staged_for(cluster);
    Rehearsal rehearsal;
    ASSERT_TRUE(activate(cluster.target, staged.handle, rehearsal.work(cluster)));
    const auto& moves = rehearsal.way_back.data.swap.moves;
    const auto placed =
        std::find_if(moves.rbegin(), moves.rend(), [](const Move& move) { return !move.keeps; });
    const fs::path live = placed->to;
    fs::rename(live, live.string() + ".ours");
    fs::copy(live.string() + ".ours", live, fs::copy_options::recursive);
    const auto before = cluster.tree();
    for (int time = 0; time < 2; ++time) {
      Rehearsal back;

      const auto undone = undo(cluster, rehearsal, back.step());

      ASSERT_EQ(code_of(undone), "etcd.not_ours");
      EXPECT_THAT(undone.error().message, HasSubstr(live.string()));
      EXPECT_THAT(undone.error().message, HasSubstr("stopped no member"));
      EXPECT_EQ(undone.error().outcome, snapcore::Outcome::kNothingHappened);
      EXPECT_THAT(back.steps, SizeIs(0));
      EXPECT_THAT(cluster.who_runs(), ElementsAreArray(cluster.all_of(staged.handle.cluster_id)));
      EXPECT_EQ(cluster.tree(), before);
    }
  }
}

TEST(WayBack, BackupThatIsGoneIsSeenBeforeAnyMemberIsStopped) {
  DiskCluster cluster({.members = 2});
  cluster.live_once();
  const StagedData staged = staged_for(cluster);
  Rehearsal rehearsal;
  const auto activated = activate(cluster.target, staged.handle, rehearsal.work(cluster));
  ASSERT_TRUE(activated);
  const std::string backup = activated->kept.members.front().backups.front();
  fs::rename(backup, backup + ".elsewhere");
  Rehearsal back;

  const auto undone = undo(cluster, rehearsal, back.step());

  ASSERT_FALSE(undone);
  EXPECT_THAT(undone.error().message, HasSubstr("stopped no member"));
  EXPECT_THAT(undone.error().message + undone.error().hint, HasSubstr(backup));
  EXPECT_THAT(back.steps, SizeIs(0));
  EXPECT_THAT(cluster.who_runs(), ElementsAreArray(cluster.all_of(staged.handle.cluster_id)));
}

// Somebody puts other data there while the members stop.
TEST(WayBack, ThatCannotGoOnAfterTheStopStartsAgainWhatItStopped) {
  DiskCluster cluster({.members = 2});
  cluster.live_once();
  const StagedData staged = staged_for(cluster);
  Rehearsal rehearsal;
  ASSERT_TRUE(activate(cluster.target, staged.handle, rehearsal.work(cluster)));
  const fs::path live = staged.handle.members[0].live;
  const std::string put_out =
      "rename " + live.string() + " back to " + staged.handle.members[0].staged;
  const Step swapped_meanwhile = [&](const std::string& words) -> Result<> {
    if (words == put_out) {
      fs::copy(live, live.string() + ".copy", fs::copy_options::recursive);
      fs::rename(live, live.string() + ".ours");
      fs::rename(live.string() + ".copy", live);
      fs::create_directory(staged.handle.members[0].staged);
    }
    return {};
  };

  const auto undone = undo(cluster, rehearsal, swapped_meanwhile);

  ASSERT_FALSE(undone);
  EXPECT_THAT(undone.error().message, HasSubstr("nothing was put back; m1, m2 run"));
  EXPECT_THAT(cluster.who_runs(), ElementsAreArray(cluster.all_of(staged.handle.cluster_id)));
}

TEST(WayBack, BelowAMemberThatCannotBeStoppedTheOthersAreStartedAgain) {
  DiskCluster cluster({.members = 3});
  cluster.live_once();
  const StagedData staged = staged_for(cluster);
  Rehearsal rehearsal;
  ASSERT_TRUE(activate(cluster.target, staged.handle, rehearsal.work(cluster)));
  cluster.config.members[1].stop = {"/bin/false"};
  cluster.reload();
  const auto before = cluster.tree();

  const auto undone = undo(cluster, rehearsal);

  ASSERT_FALSE(undone);
  EXPECT_THAT(undone.error().message, HasSubstr("nothing was put back; m1, m2, m3 run"));
  EXPECT_EQ(undone.error().outcome, snapcore::Outcome::kHappened);
  EXPECT_THAT(cluster.who_runs(), ElementsAreArray(cluster.all_of(staged.handle.cluster_id)));
  EXPECT_EQ(cluster.tree(), before);
}

// Somebody is at work in the same directories: nothing that was begun can be ended.
TEST(WayBack, ThatLeavesOldAndNewDataSideBySideStartsNobody) {
  DiskCluster cluster({.members = 2});
  cluster.live_once();
  const StagedData staged = staged_for(cluster);
  Rehearsal rehearsal;
  const auto activated = activate(cluster.target, staged.handle, rehearsal.work(cluster));
  ASSERT_TRUE(activated);
  const StagedMember& first = staged.handle.members[0];
  const std::string second_backup = activated->kept.members[1].backups.front();
  const Step meanwhile = [&](const std::string& words) -> Result<> {
    if (words != "rename " + first.live + " back to " + first.staged) return {};
    fs::create_directory(first.staged);
    fs::create_directory(second_backup);
    return {};
  };

  const auto undone = undo(cluster, rehearsal, meanwhile);

  ASSERT_FALSE(undone);
  EXPECT_THAT(undone.error().message,
              HasSubstr("a part was put back, and that could not be undone"));
  EXPECT_THAT(undone.error().message, HasSubstr("no member was started"));
  EXPECT_THAT(cluster.who_runs(), SizeIs(0));
}

TEST(WayBack, MemberThatDoesNotStartIsToldWithWhatIsBackAndWhoRuns) {
  DiskCluster cluster({.members = 3});
  cluster.live_once();
  const StagedData staged = staged_for(cluster);
  Rehearsal rehearsal;
  ASSERT_TRUE(activate(cluster.target, staged.handle, rehearsal.work(cluster)));
  cluster.config.members[1].start = {"/bin/sh", "-c", "echo no disk >&2; exit 4"};
  cluster.reload();

  const auto undone = undo(cluster, rehearsal);

  ASSERT_EQ(code_of(undone), "etcd.start_failed");
  EXPECT_THAT(undone.error().message,
              HasSubstr("the old data of m1, m2, m3 is back; m1, m3 run, m2 does not: "));
  EXPECT_THAT(undone.error().message, HasSubstr("no disk"));
  EXPECT_THAT(undone.error().hint, HasSubstr("start by hand what does not run: /bin/sh"));
}

}  // namespace
}  // namespace etcd
