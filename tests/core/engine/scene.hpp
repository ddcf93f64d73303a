// A site of two ledgers and a place for notes, and a way to plan and execute what a test writes as
// a function instead of a runbook.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <vector>

#include "base/real_file_system.hpp"
#include "engine/border_gate.hpp"
#include "engine/executor.hpp"
#include "engine/planner.hpp"
#include "engine/rollback.hpp"
#include "journal/journal.hpp"
#include "plugin_files.hpp"

namespace snapcore {

using Script = std::function<Result<>(Gate& gate)>;

class Scene {
 public:
  Scene() {
    use_scan_child();
    std::string pattern = (std::filesystem::temp_directory_path() / "scene-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
    for (const char* name : {"a", "b", "store", "live"})
      std::filesystem::create_directory(root_ / name);
    site_.path = root_ / "site.lua";
    site_.digest = "a-site";
    add("a", "ledger", Value::object({{"path", path("a")}, {"other", "b"}}));
    add("b", "ledger", Value::object({{"path", path("b")}}));
    add("store", "plain_c", Value::object({{"path", path("store")}}));
    add("note", "plain_c", Value::object({{"path", path("live")}, {"file", "note"}}));
  }
  ~Scene() { std::filesystem::remove_all(root_); }

  Site& site() { return site_; }
  std::string path(const std::string& below) const { return (root_ / below).string(); }

  void put(const std::string& below, const std::string& text) {
    std::ofstream(root_ / below) << text;
  }
  std::string get(const std::string& below) const {
    std::ifstream file(root_ / below);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  // The names in a directory, sorted.
  std::vector<std::string> names(const std::string& below) const {
    std::vector<std::string> list;
    for (const auto& entry : std::filesystem::directory_iterator(root_ / below)) {
      list.push_back(entry.path().filename());
    }
    std::sort(list.begin(), list.end());
    return list;
  }

  static std::string note(const std::string& identity, const std::string& text) {
    return "NOTE " + identity + "\n" + text + "\nEND\n";
  }

  // Plans once; the script's own error, else what the promises say.
  Result<Plan> plan(const Script& script, std::vector<Waiver> waivers = {},
                    std::vector<std::string> losses = {}) {
    instances_ = std::make_unique<Instances>(
        site_, std::vector<std::filesystem::path>{build_folder() / "test_plugins"});
    PlanRequest request{.instances = *instances_, .clock = clock_};
    request.waivers = std::move(waivers);
    request.accept_loss = std::move(losses);
    request.person = person_;
    request.answers = answers_;
    request.like = like_;
    request.past = past_;
    Planner planner(std::move(request));
    if (auto declared = planner.declare("a test", Value::object()); !declared)
      return fail(declared.error());
    if (auto ended = script(planner); !ended) return fail(ended.error());
    learned_ = planner.learned();
    Plan plan = planner.take();
    if (auto kept = check_promises(plan); !kept) return fail(kept.error());
    return plan;
  }

  // With somebody at the terminal, or answers given beforehand.
  Result<Plan> plan_with(const Script& script, Person* person,
                         std::map<std::string, std::string> answers = {}) {
    person_ = person;
    answers_ = std::move(answers);
    auto planned = plan(script);
    person_ = nullptr;
    answers_.clear();
    return planned;
  }

  // The plan of the last run made again, with what it did.
  Result<Plan> replan(const Plan& before, const Script& script, std::vector<Waiver> waivers = {}) {
    open_journal();
    const History past = *History::of(*journal_);
    like_ = &before;
    past_ = &past;
    auto planned = plan(script, std::move(waivers));
    if (planned) {
      if (auto holds = check_holds_what_was_done(*planned, past); !holds)
        planned = fail(holds.error());
    }
    like_ = nullptr;
    past_ = nullptr;
    return planned;
  }

  RunReport execute(const Plan& plan, const Script& script,
                    OnFailure on_failure = OnFailure::kRollback) {
    auto journal = Journal::create(files_, root_ / ("journal-" + std::to_string(++runs_)), clock_);
    if (!journal) throw std::runtime_error(journal.error().message);
    journal_ = std::move(*journal);
    ExecuteRequest wanted = request(plan, on_failure);
    wanted.at_border = border_of(script);
    Executor executor(std::move(wanted));
    auto declared = executor.declare("a test", Value::object());
    return executor.finish(declared ? script(executor) : declared);
  }

  // Asked before every act of what is executed from now on.
  void ask_before_acts(std::function<Result<>(const PlannedCall&)> may_act) {
    may_act_ = std::move(may_act);
  }

  // Plans, then executes the same.
  RunReport run(const Script& script, OnFailure on_failure = OnFailure::kRollback,
                std::vector<Waiver> waivers = {}) {
    auto planned = plan(script, std::move(waivers));
    if (!planned) throw std::runtime_error(planned.error().message);
    return execute(*planned, script, on_failure);
  }

  // As if the process had been killed after so many records of the last run.
  void cut_journal(std::size_t records) {
    const auto path = root_ / ("journal-" + std::to_string(runs_));
    std::ifstream whole(path);
    std::string text, line;
    for (std::size_t i = 0; i <= records && std::getline(whole, line); ++i) text += line + "\n";
    journal_.reset();
    std::ofstream(path) << text;
    open_journal();
  }
  // What another process would do with the run.
  RunReport resume(const Plan& plan, const Script& script,
                   OnFailure on_failure = OnFailure::kRollback) {
    open_journal();
    cancelled_ = false;
    while_asleep({});
    const History history = *History::of(*journal_);
    if (!journal_->append(record::kResume, Value::object())) throw std::runtime_error("no resume");
    const Plan grown = *with_phases(plan, history);
    ExecuteRequest wanted = request(grown, on_failure);
    wanted.history = &history;
    wanted.at_border = border_of(script);
    Executor executor(std::move(wanted));
    auto declared = executor.declare("a test", Value::object());
    return executor.finish(declared ? script(executor) : declared);
  }
  // What is said of a phase once it is planned at its border; nothing: it may be done.
  void judge_phases(std::function<Result<>(const Plan& phase)> judge) { judge_ = std::move(judge); }

  RunReport roll_back(const Plan& plan) { return with_past(plan, snapcore::roll_back); }
  RunReport accept(const Plan& plan) { return with_past(plan, snapcore::accept); }
  void append(std::string_view type, Value body) {
    open_journal();
    if (auto written = journal_->append(type, std::move(body)); !written)
      throw std::runtime_error(written.error().message);
  }

  std::vector<std::string> record_types() const {
    std::vector<std::string> types;
    const auto records = journal_->records();
    for (const Record& record : *records) types.push_back(record.type);
    return types;
  }
  std::vector<Record> records() const { return *journal_->records(); }
  std::shared_ptr<Learned> learned() const { return learned_; }
  Instances& instances() { return *instances_; }
  const Clock& clock() const { return clock_; }
  const std::vector<std::chrono::milliseconds>& slept() const { return sleeper_.slept; }
  void cancel() { cancelled_ = true; }
  void while_asleep(std::function<void()> happens) { sleeper_.while_asleep = std::move(happens); }
  void cancel_in_the_next_wait() {
    while_asleep([this] { cancelled_ = true; });
  }

 private:
  RunReport with_past(const Plan& plan, RunReport (*work)(const PastRun&)) {
    open_journal();
    const History history = *History::of(*journal_);
    const Plan grown = *with_phases(plan, history);
    return work({.instances = *instances_,
                 .plan = grown,
                 .history = history,
                 .run_id = run_id(),
                 .journal = *journal_,
                 .scratch_root = root_,
                 .audience = audience_,
                 .cancelled = cancelled_});
  }
  std::string run_id() const { return "run-" + std::to_string(runs_); }
  ExecuteRequest request(const Plan& plan, OnFailure on_failure) {
    return {.instances = *instances_,
            .clock = clock_,
            .plan = plan,
            .run_id = run_id(),
            .journal = *journal_,
            .on_failure = on_failure,
            .scratch_root = root_,
            .audience = audience_,
            .cancelled = cancelled_,
            .sleeper = &sleeper_,
            .may_act = may_act_};
  }
  // Plans a phase as `run` does: twice.
  std::function<Result<Admitted>(const Border&)> border_of(const Script& script) {
    return [this, &script](const Border& border) -> Result<Admitted> {
      std::shared_ptr<Learned> learned;
      std::vector<Plan> phases;
      for (int pass = 0; pass < 2; ++pass) {
        BorderGate gate({.instances = *instances_, .clock = clock_, .cancelled = &cancelled_},
                        border, learned);
        auto declared = gate.declare("a test", Value::object());
        auto phase = gate.take(declared ? script(gate) : declared);
        if (!phase) return fail(phase.error());
        phases.push_back(std::move(*phase));
        learned = gate.learned();
      }
      EXPECT_EQ(phases[0].digest(), phases[1].digest());
      if (auto may = judge_ ? judge_(phases[0]) : Result<>(); !may) return fail(may.error());
      return Admitted{phases[0], "within its bounds"};
    };
  }
  void open_journal() {
    auto journal = Journal::open(files_, root_ / ("journal-" + std::to_string(runs_)), clock_);
    if (!journal) throw std::runtime_error(journal.error().message);
    journal_ = std::move(*journal);
  }
  void add(const std::string& name, const std::string& plugin, Value config) {
    site_.instances.push_back({name, plugin, std::move(config)});
    std::sort(site_.instances.begin(), site_.instances.end(),
              [](const InstanceConfig& x, const InstanceConfig& y) { return x.name < y.name; });
  }

  std::filesystem::path root_;
  Site site_;
  FakeClock clock_{*parse_time("2026-01-02T03:04:05Z")};
  FakeSleeper sleeper_{clock_};
  RealFileSystem files_;
  Person* person_ = nullptr;
  std::map<std::string, std::string> answers_;
  const Plan* like_ = nullptr;
  const History* past_ = nullptr;
  std::unique_ptr<Instances> instances_;
  std::unique_ptr<Journal> journal_;
  std::shared_ptr<Learned> learned_;
  Audience audience_;
  std::atomic<bool> cancelled_ = false;
  std::function<Result<>(const PlannedCall&)> may_act_ = {};
  std::function<Result<>(const Plan&)> judge_ = {};
  int runs_ = 0;
};

// A call that must succeed for the script to go on.
inline Result<Answer> call(Gate& gate, const std::string& instance, const std::string& operation,
                           Value args = Value::object()) {
  return gate.call(instance, operation, std::move(args), {"test.lua", 1});
}

// Several calls in a row, ending at the first that fails.
struct Step {
  std::string instance;
  std::string operation;
  Value args;
};
inline Script in_order(std::vector<Step> steps) {
  return [steps](Gate& gate) -> Result<> {
    for (const Step& step : steps) {
      if (auto answer = call(gate, step.instance, step.operation, step.args); !answer)
        return fail(answer.error());
    }
    return {};
  };
}
inline Step add_entry(const std::string& name, const std::string& instance = "a",
                      const std::string& fails = "") {
  Value args = Value::object({{"name", name}});
  if (!fails.empty()) args["fails"] = fails;
  return {instance, "add", args};
}
inline Step expect_entry(const std::string& name) {
  return {"a", "expect", Value::object({{"name", name}})};
}

// A part as the words of a runbook run it.
using Handlers = std::map<std::string, Script>;
inline Result<> run_part(Gate& gate, PartKind kind, Value rule, const Script& body,
                         const Handlers& handlers = {}) {
  auto next = gate.begin_part({.kind = kind, .rule = std::move(rule), .line = {"test.lua", 2}});
  while (next && next->what != Next::Do::kLeave) {
    const bool handles = next->what == Next::Do::kHandler;
    auto ended = handles ? handlers.at(next->code)(gate) : body(gate);
    BodyEnd end;
    if (!ended) end.failed = BodyFailure{.error = ended.error()};
    if (!ended && ended.error().code == "test.not_yet") end = {.holds = false};
    next = gate.body_ended(end);
  }
  return next ? Result<>() : fail(next.error());
}
inline Script retry(int times, Script body) {
  return [times, body](Gate& gate) {
    return run_part(gate, PartKind::kRetry, Value::object({{"times", times}, {"wait", "5s"}}),
                    body);
  };
}
// As a runbook would use `count` of an instance: it must be known.
inline Result<std::int64_t> count_of(Gate& gate, const std::string& instance) {
  auto answer = call(gate, instance, "count");
  if (!answer) return fail(answer.error());
  if (!answer->known.has("count"))
    return fail({.code = "runbook.unknown_value", .message = "`count` is known only later"});
  return answer->known.at("count").int_or(0);
}
inline Script phase(const std::string& name, const std::string& within, Script body) {
  return [name, within, body](Gate& gate) {
    return run_part(gate, PartKind::kPhase,
                    Value::object({{"name", name},
                                   {"within", within.empty() ? Value() : *Value::parse(within)}}),
                    body);
  };
}
inline Script beside(std::vector<Script> branches, int limit = 16) {
  return [branches, limit](Gate& gate) -> Result<> {
    const int most = std::min(limit, static_cast<int>(branches.size()));
    std::vector<Gate::Body> bodies;
    for (const Script& branch : branches) {
      bodies.emplace_back([&gate, &branch] {
        BodyEnd end;
        if (auto ended = branch(gate); !ended) end.failed = BodyFailure{.error = ended.error()};
        return end;
      });
    }
    return gate.parallel({.kind = PartKind::kParallel,
                          .rule = Value::object({{"limit", most}, {"branches", bodies.size()}}),
                          .line = {"test.lua", 2}},
                         bodies);
  };
}
// A step as the word of a runbook makes it.
inline Script step_of(const std::string& name, Script body) {
  return [name, body](Gate& gate) -> Result<> {
    if (auto begun = gate.begin_step(name, {}); !begun) return begun;
    auto ended = body(gate);
    if (!ended && !gate.step_failed(ended.error())) return ended;
    gate.end_step();
    return {};
  };
}

inline Script one_after_the_other(std::vector<Script> scripts) {
  return [scripts](Gate& gate) -> Result<> {
    for (const Script& script : scripts) {
      if (auto ended = script(gate); !ended) return ended;
    }
    return {};
  };
}

}  // namespace snapcore
