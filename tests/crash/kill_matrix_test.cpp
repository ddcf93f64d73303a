// A run that uses every feature is killed at every record and inside of every call. Resumed, it
// ends as the one nobody disturbed; taken back, everything is as it was before, but for what the
// runbook adds to the way back.
//
// Each run is a child of this process, so that SIGKILL ends it and plugins are loaded once. What
// its journal had not synced is lost with it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <sstream>

#include "cli/planning.hpp"
#include "engine/executor.hpp"
#include "engine/rollback.hpp"
#include "fakes/scratch.hpp"
#include "killing_journal.hpp"
#include "plugin_files.hpp"

namespace snapcore::test {
namespace {

using Kill = KillingFileSystem::Kill;
using State = std::map<std::string, std::string>;  // path -> content

constexpr const char* kStarted = "2026-01-02T03:04:05Z";

constexpr const char* kRunbook = R"lua(
runbook { summary = "Uses every feature" }

local a, b = instance "a", instance "b"

step("Every way of repeating", function()
  if a:count {}.count == 0 then
    local first = a:add { name = "safe" }
    b:add { name = later(first, "name") }
  end
  a:stamp { name = "keyed" }
  a:post { name = "probed" }
  a:ring { name = "bell" }
  a:toll { name = "great-bell" }
  a:relay { name = "relayed" }
end)

step("A restore", function()
  local newest = source("store"):latest { kind = "plain-note" }
  local restored = target("note"):restore { from = newest }
  when(later(restored, "kept"), function()
    a:add { name = "old-note-kept" }
  end)
end)

retry({ times = 3, wait = "1s" }, function()
  a:add { name = "retried" }
end)

parallel {
  function()
    a:add { name = "beside" }
    a:post { name = "beside-probed" }
  end,
  function()
    retry({ times = 2, wait = "1s" }, function() b:add { name = "beside" } end)
    b:stamp { name = "beside-keyed" }
  end,
}

attempt(function()
  b:add { name = "tried" }
  b:add { name = "impossible", fails = "before" }
end, {
  ["ledger.broken"] = function() b:add { name = "another-way" } end,
})

phase("What only the run knows", { within = { instances = { "b" }, acts = 1 } }, function()
  b:add { name = "as-many-as-" .. a:count {}.count }
end)

wait_until({ timeout = "1m", every = "1s" }, function() return a:count {}.count > 3 end)

on_rollback(function()
  a:expect { name = "retried" }
  a:add { name = "told" }
end)
b:add { name = "behind" }

a:expect { name = "safe" }
b:expect { name = "relayed" }
)lua";

// How a child ended: an exit code, or killed.
struct Ended {
  bool killed = false;
  int exit = 0;
};

// Where a child is to be killed; 0 is nowhere.
struct Point {
  int sync = 0;
  Kill when = Kill::kAfterTheSync;
  int moment = 0;
  std::string words() const {
    if (moment > 0) return "inside of a call, moment " + std::to_string(moment);
    return std::string(when == Kill::kAfterTheSync ? "after" : "before") + " sync " +
           std::to_string(sync);
  }
};

class Matrix {
 public:
  Matrix() {
    use_scan_child();
    site_.path = scratch_.path() / "site.lua";
    site_.digest = "a-site";
    add("a", "ledger", Value::object({{"path", path("a")}, {"other", "b"}}));
    add("b", "ledger", Value::object({{"path", path("b")}}));
    add("note", "plain_c", Value::object({{"path", path("live")}, {"file", "note"}}));
    add("store", "plain_c", Value::object({{"path", path("store")}}));
    instances_ = std::make_unique<Instances>(
        site_, std::vector<std::filesystem::path>{build_folder() / "test_plugins"});
    reset();
    runbook_ = Runbook::from_text("matrix.lua", kRunbook);
    if (!runbook_) throw std::runtime_error(runbook_.error().message);
    PlanRequest request{.instances = *instances_, .clock = clock_};
    request.waivers = {{"healthy", "test"}};
    auto plan = make_plan(request, *runbook_, {});
    if (!plan) throw std::runtime_error(plan.error().message);
    plan_ = std::move(*plan);
  }

  // As before the run: nothing but what is to be restored, and what it replaces.
  void reset() {
    for (const char* name : {"a", "b", "store", "live", "run"}) {
      std::filesystem::remove_all(path(name));
      std::filesystem::create_directory(path(name));
    }
    put("store/new.note", "NOTE berlin\nnew\nEND\n");
    put("live/note", "NOTE berlin\nold\nEND\n");
  }

