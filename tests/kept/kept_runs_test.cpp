// Runs and plans of every release so far: they are read, audited, and gone on with as the release
// that made them would have. See README.md.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <fstream>
#include <map>
#include <snapcore/support/digest.hpp>
#include <sstream>

#include "../core/cli/captured_output.hpp"
#include "base/real_file_system.hpp"
#include "cli/command.hpp"
#include "cli/plan_file.hpp"
#include "cli/planning.hpp"
#include "cli/text/report_text.hpp"
#include "engine/executor.hpp"
#include "engine/rollback.hpp"
#include "fakes/scratch.hpp"
#include "plugin_files.hpp"
#include "site/run_site.hpp"

namespace snapcore::test {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

constexpr std::string_view kMadeIn = "/tmp/kept";

std::string text_of(const fs::path& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// VERSION/NAME of each, VERSION/plans/NAME of plans.
std::vector<fs::path> kept(const std::string& what) {
  std::vector<fs::path> found;
  const fs::path root = fs::path(std::getenv("SNAPCORE_SOURCE")) / "tests/kept";
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (what == "runs" && entry.path().filename() == "journal.jsonl")
      found.push_back(entry.path().parent_path().parent_path());
    if (what == "plans" && entry.path().extension() == ".plan") found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

History told_by(const fs::path& journal) {
  RealFileSystem files;
  History history;
  auto read = read_journal(files, journal, [&](const Record& record) -> Result<> {
    history.take(record);
    return {};
  });
  if (!read) throw std::runtime_error(read.error().message);
  return history;
}

// A kept run that was brought to a directory of its own: what its plugins had made lies there, and
// its journal tells of it there.
class MovedRun {
 public:
  explicit MovedRun(const fs::path& kept) : plan_(saved(kept / "run/plan.json")) {
    use_scan_child();
    fs::copy(kept / "world", scratch_.path() / "world", fs::copy_options::recursive);
    for (const auto& entry : fs::recursive_directory_iterator(scratch_.path() / "world"))
      if (entry.path().filename() == ".empty") fs::remove(entry.path());
    site_ = *site_from(*Value::parse(moved(text_of(kept / "run/site.json"))));
    instances_ =
        std::make_unique<Instances>(site_, std::vector<fs::path>{build_folder() / "test_plugins"});
    auto old = Journal::open(files_, copy(kept / "run/journal.jsonl"), clock_);
    journal_ = std::move(*Journal::create(files_, scratch_.path() / "journal", clock_));
    const auto records = (*old)->records();
    for (const Record& record : *records) {
      auto told = journal_->append(record.type, *Value::parse(moved(record.body.dump())));
      if (!told) throw std::runtime_error(told.error().message);
    }
  }

  // The exit code and the world, as the kept file has them.
  std::string resumed() {
    auto runbook = runbook_of(plan_.plan);
    return after(RunEnd::Was::kRun, [&](const PastRun& past) {
      Executor executor({.instances = past.instances,
                         .clock = clock_,
                         .plan = past.plan,
                         .run_id = past.run_id,
                         .journal = past.journal,
                         .on_failure = *on_failure_from(past.history.run().at("on_failure").text()),
                         .scratch_root = past.scratch_root,
                         .audience = past.audience,
                         .cancelled = past.cancelled,
                         .history = &past.history,
                         .sleeper = &sleeper_});
      return executor.finish(runbook->run(executor, plan_.params));
    });
  }
  std::string rolled_back() { return after(RunEnd::Was::kRollback, roll_back); }

 private:
  static SavedPlan saved(const fs::path& path) {
    RealFileSystem files;
    auto plan = read_plan_file(files, path);
    if (!plan) throw std::runtime_error(plan.error().message);
    return *plan;
  }
  std::string moved(std::string text) const {
    for (auto at = text.find(kMadeIn); at != std::string::npos; at = text.find(kMadeIn, at + 1))
      text.replace(at, kMadeIn.size(), scratch_.path().string());
    return text;
  }
  fs::path copy(const fs::path& journal) const {
    fs::copy(journal, scratch_.path() / "old");
    return scratch_.path() / "old";
  }

  template <class Work>
  std::string after(RunEnd::Was was, Work work) {
    const History known = *History::of(*journal_);
    if (!journal_->append(record::kResume, Value::object())) return "no journal";
    const RunReport report = work({.instances = *instances_,
                                   .plan = plan_.plan,
                                   .history = known,
                                   .run_id = known.run().at("run").text(),
                                   .journal = *journal_,
                                   .scratch_root = scratch_.path(),
                                   .audience = audience_,
                                   .cancelled = cancelled_});
    if (report.error) problem_ += report.error->message;
    if (report.rollback_error) problem_ += report.rollback_error->message;
    return "exit " + std::to_string(static_cast<int>(exit_of(report, {.was = was}))) + "\n" +
           world();
  }
  std::string world() const {
    std::map<std::string, std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(scratch_.path() / "world")) {
      if (!entry.is_regular_file() || entry.path().filename() == "calls") continue;
      found[fs::relative(entry.path(), scratch_.path() / "world")] =
          sha256_hex(text_of(entry.path()));
    }
    std::string lines;
    for (const auto& [name, digest] : found) lines += digest + "  " + name + "\n";
    return lines;
  }

  fakes::Scratch scratch_;
  RealFileSystem files_;
  FakeClock clock_{*parse_time("2026-01-02T03:04:05Z")};
  FakeSleeper sleeper_{clock_};
  Site site_;
  SavedPlan plan_;
  std::unique_ptr<Instances> instances_;
  std::unique_ptr<Journal> journal_;
  Audience audience_;
  std::atomic<bool> cancelled_ = false;
  std::string problem_;

 public:
  const std::string& problem() const { return problem_; }
};

struct Said {
  int exit;
  std::string text;
};
Said snapcore(std::vector<std::string> arguments, const fs::path& state) {
  arguments.insert(arguments.end(), {"--state", state.string()});
  CapturedOutput captured(output_wish(arguments));
  const FakeClock clock(*parse_time("2026-03-01T04:05:06Z"));
  const std::atomic<bool> cancelled = false;
  const int exit = run_program(arguments, captured.output, clock, cancelled);
  return {exit, captured.out() + captured.err()};
}

TEST(KeptRunsTest, ThereAreSome) {
  EXPECT_GE(kept("runs").size(), 9U);
  EXPECT_GE(kept("plans").size(), 3U);
}

TEST(KeptRunsTest, AreShownAndAudited) {
  for (const fs::path& run : kept("runs")) {
    SCOPED_TRACE(run);
    const fakes::Scratch scratch;
    const std::string id = told_by(run / "run/journal.jsonl").run().at("run").text();
    fs::create_directory(scratch.path() / "runs");
    fs::copy(run / "run", scratch.path() / "runs" / id, fs::copy_options::recursive);
    const Said shown = snapcore({"runs", id}, scratch.path());
    EXPECT_EQ(shown.exit, 0) << shown.text;
    EXPECT_THAT(shown.text, HasSubstr(id));
    const Said audited = snapcore({"audit", id}, scratch.path());
    EXPECT_EQ(audited.exit, 0) << audited.text;
    EXPECT_EQ(text_of(scratch.path() / "runs" / id / "journal.jsonl"),
              text_of(run / "run/journal.jsonl"));
  }
}

TEST(KeptRunsTest, HaveTheDigestOfTheirPlan) {
  for (const fs::path& run : kept("runs")) {
    RealFileSystem files;
    const auto saved = read_plan_file(files, run / "run/plan.json");
    ASSERT_TRUE(saved) << run << saved.error().message;
    EXPECT_EQ(saved->plan.digest(), told_by(run / "run/journal.jsonl").run().at("plan").text())
        << run;
  }
}

TEST(KeptRunsTest, GoOnAsTheReleaseThatMadeThemDid) {
  int tried = 0;
  for (const fs::path& run : kept("runs")) {
    if (!fs::exists(run / "after_resume")) continue;
    MovedRun moved(run);
    EXPECT_EQ(moved.resumed(), text_of(run / "after_resume")) << run << moved.problem();
    ++tried;
  }
  EXPECT_GE(tried, 4);
}

TEST(KeptRunsTest, AreTakenBackAsTheReleaseThatMadeThemDid) {
  int tried = 0;
  for (const fs::path& run : kept("runs")) {
    if (!fs::exists(run / "after_rollback")) continue;
    MovedRun moved(run);
    EXPECT_EQ(moved.rolled_back(), text_of(run / "after_rollback")) << run << moved.problem();
    ++tried;
  }
  EXPECT_GE(tried, 6);
}

TEST(KeptPlansTest, AreReadAndHaveTheDigestTheyWereApprovedBy) {
  for (const fs::path& path : kept("plans")) {
    RealFileSystem files;
    const auto saved = read_plan_file(files, path);
    ASSERT_TRUE(saved) << path << saved.error().message;
    const auto file = Value::parse(text_of(path));
    const Value& plan = file->has("digest") ? *file : file->at("plan");
    EXPECT_EQ(saved->plan.digest(), plan.at("digest").text()) << path;
  }
}

}  // namespace
}  // namespace snapcore::test
