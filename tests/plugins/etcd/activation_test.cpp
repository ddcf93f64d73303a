// The swap, on real directories with processes that stop and start.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/file.h>

#include <atomic>
#include <fstream>
#include <snapcore/support/process.hpp>

#include "health.hpp"
#include "rehearsal.hpp"
#include "staged_check.hpp"

namespace etcd {
namespace {

namespace fs = std::filesystem;
using test::code_of;
using test::DiskCluster;
using test::kLayouts;
using test::Layout;
using test::Rehearsal;
using test::staged_for;
using test::undo;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

TEST(Activation, EveryLayoutIsSwappedAndTheNewClusterIsHealthy) {
  for (const Layout layout : kLayouts) {
    for (const std::size_t members : {1u, 3u}) {
      DiskCluster cluster({.members = members, .layout = layout});
      if (!cluster.usable()) continue;
      cluster.live_once();
      const StagedData staged = staged_for(cluster);
      const auto checked = check_staged(cluster.target, staged.handle, {});
      ASSERT_TRUE(checked) << checked.error().message;
      Rehearsal rehearsal;

      const auto activated = activate(cluster.target, staged.handle, rehearsal.work(cluster));

      ASSERT_TRUE(activated) << activated.error().message;
      EXPECT_TRUE(rehearsal.recorded);
      EXPECT_THAT(activated->kept.members, SizeIs(members));
      EXPECT_THAT(cluster.who_runs(), ElementsAreArray(cluster.all_of(staged.handle.cluster_id)));
      const auto verdict =
          verify_health(cluster.target, staged.expected, std::chrono::seconds(10), {});
      EXPECT_TRUE(verdict) << verdict.error().message;
      for (const std::string& left : staged_directories(staged.handle))
        EXPECT_FALSE(fs::exists(left)) << left;
    }
  }
}

TEST(Activation, ReleaseLeavesOnlyTheNewData) {
  for (const Layout layout : kLayouts) {
    DiskCluster cluster({.members = 1, .layout = layout});
    if (!cluster.usable()) continue;
    cluster.live_once();
    const auto before = cluster.tree().size();
    const StagedData staged = staged_for(cluster);
    Rehearsal rehearsal;
    const auto activated = activate(cluster.target, staged.handle, rehearsal.work(cluster));
    ASSERT_TRUE(activated) << activated.error().message;

    const auto released = release(activated->kept);

    ASSERT_TRUE(released) << released.error().message;
    EXPECT_EQ(cluster.tree().size(), before) << testing::PrintToString(*released);
    EXPECT_THAT(cluster.who_runs(), ElementsAreArray(cluster.all_of(staged.handle.cluster_id)));
  }
}

TEST(Activation, ReleaseLeavesWhatIsNotOfEtcd) {
  DiskCluster cluster({.members = 1});
  cluster.live_once();
  const fs::path data = cluster.home(0) / "data";
  fs::create_directories(data / "backups/old");
  std::ofstream(data / "backups/old/snap.db") << "precious";
  std::ofstream(data / "notes.txt") << "precious";
  const StagedData staged = staged_for(cluster);
  Rehearsal rehearsal;
  const auto activated = activate(cluster.target, staged.handle, rehearsal.work(cluster));
  ASSERT_TRUE(activated) << activated.error().message;
  const fs::path backup = activated->kept.members.at(0).backups.at(0);
  for (int time = 0; time < 2; ++time) {
    const auto released = release(activated->kept);
    ASSERT_TRUE(released) << released.error().message;
    EXPECT_THAT(*released, ElementsAre("removed what etcd had in " + backup.string() +
                                       "; backups, notes.txt stay there: they are not etcd's"));
    EXPECT_FALSE(fs::exists(backup / "member"));
    EXPECT_TRUE(fs::exists(backup / "backups/old/snap.db"));
    EXPECT_TRUE(fs::exists(backup / "notes.txt"));
  }
}

TEST(Activation, DeadClusterWithoutDirectoriesIsBroughtUpAndTakenBackToNothing) {
  DiskCluster cluster;
  const auto before = cluster.tree();
  const StagedData staged = staged_for(cluster);
  Rehearsal rehearsal;

  const auto activated = activate(cluster.target, staged.handle, rehearsal.work(cluster));

  ASSERT_TRUE(activated) << activated.error().message;
  EXPECT_THAT(activated->kept.members, IsEmpty());
  EXPECT_THAT(cluster.who_runs(), ElementsAreArray(cluster.all_of(staged.handle.cluster_id)));
  ASSERT_TRUE(undo(cluster, rehearsal));
  EXPECT_THAT(cluster.who_runs(), IsEmpty());
  ASSERT_TRUE(discard(staged.handle));
  EXPECT_EQ(cluster.tree(), before);
}

// A stop command that waits for a file, so that something can happen while it runs.
class SlowStop {
 public:
  SlowStop(DiskCluster& cluster, std::size_t member)
      : home_(cluster.home(member)), good_(cluster.config.members[member].stop) {
    std::string script =
        "touch begun; for i in $(seq 500); do [ -e go_on ] && break; sleep 0.02; "
        "done; touch finished; exec " +
        snapcore::process::shell_line(good_);
    cluster.config.members[member].stop = {"/bin/sh", "-c",
                                           "cd '" + home_.string() + "'; " + script};
    cluster.reload();
  }