  // What is in the world, less the log of what was called.
  State state() const {
    State found;
    for (const char* name : {"a", "b", "live"}) {
      for (const auto& entry : std::filesystem::recursive_directory_iterator(path(name))) {
        if (!entry.is_regular_file() || entry.path().filename() == "calls") continue;
        std::stringstream text;
        text << std::ifstream(entry.path()).rdbuf();
        found[std::filesystem::relative(entry.path(), scratch_.path())] = text.str();
      }
    }
    return found;
  }

  Ended start(Point point) {
    return in_child(point, [&](FileSystem& fs) {
      auto journal = Journal::create(fs, journal_path(), clock_);
      if (!journal) return 99;
      const Value run = Value::object({{"run", "the-run"}, {"started", kStarted}});
      return (*journal)->append(record::kRun, run) ? execute(**journal, nullptr) : 96;
    });
  }
  Ended resume(Point point = {}) {
    return in_child(point, [&](FileSystem& fs) {
      auto journal = Journal::open(fs, journal_path(), clock_);
      if (!journal) return 98;
      const auto history = History::of(**journal);
      if (!history || !(*journal)->append(record::kResume, Value::object())) return 97;
      return execute(**journal, &*history);
    });
  }
  Ended roll_back(Point point = {}) {
    return in_child(point, [&](FileSystem& fs) {
      auto journal = Journal::open(fs, journal_path(), clock_);
      if (!journal) return 98;
      const auto history = History::of(**journal);
      if (!history) return 97;
      const auto plan = with_phases(plan_, *history);
      if (!plan) return 95;
      const RunReport report = snapcore::roll_back({.instances = *instances_,
                                                    .plan = *plan,
                                                    .history = *history,
                                                    .run_id = "the-run",
                                                    .journal = **journal,
                                                    .scratch_root = path("run"),
                                                    .audience = audience_,
                                                    .cancelled = cancelled_});
      return static_cast<int>(report.ending);
    });
  }

  // Nothing was ever done under a journal without its first line.
  bool began() const {
    std::ifstream file(journal_path());
    std::string line;
    return static_cast<bool>(std::getline(file, line)) && !file.eof();
  }

  // Says of the call in doubt what the fake's own record says. False when there is none.
  bool resolve_doubt() {
    RealFileSystem fs;
    auto journal = Journal::open(fs, journal_path(), clock_);
    const auto history = History::of(**journal);
    for (const PastCall& call : history->calls()) {
      const auto bell = bells().find(call.operation);
      if (!call.in_doubt() || call.resolved_as_done || bell == bells().end()) continue;
      const bool rang = std::filesystem::exists(path("a/" + bell->second));
      Value body = Value::object({{"call", call.id}, {"decision", rang ? "done" : "not_done"}});
      if (rang) {
        body["result"] = Value::object({{"name", bell->second}, {"number", 1}, {"fresh", true}});
      }
      return (*journal)->append(record::kResolve, body).has_value();
    }
    return false;
  }

  // How many of what must not be done twice were begun, by the fake's own record, which no kill
  // drops, and have no answer in the journal.
  int begun_without_an_answer() const {
    RealFileSystem fs;
    const auto journal = Journal::open(fs, journal_path(), clock_);
    const auto history = History::of(**journal);
    std::ifstream file(path("a/calls"));
    int begun = 0;
    for (std::string line; std::getline(file, line);) {
      const std::string operation = line.substr(0, line.find(' '));
      if (bells().count(operation) == 0) continue;
      const auto& calls = history->calls();
      begun += std::none_of(calls.begin(), calls.end(), [&](const PastCall& call) {
        return call.operation == operation && call.result;
      });
    }
    return begun;
  }

  // What the runbook adds to the way back is made once it stands there.
  bool adds_to_the_way_back() const {
    return journal_text().find("\"state\":\"registered\"") != std::string::npos;
  }

  std::string journal_text() const {
    std::stringstream text;
    text << std::ifstream(journal_path()).rdbuf();
    return text.str();
  }

 private:
  // What must not be done twice, and what it leaves.
  static const State& bells() {
    static const State all = {{"ring", "bell"}, {"toll", "great-bell"}};
    return all;
  }

