// Plans and reports made by hand, as the engine would make them for a small key-value store.
#pragma once

#include <string>

#include "engine/executor.hpp"
#include "engine/plan.hpp"

namespace snapcore {

inline std::string digest_of(char digit) { return std::string(64, digit); }

inline PlannedCall example_call(std::string id, std::string operation, Effect effect) {
  PlannedCall call;
  call.id = std::move(id);
  call.step = "Restore kv_prod";
  call.line = {"kv-restore.lua", 9};
  call.instance = "kv_prod";
  call.operation = std::move(operation);
  call.effect = effect;
  call.args = Value::object();
  if (call.is_act()) call.undo = {UndoRule::Kind::kCompensate, ""};
  return call;
}

inline PlannedCall example_stage() {
  PlannedCall call = example_call("root#1.stage", "stage", Effect::kChange);
  call.effects = {
      "write the data directories of 3 members beside the live ones, in /var/lib/kv/*.new"};
  call.undo_words = {"remove what was staged"};
  call.bytes = 24'600'000;
  call.space = {{"/var/lib/kv", 73'800'000, 12'000'000'000}};
  return call;
}

inline PlannedCall example_activate() {
  PlannedCall call = example_call("root#1.activate", "activate", Effect::kChange);
  call.effects = {"stop 3 members", "rename /var/lib/kv/data to its name for keeping, on 3 members",
                  "rename the staged directories to /var/lib/kv/data",
                  "start 3 members and wait until a majority of them answers"};
  call.keeps = {"/var/lib/kv/data stays as /var/lib/kv/data.backup-<time>"};
  call.undo_words = {"stop 3 members, put the kept directories back, start 3 members"};
  return call;
}

inline PlannedCall example_health() {
  PlannedCall call = example_call("root#1.health", "health", Effect::kVerify);
  call.effects = {
      "wait at most 60s until all members answer with one identity, one revision and one hash"};
  return call;
}

inline PlannedRestore example_restore() {
  PlannedRestore restore;
  restore.id = "root#1";
  restore.target = "kv_prod";
  restore.artifact = Value::object({{"source", "backups"},
                                    {"ref", "kv-2026-03-01.snap"},
                                    {"name", "kv-2026-03-01.snap"},
                                    {"kind", "kv-snapshot"},
                                    {"size", 24'600'000},
                                    {"sha256", digest_of('3')},
                                    {"created", "2026-03-01T03:00:00Z"}});
  restore.digest_from = "recorded beside it, and checked";
  restore.age_seconds = 3906;
  restore.examined = true;
  restore.examination =
      Value::object({{"kind", "kv-snapshot"},
                     {"version", "3.5.9"},
                     {"identity", "peers 10.0.0.11, 10.0.0.12, 10.0.0.13"},
                     {"contents", Value::object({{"keys", "10,000"}, {"revision", "10,042"}})}});
  restore.healthy_before = true;
  restore.readable_before = true;
  restore.keeps = "aside";
  restore.evidence = {"3 of 3 members answer, at revision 11,042"};
  return restore;
}

inline Plan example_plan() {
  Plan plan;
  plan.id = "6f1d2c3b-0000-4000-8000-000000000000";
  plan.summary = "Restore a store from its newest good snapshot";
  plan.params = Value::object({{"before", nullptr}, {"target", "kv_prod"}});
  plan.made = *parse_time("2026-03-01T04:05:06Z");
  plan.restores = {example_restore()};
  PlannedCall look = example_call("root#2", "expect_keys", Effect::kVerify);
  look.step = "Look inside";
  look.line = {"kv-restore.lua", 13};
  look.args = Value::object({{"at_least", 4}, {"prefix", "/registry/"}});
  look.effects = {"expect at least 4 keys under /registry/"};
  plan.phases = {{"", {example_stage(), example_activate(), example_health(), look}}};
  plan.code = {{"kv-restore.lua", "runbooks/kv-restore.lua", digest_of('a'), ""},
               {"lib/store", "runbooks/lib/store.lua", digest_of('b'), ""}};
  plan.site_path = "/etc/snapcore/site.lua";
  plan.site_digest = digest_of('c');
  plan.plugins = {{"files", "1.0.0", "/usr/lib/snapcore/plugins/files.so", digest_of('d')},
                  {"kv", "1.2.0", "/usr/lib/snapcore/plugins/kv.so", digest_of('e')}};
  return plan;
}

inline Plan plan_of_a_dead_target() {
  Plan plan = example_plan();
  PlannedRestore& restore = plan.restores.front();
  restore.healthy_before = false;
  restore.readable_before = false;
  restore.examined = false;
  restore.examination = Value();
  restore.artifact.erase("sha256");
  restore.artifact["version_id"] = "v42";
  restore.digest_from = "version id v42";
  restore.age_seconds = std::nullopt;
  restore.artifact.erase("created");
  restore.evidence = {"kv-1: /var/lib/kv/data does not exist",
                      "kv-2: connection refused by 10.0.0.12:2379",
                      "kv-3: connection refused by 10.0.0.13:2379"};
  plan.concerns = {{Concern::State::kAsk, "identity", "kv_prod",
                    "identity not recorded: the artifact does not say whose it is; peers are "
                    "configured as 10.0.0.11, "
                    "10.0.0.12, 10.0.0.13",
                    ""}};
  return plan;
}

inline Plan plan_with_waivers() {
  Plan plan = example_plan();
  plan.restores.front().age_seconds = 300'000;
  plan.concerns = {
      {Concern::State::kWaived, "age", "kv_prod",
       "kv-2026-03-01.snap is 3 d 11 h old, and the site allows at most 1 d 2 h",
       "the only one that is left"},
      {Concern::State::kRefused, "healthy", "kv_prod",
       "kv_prod is healthy now; what was written to it after the backup is lost by this restore",
       ""},
      {Concern::State::kWarned, "version", "kv_prod",
       "the snapshot was made by a newer minor version", ""}};
  return plan;
}

inline Plan plan_with_no_way_back() {
  Plan plan = example_plan();
  PlannedCall wipe = example_call("root#3", "wipe", Effect::kDestroy);
  wipe.step = "Clean up";
  wipe.line = {"kv-restore.lua", 20};
  wipe.instance = "old_disk";
  wipe.effects = {"overwrite /dev/disk/by-id/old"};
  wipe.condition = later_value("root#1.activate", "changed", "boolean");
  wipe.undo = {UndoRule::Kind::kNone, "what is overwritten cannot be read again"};
  PlannedCall announce = example_call("root#4", "announce", Effect::kChange);
  announce.step = "Clean up";
  announce.line = {"kv-restore.lua", 21};
  announce.args = Value::object({{"to", "everybody"}});
  announce.undo = {UndoRule::Kind::kNone, "a mail cannot be called back"};
  announce.nested = {{"send", "mail", "send_message", Value::object()}};
  plan.phases.push_back({"Afterwards", {wipe, announce}});
  plan.accepted_losses = {"old_disk"};
  plan.phases.front().calls.front().space = {{"/var/lib/kv", 73'800'000, 80'000'000}};
  return plan;
}

// A restore in an attempt, with an older backup as the other way; a retry; a wait; more way back.
inline Plan plan_with_parts() {
  Plan plan = example_plan();
  const auto put = [&](std::string id, std::string operation, Effect effect, std::string words) {
    PlannedCall call = example_call(std::move(id), std::move(operation), effect);
    call.effects = {std::move(words)};
    if (call.is_act()) call.undo_words = {"as it was before"};
    plan.phases.front().calls.push_back(std::move(call));
  };
  const auto open = [&](std::string id, PartKind kind, Value rule) {
    plan.parts.push_back({.id = std::move(id),
                          .kind = kind,
                          .rule = std::move(rule),
                          .step = "Restore kv_prod",
                          .line = {"kv-restore.lua", 9},
                          .calls_before = plan.calls().size()});
  };
  plan.phases.front().calls.clear();
  plan.restores.clear();
  open("root/on_rollback[1]", PartKind::kOnRollback, Value::object());
  plan.parts.back().notes = {"tell those on duty"};
  put("root/on_rollback[1]#1", "open_gate", Effect::kChange, "open the gate");
  put("root#1", "close_gate", Effect::kChange, "close the gate");
  open("root/attempt[1]", PartKind::kAttempt,
       Value::object({{"codes", *Value::parse(R"(["kv.corrupt", "kv.too_new"])")}}));
  open("root/attempt[1]/body/retry[1]", PartKind::kRetry,
       Value::object({{"times", 3}, {"wait", "5s"}}));
  put("root/attempt[1]/body/retry[1]#1", "load", Effect::kChange, "load the newest");
  plan.phases.front().calls.back().space = {{"/var/lib/kv", 100, 1000}};
  put("root/attempt[1]/on[kv.corrupt]#1", "load", Effect::kChange, "load the one before it");
  plan.phases.front().calls.back().space = {{"/var/lib/kv", 300, 1000}};
  put("root/attempt[1]/on[kv.too_new]#1", "upgrade", Effect::kChange, "upgrade the program");
  open("root/wait_until[1]", PartKind::kWaitUntil,
       Value::object({{"timeout", "5m"}, {"every", "2s"}}));
  return plan;
}

// Between two acts a phase that nobody can plan yet.
inline Plan plan_with_an_outline() {
  Plan plan = example_plan();
  plan.phases.push_back({"Fill the new store", {}});
  plan.parts.push_back(
      {.id = "root/phase[1]",
       .kind = PartKind::kPhase,
       .rule = Value::object(
           {{"name", "Fill the new store"},
            {"within",
             *Value::parse(
                 R"({"acts": 3, "destroys": 1, "instances": ["kv_prod"], "operations": ["load"], "bytes": 5000000})")}}),
       .outline = "`members` of act 1 is known only after execution",
       .line = {"kv-restore.lua", 30},
       .calls_before = plan.calls().size()});
  PlannedCall last = example_call("root#9", "open_gate", Effect::kChange);
  last.effects = {"open the gate"};
  last.undo_words = {"close it"};
  plan.phases.push_back({"", {std::move(last)}});
  return plan;
}

inline Plan plan_of_checks() {
  Plan plan = example_plan();
  plan.summary = "Look inside";
  plan.restores.clear();
  plan.phases = {{"", {plan.phases.front().calls.back()}}};
  plan.notes = {"the store is healthy, left alone"};
  return plan;
}

inline RunReport example_report() {
  RunReport report;
  report.done = {{"Restore kv_prod",
                  "kv_prod",
                  "stage",
                  {"wrote the data directories of 3 members"},
                  3.24,
                  24'600'000},
                 {"Restore kv_prod", "kv_prod", "check", {"3 directories are complete"}, 0.3, 0},
                 {"Restore kv_prod",
                  "kv_prod",
                  "activate",
                  {"swapped 3 directories; 8 s without service"},
                  8.1,
                  0},
                 {"Restore kv_prod",
                  "kv_prod",
                  "health",
                  {"3 members, one cluster, hash 0x3f2a9c81 everywhere"},
                  1.5,
                  0},
                 {"Look inside", "kv_prod", "expect_keys", {"17 keys under /registry/"}, 0.04, 0}};
  for (RunReport::Done& done : report.done)
    done.act = done.operation == "stage" || done.operation == "activate";
  Standing standing;
  standing.call = "root#1.activate";
  standing.instance = "kv_prod";
  standing.operation = "activate";
  standing.words = {"/var/lib/kv/data.backup-20260301T040520Z holds what was live before"};
  standing.shell = {"systemctl stop kv", "mv -T /var/lib/kv/data '/var/lib/kv/data.failed'",
                    "mv -T /var/lib/kv/data.backup-20260301T040520Z /var/lib/kv/data",
                    "systemctl start kv"};
  standing.kept =
      Value::object({{"directories", Value::array({"/var/lib/kv/data.backup-20260301T040520Z"})}});
  report.standing = {standing};
  report.way_back = {{.call = standing.call,
                      .name = "kv_prod.activate",
                      .words = {"put the kept directories back"},
                      .shell = standing.shell},
                     {.call = "root#1.stage",
                      .name = "kv_prod.stage",
                      .words = {"remove what was staged; nothing live rests on it"}}};
  return report;
}

inline RunReport report_of_a_run_undone() {
  RunReport report = example_report();
  report.ending = Ending::kUndone;
  report.done.resize(3);
  report.standing.clear();
  report.way_back.clear();
  report.error =
      Error{.code = "kv.not_healthy",
            .message = "kv-restore.lua:9: kv_prod is not healthy after 60 s: kv-3 does not answer",
            .hint = "look at the log of kv-3",
            .category = Category::kTransient,
            .cause = std::make_shared<Error>(
                Error{.code = "http.refused", .message = "connection refused by 10.0.0.13:2379"})};
  report.undone = {"stopped 3 members, put the kept directories back, started 3 members",
                   "removed what was staged"};
  return report;
}

inline RunReport report_of_a_run_held() {
  RunReport report = report_of_a_run_undone();
  report.ending = Ending::kNeedsPerson;
  report.undone.clear();
  report.standing = example_report().standing;
  report.way_back = example_report().way_back;
  return report;
}

}  // namespace snapcore
