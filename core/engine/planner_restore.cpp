// The restore sequence while planning: which bytes, what the target is now, what the guards say of
// both, then each verb.
#include <algorithm>

#include "engine/planner_state.hpp"

namespace snapcore {

Result<Answer> Planner::State::restore(Instance& target, const Value& args, const Line& line) {
  PlannedRestore restore;
  restore.id = scopes.next_call();
  restore.target = target.name();
  if (inside(PartKind::kOnRollback)) {
    return fail({.code = "runbook.restore_in_on_rollback",
                 .message = target.name() +
                            " is restored inside of on_rollback, which holds single operations",
                 .hint = "the way back of a restore is the core's own"});
  }
  if (changed.count(target.name()) > 0) {
    return fail(
        {.code = "plan.target_changed_before",
         .message = target.name() +
                    " is changed earlier in this plan, so what it will be then cannot be known now",
         .hint = "restore it first, or in a runbook of its own"});
  }
  if (is_later(args.at("from"))) {
    return fail({.code = "plan.artifact_unknown",
                 .message = "what " + target.name() +
                            " is to be restored from is known only after execution"});
  }
  if (auto known = know_artifact(restore, args.at("from")); !known) return fail(known.error());
  const auto replaces = inspect(restore, target);
  if (!replaces) return fail(replaces.error());
  const auto identity = examine(restore, target);
  if (!identity) return fail(identity.error());

  if (!restored_before(restore.id)) guards.check_age(restore);
  guards.check_healthy(restore);
  guards.check_identity(restore.target, *identity, restore.target_identity, restore.evidence);
  if (auto planned = plan_verbs(restore, target, *replaces, args, line); !planned)
    return fail(planned.error());

  Answer answer{.known = Value::object({{"ref", restore.artifact.at("ref")},
                                        {"sha256", restore.artifact.at("sha256")},
                                        {"size", restore.artifact.at("size")}}),
                .schema = core_result_schema(CoreOperation::kRestore),
                .call = restore.id,
                .complete = false};
  schemas[restore.id] = answer.schema;
  plan.restores.push_back(std::move(restore));
  return answer;
}

Result<> Planner::State::know_artifact(PlannedRestore& restore, const Value& wanted) {
  if (!wanted.at("source").is_string() || !wanted.at("ref").is_string()) {
    return fail({.code = "runbook.bad_argument",
                 .message = "from is not an artifact",
                 .hint = "pass what a source's latest, stat or list gave"});
  }
  const std::string source = wanted.at("source").text();
  const std::string ref = wanted.at("ref").text();
  const Value args = Value::object({{"ref", ref}});
  auto artifact = learn(learned->reads, restore.id + ".stat", source, "stat", args, [&] {
    const PlannedRestore* before = restored_before(restore.id);
    return before ? before->artifact : ask_source(CoreOperation::kStat, source, args);
  });
  if (!artifact) return fail(artifact.error());
  restore.artifact = std::move(*artifact);
  const auto known = Artifact::from(restore.artifact);
  if (!known) return fail(known.error());
  if (known->problem) return fail(*known->problem);
  if (const auto time = known->chosen_time()) restore.age_seconds = (plan.made - *time).count();
  return know_digest(restore);
}

Result<> Planner::State::know_digest(PlannedRestore& restore) {
  if (const PlannedRestore* before = restored_before(restore.id)) {
    restore.digest_from = before->digest_from;
    return {};
  }
  Value& artifact = restore.artifact;
  const Value recorded = artifact.at("sha256");
  const bool local = artifact.at("local").bool_or(false);
  if (recorded.is_string() && !local) {
    restore.digest_from = "recorded beside it";
    return {};
  }
  const auto hash = learn(learned->reads, restore.id + ".hash", artifact.at("source").text(),
                          "hash", identity_of_bytes(artifact), [&]() -> Result<Value> {
                            auto digest = reads().hash(artifact);
                            if (!digest) return fail(digest.error());
                            return Value(*digest);
                          });
  if (!hash) return fail(hash.error());
  restore.digest_from =
      recorded.is_string() ? "recorded beside it, and checked" : "computed while planning";
  if (recorded.is_string() && recorded != *hash) {
    guards.raise("hash", restore.target,
                 artifact.at("ref").text() + " has SHA-256 " + hash->text().substr(0, 12) +
                     "..., and " + recorded.text().substr(0, 12) + "... is recorded beside it");
    restore.digest_from = "computed while planning; another one is recorded beside it";
  }
  artifact["sha256"] = *hash;
  return {};
}

Result<Value> Planner::State::inspect(PlannedRestore& restore, Instance& target) {
  const Operation* operation = target.manifest().find("inspect");
  const auto found = read_learned(restore.id + ".inspect", target, *operation, Value::object());
  if (!found) return fail(found.error());
  restore.healthy_before = found->at("healthy").bool_or(false);
  restore.readable_before = found->at("readable").bool_or(false);
  restore.keeps = found->at("keeps").text();
  restore.evidence = texts_from(found->at("evidence"));
  restore.target_identity = found->at("identity");
  raise_concerns(restore, *found);
  return found->at("replaces");
}

void Planner::State::raise_concerns(const PlannedRestore& restore, const Value& found) {
  for (const Value& concern : found.at("concerns").items())
    guards.raise(concern.at("guard").text(), restore.target, concern.at("message").text());
}

Result<Value> Planner::State::examine(PlannedRestore& restore, Instance& target) {
  const Value recorded = restore.artifact.at("manifest").at("identity");
  const auto& kinds = target.manifest().kinds;
  const std::string kind = restore.artifact.at("kind").text();
  const bool understood =
      std::any_of(kinds.begin(), kinds.end(), [&](const Kind& k) { return k.kind == kind; });
  if (!kind.empty() && !kinds.empty() && !understood) {
    return fail({.code = "guard.wrong_kind",
                 .message = restore.artifact.at("ref").text() + " is a '" + kind + "', and " +
                            restore.target + " cannot be restored from that",
                 .category = Category::kPrecondition});
  }
  if (!restore.artifact.at("local").bool_or(false)) return recorded;
  const Operation* operation = target.manifest().find("examine");
  const auto examined = read_learned(restore.id + ".examine", target, *operation,
                                     Value::object({{"artifact", restore.artifact}}));
  if (!examined) return fail(examined.error());
  restore.examined = true;
  restore.examination = *examined;
  raise_concerns(restore, *examined);
  for (const Value& line : examined->at("evidence").items())
    restore.evidence.push_back(line.text());
  if (!restore.artifact.has("kind")) restore.artifact["kind"] = examined->at("kind");
  return examined->at("identity").is_null() ? recorded : examined->at("identity");
}

Value Planner::State::waived_value() const {
  std::vector<std::string> waived;
  for (const Waiver& waiver : request.waivers) waived.push_back(waiver.guard);
  std::sort(waived.begin(), waived.end());
  return Value::Array(waived.begin(), waived.end());
}

Result<> Planner::State::plan_verbs(const PlannedRestore& restore, Instance& target,
                                    const Value& replaces, const Value& args, const Line& line) {
  Value all = args;
  all["from"] = identity_of_bytes(restore.artifact);
  hand_over_staged(restore.id, target.manifest(), all);
  all["waived"] = waived_value();
  all.erase("replaces");
  if (!replaces.is_null()) all["replaces"] = replaces;
  for (const char* verb : {"stage", "check", "activate", "health"}) {
    const Operation* operation = target.manifest().find(verb);
    PlannedCall call;
    call.id = restore.id + "." + verb;
    call.line = line;
    call.args = arguments_for(*operation, all);
    if (operation->effect == Effect::kRead) continue;  // check: the executor calls it in its place
    auto planned = plan_call(std::move(call), target, *operation);
    if (!planned) return fail(planned.error());
  }
  return {};
}

}  // namespace snapcore