  bool begun() const { return fs::exists(home_ / "begun"); }
  bool finished() const { return fs::exists(home_ / "finished"); }
  void go_on() const { std::ofstream(home_ / "go_on"); }
  void forget() const {
    for (const char* name : {"begun", "finished", "go_on"}) fs::remove(home_ / name);
  }

 private:
  fs::path home_;
  std::vector<std::string> good_;
};

TEST(Activation, StopThatHasBegunIsLetFinishWhenTheOperatorAsksToStop) {
  DiskCluster cluster({.members = 2});
  cluster.live_once();
  const auto before = cluster.tree();
  const StagedData staged = staged_for(cluster);
  const SlowStop slow(cluster, 0);
  Rehearsal rehearsal;
  ActivationWork work = rehearsal.work(cluster);
  std::atomic<int> asked = 0;
  work.watch.cancelled = [&] {
    if (!slow.begun()) return false;
    if (++asked == 3) slow.go_on();  // it was told three times by now, and should go on
    return true;
  };
  std::atomic<int> said = 0;
  work.watch.say = [&](const std::string& words) {
    if (words.find("let finish") != std::string::npos) ++said;
  };
  work.step = [&, step = rehearsal.step()](const std::string& words) -> Result<> {
    if (slow.begun())
      return snapcore::fail({.code = "call.stopped", .message = "before: " + words});
    return step(words);
  };

  const auto activated = activate(cluster.target, staged.handle, work);

  EXPECT_EQ(code_of(activated), "call.stopped");
  EXPECT_TRUE(slow.finished());
  EXPECT_GE(said, 1);
  EXPECT_THAT(cluster.who_runs(), IsEmpty());
  const auto undone = undo(cluster, rehearsal);
  ASSERT_TRUE(undone) << undone.error().message;
  EXPECT_THAT(*undone, ElementsAre("m1, m2 run again with the old data"));
  EXPECT_THAT(cluster.who_runs(), ElementsAreArray(cluster.all_of(cluster.old_cluster_id)));
  ASSERT_TRUE(discard(staged.handle));
  slow.forget();
  EXPECT_EQ(cluster.tree(), before);
}

TEST(Activation, WordsForOneMemberAreWordsForOne) {
  DiskCluster cluster({.members = 1});
  cluster.live_once();
  const StagedData staged = staged_for(cluster);
  Rehearsal rehearsal;
  const auto activated = activate(cluster.target, staged.handle, rehearsal.work(cluster));
  ASSERT_TRUE(activated) << activated.error().message;
  EXPECT_EQ(rehearsal.steps.back(), "wait until 1 member answers healthy, at most 30 s");
  EXPECT_EQ(activated->words.front(), "started 1 member with the new data; it answers healthy");
  const auto verdict = verify_health(cluster.target, staged.expected, std::chrono::seconds(10), {});
  ASSERT_TRUE(verdict) << verdict.error().message;
  EXPECT_THAT(verdict->front(), HasSubstr("1 member healthy"));
  EXPECT_THAT(verdict->front(), Not(HasSubstr("all")));

  cluster.config.members[0].start = {"/bin/true"};
  cluster.config.health_timeout = {std::chrono::seconds(1)};
  cluster.reload();
  const auto undone = undo(cluster, rehearsal);
  ASSERT_FALSE(undone);
  EXPECT_THAT(undone.error().message, HasSubstr("m1 was started"));
}

// Commands that do not do what they promise. Each is found, and the old cluster comes back.
struct BadCommand {
  const char* what;
  void (*spoil)(MemberConfig& member);
  const char* code;
};

TEST(Activation, CommandsThatDoNotKeepTheirPromiseAreFoundAndTakenBack) {
  const std::vector<BadCommand> cases = {
      {"stop fails",
       [](MemberConfig& m) {
         m.stop = {"/bin/sh", "-c", "echo no way >&2; exit 3"};
       },
       "etcd.stop_failed"},
      {"stop is no program", [](MemberConfig& m) { m.stop = {"/nowhere/stop"}; },
       "etcd.stop_failed"},
      {"stop does nothing", [](MemberConfig& m) { m.stop = {"/bin/true"}; },
       "etcd.member_still_running"},
      {"start fails",
       [](MemberConfig& m) {
         m.start = {"/bin/sh", "-c", "exit 4"};
       },
       "etcd.start_failed"},
      {"start stays",
       [](MemberConfig& m) {
         m.start = {"/bin/sh", "-c", "exec sleep 60"};
       },
       "etcd.start_in_foreground"}};
  for (const BadCommand& bad : cases) {
    DiskCluster cluster({.members = 2});
    cluster.live_once();
    const auto before = cluster.tree();
    const StagedData staged = staged_for(cluster);
    const Config good = cluster.config;
    bad.spoil(cluster.config.members[1]);
    cluster.config.stop_timeout = {std::chrono::seconds(1)};
    cluster.config.start_timeout = {std::chrono::seconds(1)};
    cluster.config.health_timeout = {std::chrono::seconds(1)};
    cluster.reload();
    Rehearsal rehearsal;

    const auto activated = activate(cluster.target, staged.handle, rehearsal.work(cluster));

    ASSERT_EQ(code_of(activated), bad.code) << bad.what;
    EXPECT_NE(activated.error().outcome, snapcore::Outcome::kNothingHappened) << bad.what;
    EXPECT_THAT(activated.error().message, HasSubstr("m2")) << bad.what;
    EXPECT_FALSE(activated.error().hint.empty()) << bad.what;
    cluster.config = good;
    cluster.reload();
    const auto undone = undo(cluster, rehearsal);
    ASSERT_TRUE(undone) << bad.what << ": " << undone.error().message;
    EXPECT_THAT(cluster.who_runs(), ElementsAreArray(cluster.all_of(cluster.old_cluster_id)));
    ASSERT_TRUE(discard(staged.handle));
    EXPECT_EQ(cluster.tree(), before) << bad.what;
  }
}

// The swap is done then; whether the cluster is what was expected is for health to say.
TEST(Activation, MemberThatDoesNotComeUpIsNamedAndLeftToTheHealthCheck) {
  DiskCluster cluster({.members = 2});
  cluster.live_once();
  const auto before = cluster.tree();
  const StagedData staged = staged_for(cluster);
  const Config good = cluster.config;
  cluster.config.members[1].start = {"/bin/true"};
  cluster.config.health_timeout = {std::chrono::seconds(1)};
  cluster.reload();
  Rehearsal rehearsal;

  const auto activated = activate(cluster.target, staged.handle, rehearsal.work(cluster));

  ASSERT_TRUE(activated) << activated.error().message;
  EXPECT_THAT(activated->words.front(), HasSubstr("m2"));
  cluster.config = good;
  cluster.reload();
  ASSERT_TRUE(undo(cluster, rehearsal));
  ASSERT_TRUE(discard(staged.handle));
  EXPECT_EQ(cluster.tree(), before);
}

TEST(Activation, MemberThatStillAnswersOnAnyPortIsFoundBeforeAnythingIsMoved) {
  for (const bool on_peer : {false, true}) {
    DiskCluster cluster({.members = 2});
    cluster.live_once();
    const StagedData staged = staged_for(cluster);
    cluster.config.stop_timeout = {std::chrono::seconds(2)};
    // Somebody else answers where the member should be silent.
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(::listen(fd, 4), 0);
    sockaddr_in address = {};
    socklen_t size = sizeof address;
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    const std::string url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    (on_peer ? cluster.config.members[0].peer : cluster.config.members[0].client)
        .urls.push_back(url);
    cluster.reload();
    Rehearsal rehearsal;

    const auto activated = activate(cluster.target, staged.handle, rehearsal.work(cluster));
    ::close(fd);

    EXPECT_EQ(code_of(activated), "etcd.member_still_running");
    EXPECT_THAT(activated.error().message, HasSubstr(url.substr(7)));
    EXPECT_THAT(rehearsal.steps, SizeIs(1)) << "nothing but the stop";
    ASSERT_TRUE(undo(cluster, rehearsal));
    EXPECT_THAT(cluster.who_runs(), ElementsAreArray(cluster.all_of(cluster.old_cluster_id)));
  }
}

TEST(Activation, LockThatIsHeldAfterTheStopIsFoundBeforeAnythingIsMoved) {
  DiskCluster cluster({.members = 2});
  cluster.live_once();
  const StagedData staged = staged_for(cluster);
  cluster.stop();
  const fs::path database = cluster.home(1) / "data" / "member" / "snap" / "db";
  const int fd = ::open(database.c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(::flock(fd, LOCK_EX | LOCK_NB), 0);
  cluster.config.stop_timeout = {std::chrono::seconds(3)};
  cluster.config.members[1].stop = {"/bin/true"};
  cluster.reload();
  Rehearsal rehearsal;

  const auto activated = activate(cluster.target, staged.handle, rehearsal.work(cluster));
  ::close(fd);

  EXPECT_EQ(code_of(activated), "etcd.member_still_running");
  EXPECT_THAT(activated.error().message, HasSubstr(database.string()));
  EXPECT_THAT(rehearsal.steps, SizeIs(1));
}

TEST(Activation, NewDataThatIsNotHealthyIsSaidAndCanBeTakenBack) {
  DiskCluster cluster({.members = 2});
  cluster.live_once();
  const auto before = cluster.tree();
  const StagedData staged = staged_for(cluster);
  fs::create_directory(fs::path(staged.handle.members[1].staged) / "sick");
  cluster.config.health_timeout = {std::chrono::seconds(1)};
  cluster.reload();
  Rehearsal rehearsal;
  const auto activated = activate(cluster.target, staged.handle, rehearsal.work(cluster));
  ASSERT_TRUE(activated) << activated.error().message;
  EXPECT_THAT(activated->words.front(), HasSubstr("1 of 2 members"));
  ASSERT_TRUE(undo(cluster, rehearsal));
  ASSERT_TRUE(discard(staged.handle));
  EXPECT_EQ(cluster.tree(), before);
}

TEST(Activation, HandleForAnotherSiteIsRefusedBeforeAnythingIsRecorded) {
  const std::vector<void (*)(Config&)> changes = {
      [](Config& c) { c.members[0].name = "other"; }, [](Config& c) { c.members.pop_back(); },
      [](Config& c) { c.members[1].data_dir += "x"; },
      [](Config& c) { c.members[1].wal_dir = c.members[1].data_dir + "-wal"; },
      [](Config& c) { std::swap(c.members[0], c.members[1]); }};
  DiskCluster cluster({.members = 2});
  const StagedData staged = staged_for(cluster);
  const Config good = cluster.config;
  for (const auto change : changes) {
    cluster.config = good;
    change(cluster.config);
    cluster.reload();
    Rehearsal rehearsal;
    EXPECT_EQ(code_of(activate(cluster.target, staged.handle, rehearsal.work(cluster))),
              "etcd.stale_handle");
    EXPECT_FALSE(rehearsal.recorded);
  }
}

TEST(Activation, NothingIsStoppedWhenUndoCannotBeRecorded) {
  DiskCluster cluster({.members = 2});
  cluster.live_once();
  const StagedData staged = staged_for(cluster);
  Rehearsal rehearsal;
  ActivationWork work = rehearsal.work(cluster);
  work.record_undo = [](const WayBack&) -> Result<> {
    return snapcore::fail({.code = "test.no_journal", .message = "the journal is full"});
  };
  const auto activated = activate(cluster.target, staged.handle, work);
  EXPECT_EQ(code_of(activated), "test.no_journal");
  EXPECT_EQ(activated.error().outcome, snapcore::Outcome::kNothingHappened);
  EXPECT_THAT(cluster.who_runs(), ElementsAreArray(cluster.all_of(cluster.old_cluster_id)));
}

TEST(Activation, ProbeTellsHowFarItCame) {
  using State = ActivationProbe::State;
  DiskCluster cluster({.members = 2});
  cluster.live_once();
  const StagedData staged = staged_for(cluster);
  const auto probe = [&] {
    return probe_activation(cluster.target, staged.handle, cluster.stamp, "aaaaaaaa", {});
  };
  EXPECT_EQ(probe().state, State::kNotStarted);
  for (std::size_t step = 1;; ++step) {
    Rehearsal rehearsal;
    rehearsal.fail_at = step;
    const auto activated = activate(cluster.target, staged.handle, rehearsal.work(cluster));
    if (activated) {
      EXPECT_EQ(probe().state, State::kDone);
      EXPECT_THAT(probe().result.kept.members, SizeIs(2));
      break;
    }
    // Dying while waiting leaves a cluster that comes up by itself.
    const bool waiting = activated.error().message.find("wait until") != std::string::npos;
    EXPECT_EQ(probe().state, waiting ? State::kDone : State::kPartial) << activated.error().message;
    ASSERT_TRUE(undo(cluster, rehearsal));
  }
}

// What another run with a state directory of its own would do, at every step of the first.
TEST(Activation, TwoAtATimeAreKeptApartWhicheverStepTheFirstIsAt) {
  for (const Layout layout : kLayouts) {
    for (const bool lives : {true, false}) {
      DiskCluster cluster({.members = 1, .layout = layout});
      if (!cluster.usable()) continue;
      if (lives) cluster.live_once();
      const auto other = cluster.stage(DiskCluster::snapshot(), 'b');
      ASSERT_TRUE(other) << other.error().message;
      const StagedData staged = staged_for(cluster);
      Rehearsal rehearsal, others;
      const auto meanwhile = [&] {
        const auto activated = activate(cluster.target, other->handle, others.work(cluster));
        EXPECT_EQ(code_of(activated), "etcd.held");
        EXPECT_THAT(activated.error().message, HasSubstr("process " + std::to_string(::getpid()) +
                                                         " (etcd_activation) is at"));
        EXPECT_FALSE(others.recorded);
        EXPECT_EQ(code_of(undo(cluster, others)), "etcd.held");
      };
      ActivationWork work = rehearsal.work(cluster);
      work.step = [&, step = work.step](const std::string& words) {
        meanwhile();
        return step(words);
      };
      const auto activated = activate(cluster.target, staged.handle, work);

      ASSERT_TRUE(activated) << activated.error().message;
      EXPECT_THAT(cluster.who_runs(), ElementsAreArray(cluster.all_of(staged.handle.cluster_id)));
      const Step ask = [&](const std::string&) -> Result<> {
        meanwhile();
        return {};
      };
      ASSERT_TRUE(undo(cluster, rehearsal, ask));
      for (const auto& entry : fs::recursive_directory_iterator(cluster.folder()))
        EXPECT_THAT(entry.path().filename().string(), Not(HasSubstr("-lock")));
    }
  }
}

TEST(Activation, ALockThatAKilledProcessLeftStopsNobody) {
  DiskCluster cluster({.members = 1});
  const fs::path left = cluster.home(0) / ".data.snapcore-lock";
  std::ofstream(left).close();
  const StagedData staged = staged_for(cluster);
  Rehearsal rehearsal;
  const auto activated = activate(cluster.target, staged.handle, rehearsal.work(cluster));
  ASSERT_TRUE(activated) << activated.error().message;
  EXPECT_FALSE(fs::exists(left));
}

// The second one would put the restored data aside, which clients have written to since.
TEST(Activation, DataThatAnotherRestorePutInSinceTheStagingIsNotReplaced) {
  for (const Layout layout : kLayouts) {
    for (const bool lives : {true, false}) {
      DiskCluster cluster({.members = 1, .layout = layout});
      if (!cluster.usable()) continue;
      if (lives) cluster.live_once();
      const auto late = cluster.stage(DiskCluster::snapshot(), 'b');
      ASSERT_TRUE(late) << late.error().message;
      const StagedData staged = staged_for(cluster);
      Rehearsal rehearsal, others;
      ASSERT_TRUE(activate(cluster.target, staged.handle, rehearsal.work(cluster)));

      const auto activated = activate(cluster.target, late->handle, others.work(cluster));

      EXPECT_EQ(code_of(activated), "etcd.changed_since_staged");
      EXPECT_THAT(activated.error().message,
                  HasSubstr(lives ? "was another directory when" : "was not there when"));
      EXPECT_EQ(code_of(check_staged(cluster.target, late->handle, {})),
                "etcd.changed_since_staged");
      EXPECT_FALSE(others.recorded);
      EXPECT_THAT(cluster.who_runs(), ElementsAreArray(cluster.all_of(staged.handle.cluster_id)));
      // Taken back, it is what it was.
      ASSERT_TRUE(undo(cluster, rehearsal));
      EXPECT_TRUE(check_staged(cluster.target, late->handle, {}));
    }
  }
}

TEST(Activation, DataThatIsGoneSinceTheStagingStopsNobody) {
  DiskCluster cluster({.members = 1});
  cluster.live_once();
  const StagedData staged = staged_for(cluster);
  cluster.stop();
  fs::remove_all(cluster.home(0) / "data");
  Rehearsal rehearsal;
  const auto activated = activate(cluster.target, staged.handle, rehearsal.work(cluster));
  ASSERT_TRUE(activated) << activated.error().message;
}

TEST(Activation, SecondActivationOfOneRunKeepsTheFirstBackup) {
  DiskCluster cluster({.members = 1});
  cluster.live_once();
  std::vector<std::string> backups;
  for (const char key : {'a', 'b'}) {
    const auto staged = cluster.stage(DiskCluster::snapshot(), key);
    ASSERT_TRUE(staged) << staged.error().message;
    Rehearsal rehearsal;
    ActivationWork work = rehearsal.work(cluster);
    work.mark = std::string(8, key);
    const auto activated = activate(cluster.target, staged->handle, work);
    ASSERT_TRUE(activated) << activated.error().message;
    backups.push_back(activated->kept.members.front().backups.front());
  }
  EXPECT_NE(backups[0], backups[1]);
  for (const std::string& backup : backups) EXPECT_TRUE(fs::exists(backup)) << backup;
}

}  // namespace
}  // namespace etcd