  std::string path(const std::string& below) const { return scratch_.path() / below; }
  std::filesystem::path journal_path() const { return path("run/journal.jsonl"); }
  void put(const std::string& below, const std::string& text) {
    std::ofstream(path(below)) << text;
  }
  void add(const std::string& name, const std::string& plugin, Value config) {
    site_.instances.push_back({name, plugin, std::move(config)});
  }

  int execute(Journal& journal, const History* history) {
    const auto plan = history ? with_phases(plan_, *history) : Result<Plan>(plan_);
    if (!plan) return 95;
    const auto at_border = [&](const Border& border) -> Result<Admitted> {
      auto phase = plan_phase({.instances = *instances_, .clock = clock_}, border, *runbook_, {});
      if (!phase) return fail(phase.error());
      return Admitted{std::move(*phase), "within its bounds"};
    };
    Executor executor({.instances = *instances_,
                       .clock = clock_,
                       .plan = *plan,
                       .run_id = "the-run",
                       .journal = journal,
                       .scratch_root = path("run"),
                       .audience = audience_,
                       .cancelled = cancelled_,
                       .started = kStarted,
                       .history = history,
                       .at_border = at_border});
    const RunReport report = executor.finish(runbook_->run(executor, {}));
    if (report.error && report.error->code != "run.in_doubt")
      std::cerr << report.error->code << ": " << report.error->message << '\n';
    return static_cast<int>(report.ending);
  }

  template <class Work>
  Ended in_child(Point point, Work work) {
    const pid_t child = ::fork();
    if (child == 0) {
      if (point.moment > 0) ::setenv("LEDGER_KILL_AT", std::to_string(point.moment).c_str(), 1);
      KillingFileSystem fs(point.sync, point.when);
      ::_exit(work(fs));
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return {WIFSIGNALED(status), WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status)};
  }

  fakes::Scratch scratch_;
  Site site_;
  FakeClock clock_{*parse_time("2026-01-02T03:04:05Z")};
  std::unique_ptr<Instances> instances_;
  Result<Runbook> runbook_ = fail({.code = "test.none", .message = "no runbook yet"});
  Plan plan_;
  Audience audience_;
  std::atomic<bool> cancelled_ = false;
};

struct Tally {
  int points = 0;
  int never_began = 0;
  int resolves = 0;
};

struct KillMatrixTest : testing::Test {
  static void SetUpTestSuite() { initial(); }  // looked at before anything runs
  static Matrix& matrix() {
    static Matrix one;
    return one;
  }
  static const State& undisturbed() {
    static const State state = [] {
      matrix().reset();
      const Ended ended = matrix().start({});
      if (ended.killed || ended.exit != 0) throw std::runtime_error("the undisturbed run failed");
      return matrix().state();
    }();
    return state;
  }
  static const State& initial() {
    static const State state = [] {
      matrix().reset();
      return matrix().state();
    }();
    return state;
  }

  // As before the run, and what its on_rollback did.
  static State taken_back() {
    State state = initial();
    if (matrix().adds_to_the_way_back()) state["a/told"] = "told";
    return state;
  }

  // Calls `check` behind every kill: at each sync, on both sides of it, and at each moment inside
  // of a call.
  template <class Check>
  static Tally at_every_point(Check check) {
    Tally tally;
    for (const Kill when : {Kill::kAfterTheSync, Kill::kBeforeTheSync}) {
      for (int sync = 1; at({.sync = sync, .when = when}, check, tally); ++sync) continue;
    }
    for (int moment = 1; at({.moment = moment}, check, tally); ++moment) continue;
    return tally;
  }

  template <class Check>
  static bool at(Point point, Check check, Tally& tally) {
    matrix().reset();
    const Ended ended = matrix().start(point);
    if (!ended.killed) return false;
    EXPECT_EQ(ended.exit, -SIGKILL) << point.words();
    ++tally.points;
    SCOPED_TRACE("killed " + point.words());
    if (!matrix().began()) {
      ++tally.never_began;
      EXPECT_EQ(matrix().state(), initial());
      return !HasFailure();
    }
    check(tally);
    if (HasFailure()) std::cerr << matrix().journal_text();
    return !HasFailure();
  }

