#include "cli/execution.hpp"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "base/real_file_system.hpp"
#include "base/version.hpp"
#include "cli/audiences.hpp"
#include "cli/plan_file.hpp"
#include "cli/planning.hpp"
#include "cli/text/report_text.hpp"
#include "engine/executor.hpp"
#include "journal/runs.hpp"
#include "journal/state_directory.hpp"

namespace snapcore {
namespace {

// Who started this: the account, and behind sudo the person.
std::string operator_name() {
  const passwd* entry = getpwuid(geteuid());
  std::string name = entry ? entry->pw_name : std::to_string(geteuid());
  const char* person = std::getenv("SUDO_USER");
  if (geteuid() == 0 && person && *person && name != person)
    return std::string(person) + " as " + name;
  return name;
}

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

// What the run carries of its site: secrets stand in it as references.
std::string site_json(const Site& site) {
  Value instances = Value::object();
  for (const InstanceConfig& instance : site.instances) {
    instances[instance.name] =
        Value::object({{"plugin", instance.plugin}, {"config", instance.config}});
  }
  return Value::object({{"path", site.path.string()},
                        {"digest", site.digest},
                        {"instances", std::move(instances)},
                        {"values", site.values}})
             .pretty() +
         "\n";
}

RunFiles files_of(const Execution& execution, const Site& site) {
  RunFiles files;
  files.plan =
      plan_json({.plan = execution.plan, .params = execution.params, .waivers = execution.waivers});
  files.site = site_json(site);
  for (const CodeFile& file : execution.plan.code) {
    // A module's name has no extension; its copy is a file people open.
    const std::filesystem::path name = file.name;
    files.code.push_back({name.extension() == ".lua" ? file.name : file.name + ".lua", file.text});
  }
  return files;
}

Value run_body(const Execution& execution, const std::string& run_id) {
  const Plan& plan = execution.plan;
  Value::Array code, plugins;
  for (const CodeFile& file : plan.code) {
    code.push_back(Value::object({{"name", file.name}, {"sha256", file.sha256}}));
  }
  for (const PluginUse& use : plan.plugins) {
    plugins.push_back(Value::object(
        {{"id", use.id}, {"version", use.version}, {"path", use.path}, {"sha256", use.sha256}}));
  }
  return Value::object({{"run", run_id},
                        {"runbook", execution.runbook},
                        {"summary", plan.summary},
                        {"params", plan.params},
                        {"plan", plan.digest()},
                        {"plan_id", plan.id},
                        {"code", std::move(code)},
                        {"plugins", std::move(plugins)},
                        {"site", plan.site_digest},
                        {"operator", operator_name()},
                        {"host", host_name()},
                        {"pid", static_cast<std::int64_t>(getpid())},
                        {"version", snapcore_version()},
                        {"on_failure", to_text(execution.on_failure)}});
}

Value approval_body(const Execution& execution) {
  Value::Array waivers, losses, confirmed;
  for (const Waiver& waiver : execution.waivers) {
    waivers.push_back(Value::object({{"guard", waiver.guard}, {"reason", waiver.reason}}));
  }
  for (const std::string& target : execution.plan.accepted_losses) losses.emplace_back(target);
  for (const std::string& guard : execution.approval.confirmed) confirmed.emplace_back(guard);
  return Value::object({{"who", operator_name()},
                        {"how", execution.approval.how},
                        {"digest", execution.plan.digest()},
                        {"waivers", std::move(waivers)},
                        {"accepted_losses", std::move(losses)},
                        {"confirmed", std::move(confirmed)}});
}

Value report_value(const RunReport& report) {
  Value value = Value::object({{"ending", to_text(report.ending)}});
  Value::Array done, standing, undone, warnings;
  for (const RunReport::Done& call : report.done) {
    Value::Array words;
    for (const std::string& text : call.words) words.emplace_back(text);
    done.push_back(Value::object({{"step", call.step},
                                  {"instance", call.instance},
                                  {"operation", call.operation},
                                  {"words", std::move(words)},
                                  {"seconds", call.seconds},
                                  {"bytes", call.bytes}}));
  }
  for (const Standing& act : report.standing) {
    Value::Array words, shell;
    for (const std::string& text : act.words) words.emplace_back(text);
    for (const std::string& text : act.shell) shell.emplace_back(text);
    standing.push_back(Value::object({{"call", act.call},
                                      {"instance", act.instance},
                                      {"operation", act.operation},
                                      {"words", std::move(words)},
                                      {"shell", std::move(shell)},
                                      {"kept", act.kept}}));
  }
  for (const std::string& text : report.undone) undone.emplace_back(text);
  for (const std::string& text : report.warnings) warnings.emplace_back(text);
  value["done"] = std::move(done);
  value["standing"] = std::move(standing);
  value["undone"] = std::move(undone);
  value["warnings"] = std::move(warnings);
  if (report.rollback_error) value["rollback_error"] = to_value(*report.rollback_error);
  return value;
}

Result<> begin_journal(Journal& journal, const Execution& execution, const std::string& run_id,
                       Secrets& secrets) {
  auto began = journal.append(record::kRun, secrets.mask(run_body(execution, run_id)));
  if (!began) return fail(began.error());
  auto approved = journal.append(record::kApproval, secrets.mask(approval_body(execution)));
  if (!approved) return fail(approved.error());
  return {};
}

void tell(Output& output, const Execution& execution, const RunReport& report, const RunEnd& end) {
  if (!output.json()) {
    output.say("\n");
    output.print(report_text(execution.plan, report, end, output.out_style()));
    return;
  }
  if (report.error) output.event("error", to_value(*report.error));
  output.add_to_result("run", end.run_id);
  output.add_to_result("journal", end.journal.string());
  output.add_to_result("head", Value::object({{"seq", end.head.seq}, {"hash", end.head.hash}}));
  const Value value = report_value(report);
  for (const auto& [key, member] : value.members()) output.add_to_result(key, member);
}

}  // namespace

Result<ExitCode> execute(Invocation& invocation, OpenSite& site, const Execution& execution) {
  RealFileSystem fs;
  const auto state =
      find_state_directory(invocation.globals.state, StateEnvironment::of_this_process());
  if (!state) return fail(state.error());
  Runs runs(fs, invocation.clock, *state);
  const auto run_id = runs.new_id();
  if (!run_id) return fail(run_id.error());
  const auto lock = runs.lock(*run_id);
  if (!lock) return fail(lock.error());
  if (execution.saved) {
    if (auto used = runs.use_plan(execution.plan.id, *run_id); !used) return fail(used.error());
  }
  auto started = runs.start(*run_id, files_of(execution, site.site));
  if (!started) return fail(started.error());
  const auto scratch = started->directory / "scratch";
  if (auto made = make_directories(fs, scratch); !made) return fail(made.error());
  Journal& journal = *started->journal;
  if (auto begun = begin_journal(journal, execution, *run_id, site.instances.secrets()); !begun)
    return fail(begun.error());
  auto runbook = runbook_of(execution.plan);
  if (!runbook) return fail(runbook.error());

  const Stopwatch now = steady_stopwatch();
  const double began = now();
  const auto audience = make_audience(invocation.output);
  Executor executor({.instances = site.instances,
                     .clock = invocation.clock,
                     .plan = execution.plan,
                     .run_id = *run_id,
                     .journal = journal,
                     .on_failure = execution.on_failure,
                     .scratch_root = scratch,
                     .audience = *audience,
                     .cancelled = invocation.cancelled});
  const RunReport report = executor.finish(runbook->run(executor, execution.params));
  invocation.output.clear_live();
  tell(invocation.output, execution, report,
       {.run_id = *run_id,
        .journal = started->directory / "journal.jsonl",
        .head = journal.head(),
        .seconds = now() - began,
        .again = execution.again});
  return static_cast<ExitCode>(report.ending);
}

}  // namespace snapcore