  // Goes on until the run is done; a person answers what is in doubt.
  static void finish(Tally& tally) {
    for (int attempt = 0; attempt < 3; ++attempt) {
      const Ended ended = matrix().resume();
      // 1: with a warning of what the way back had made before the run went forward again.
      const bool done = ended.exit == 0 || (ended.exit == 1 && matrix().adds_to_the_way_back());
      if (!ended.killed && done) return;
      ASSERT_EQ(ended.exit, 7);
      ASSERT_TRUE(matrix().resolve_doubt());
      ++tally.resolves;
    }
    ADD_FAILURE() << "it never ended";
  }

  static void print(const char* what, const Tally& tally) {
    std::cout << "kill matrix, " << what << ": " << tally.points << " points, " << tally.never_began
              << " before the run began, " << tally.resolves << " settled by a person, all equal\n";
  }
};

TEST_F(KillMatrixTest, AResumedRunEndsAsTheUndisturbedOne) {
  const State wanted = undisturbed();
  int begun_and_killed = 0;
  const Tally tally = at_every_point([&](Tally& count) {
    const int begun = matrix().begun_without_an_answer();
    begun_and_killed += begun;
    const int before = count.resolves;
    finish(count);
    EXPECT_GE(count.resolves - before, begun) << "it was begun, and nobody was asked";
    EXPECT_EQ(matrix().state(), wanted);
  });
  print("resume", tally);
  EXPECT_GT(tally.points, 90);
  EXPECT_GT(begun_and_killed, 3);
}

TEST_F(KillMatrixTest, ARunTakenBackLeavesWhatWasThereBefore) {
  const Tally tally = at_every_point([](Tally&) {
    const Ended ended = matrix().roll_back();
    EXPECT_TRUE(ended.exit == 5 || ended.exit == 2) << ended.exit;
    EXPECT_EQ(matrix().state(), taken_back());
  });
  print("rollback", tally);
  EXPECT_GT(tally.points, 90);
}

TEST_F(KillMatrixTest, AResumeThatIsKilledIsResumed) {
  const State wanted = undisturbed();
  for (const int first : {4, 12, 20, 30}) {
    for (int sync = 1;; ++sync) {
      matrix().reset();
      ASSERT_TRUE(matrix().start({.sync = first}).killed);
      const Ended ended = matrix().resume({.sync = sync});
      Tally count;
      finish(count);
      ASSERT_EQ(matrix().state(), wanted)
          << "killed after sync " << first << ", then after sync " << sync << "\n"
          << matrix().journal_text();
      if (!ended.killed) break;
    }
  }
}

TEST_F(KillMatrixTest, ARollbackThatIsKilledIsGoneOnWith) {
  const auto take_back = [](Point point) {
    matrix().reset();
    EXPECT_EQ(matrix().start({}).exit, 0);
    const bool killed = matrix().roll_back(point).killed;
    const Ended ended = matrix().roll_back();
    EXPECT_TRUE(ended.exit == 5 || ended.exit == 2) << ended.exit;
    EXPECT_EQ(matrix().state(), taken_back()) << point.words() << "\n" << matrix().journal_text();
    return killed && !HasFailure();
  };
  int points = 0;
  for (const Kill when : {Kill::kAfterTheSync, Kill::kBeforeTheSync}) {
    for (int sync = 1; take_back({.sync = sync, .when = when}); ++sync) ++points;
  }
  for (int moment = 1; take_back({.moment = moment}); ++moment) ++points;
  EXPECT_GT(points, 30);
}

// Whoever gives `resume` behind a killed rollback wants the run done, and gets it: what was half
// taken back is brought to the end of that, and made again.
TEST_F(KillMatrixTest, ARollbackThatIsKilledCanBeResumedInstead) {
  const State wanted = undisturbed();
  const auto take_back = [&](Point point) {
    matrix().reset();
    EXPECT_EQ(matrix().start({}).exit, 0);
    const bool killed = matrix().roll_back(point).killed;
    if (!killed) return false;
    Tally count;
    finish(count);
    State state = matrix().state();
    if (matrix().adds_to_the_way_back()) state.erase("a/told");
    EXPECT_EQ(state, wanted) << point.words() << "\n" << matrix().journal_text();
    return !HasFailure();
  };
  int points = 0;
  for (const Kill when : {Kill::kAfterTheSync, Kill::kBeforeTheSync}) {
    for (int sync = 1; take_back({.sync = sync, .when = when}); ++sync) ++points;
  }
  for (int moment = 1; take_back({.moment = moment}); ++moment) ++points;
  EXPECT_GT(points, 30);
}

}  // namespace
}  // namespace snapcore::test
