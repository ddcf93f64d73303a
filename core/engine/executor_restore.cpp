// The restore sequence while executing: look again, stage, prove the bytes, check, activate, ask
// for health.
#include <algorithm>

#include "engine/core_operations.hpp"
#include "engine/executor_state.hpp"
#include "engine/source_reads.hpp"

namespace snapcore {

// From then on the target is not what it was when it was approved.
bool Executor::State::was_activated(const PlannedRestore& restore) const {
  const PastCall* activate = known.find(restore.id + ".activate");
  return activate != nullptr && !activate->undone;
}

// The target is who it was when it was approved, and nobody brought it back to life meanwhile.
// Whether it is healthy.
Result<bool> Executor::State::inspect_again(const PlannedRestore& restore, Instance& target) {
  const auto found = read(target, *target.manifest().find("inspect"), Value::object());
  if (!found) return fail(found.error());
  if (found->at("identity") != restore.target_identity) {
    return fail({.code = "guard.target_changed",
                 .message = restore.target +
                            " is not who it was when the plan was approved\n  approved plan: " +
                            restore.target_identity.dump() +
                            "\n  this run: " + found->at("identity").dump(),
                 .hint = "nothing live was touched; make a new plan",
                 .category = Category::kConflict});
  }
  const bool healthy = found->at("healthy").bool_or(false);
  if (!healthy || restore.healthy_before) return healthy;
  return fail({.code = "guard.target_came_back",
               .message = restore.target + " is healthy now and was not when the plan was approved",
               .hint = "nothing live was touched; look at it, then make a new plan",
               .category = Category::kConflict});
}

// What was approved must still be so, the artifact's digest, too.
Result<> Executor::State::look_again(const PlannedRestore& restore, Instance& target) {
  SourceReads reads{.instances = request.instances, .cancelled = &request.cancelled, .turn = here};
  const Value& planned = restore.artifact;
  const auto artifact = reads.stat(planned.at("source").text(), planned.at("ref").text());
  if (!artifact) return fail(artifact.error());
  const bool other_digest = artifact->has("sha256") &&
                            restore.digest_from == "recorded beside it" &&
                            artifact->at("sha256") != planned.at("sha256");
  if (other_digest || artifact->at("size") != planned.at("size") ||
      artifact->at("version_id") != planned.at("version_id")) {
    return fail({.code = "guard.artifact_changed",
                 .message = planned.at("ref").text() +
                            " changed after the plan was approved\n  approved plan: " +
                            identity_of_bytes(planned).dump() +
                            "\n  this run: " + identity_of_bytes(*artifact).dump(),
                 .hint = "nothing live was touched; make a new plan",
                 .category = Category::kConflict});
  }
  const auto healthy = inspect_again(restore, target);
  if (!healthy) return fail(healthy.error());
  if (!*healthy) dead_before.insert(restore.target);
  auto written = journal.append_later(
      record::kValue, Value::object({{"id", restore.id + ".before"},
                                     {"what", restore.target + ".inspect"},
                                     {"value", Value::object({{"healthy", *healthy}})}}));
  return written ? Result<>() : fail(written.error());
}

// The plugin must have read the approved bytes, all of them, through the core.
Result<> Executor::State::check_bytes(const PlannedRestore& restore,
                                      const std::vector<OpenedInput>& inputs) {
  const std::string wanted = restore.artifact.at("sha256").text();
  const auto input = std::find_if(inputs.begin(), inputs.end(), [&](const OpenedInput& opened) {
    return opened.artifact.at("ref") == restore.artifact.at("ref") && opened.passed.complete;
  });
  if (input == inputs.end()) {
    return fail({.code = "plugin.partial_read",
                 .message = "plugin of " + restore.target + " staged " +
                            restore.artifact.at("ref").text() + " without reading all of it",
                 .category = Category::kInternal});
  }
  if (input->passed.sha256 == wanted) return {};
  return fail({.code = "stream.digest_changed",
               .message = "the bytes of " + restore.artifact.at("ref").text() +
                          " are not the approved ones\n  approved plan: SHA-256 " + wanted +
                          "\n  this run: SHA-256 " + input->passed.sha256,
               .hint = "nothing live was touched; what was staged is removed",
               .category = Category::kConflict});
}

Result<Value> Executor::State::restore_verb(const PlannedRestore& restore,
                                            const std::shared_ptr<Instance>& target,
                                            const char* verb, const Value& all,
                                            std::vector<OpenedInput>* inputs) {
  const Operation& operation = *target->manifest().find(verb);
  const Value args = arguments_for(operation, all);
  if (operation.effect == Effect::kRead) return read(*target, operation, args);
  const auto planned =
      match(restore.id + "." + verb, target->name(), verb, canonical_args(operation.args, args));
  if (!planned) return fail(planned.error());
  return execute(**planned, target, operation, inputs);
}

Result<Answer> Executor::State::restore(const std::shared_ptr<Instance>& target,
                                        const Value& args) {
  const std::string id = here->scopes.next_call();
  const auto& restores = plan().restores;
  const auto restore = std::find_if(restores.begin(), restores.end(),
                                    [&](const PlannedRestore& r) { return r.id == id; });
  if (restore == restores.end() || restore->target != target->name()) {
    return fail(
        deviation("call " + id + "\n  approved plan: " +
                  (restore == restores.end() ? "no restore" : "restore of " + restore->target) +
                  "\n  this run: restore of " + target->name()));
  }
  if (identity_of_bytes(args.at("from")).at("ref") != restore->artifact.at("ref") ||
      args.at("from").at("source") != restore->artifact.at("source")) {
    return fail(deviation("call " + id + " restores another artifact\n  approved plan: " +
                          restore->artifact.at("ref").dump() +
                          "\n  this run: " + args.at("from").at("ref").dump()));
  }
  // Nothing is looked at again where the journal knows how it went on.
  const bool was_live = was_activated(*restore) || telling_again();
  if (!was_live) {
    if (auto same = look_again(*restore, *target); !same) return fail(halt(same.error()));
  } else if (const PastRead* before = known.read(id + ".before");
             before && !before->value.at("healthy").bool_or(true)) {
    dead_before.insert(restore->target);
  }

  Value all = args;
  all["from"] = identity_of_bytes(restore->artifact);
  hand_over_staged(id, target->manifest(), all);
  all.erase("replaces");
  for (const PlannedCall* planned : plan().calls()) {
    if (planned->id.rfind(id + ".", 0) != 0) continue;
    for (const char* approved : {"waived", "replaces"})
      if (planned->args.has(approved)) all[approved] = planned->args.at(approved);
  }
  if (!all.has("waived")) all["waived"] = Value::array();

  std::vector<OpenedInput> inputs;
  if (auto staged = restore_verb(*restore, target, "stage", all, &inputs); !staged)
    return fail(staged.error());
  if (auto same = check_bytes(*restore, inputs); !same) return fail(halt(same.error()));
  if (!was_live) {
    auto checked = restore_verb(*restore, target, "check", all);
    if (!checked) return fail(halt(checked.error()));
    // Staging takes its time, and what came back during it is what was staged to be replaced.
    if (!restore->healthy_before) {
      if (auto still = inspect_again(*restore, *target); !still) return fail(halt(still.error()));
    }
  }
  auto activated = restore_verb(*restore, target, "activate", all);
  if (!activated) return fail(activated.error());
  auto healthy = restore_verb(*restore, target, "health", all);
  if (!healthy) return fail(healthy.error());

  Value answer = Value::object({{"ref", restore->artifact.at("ref")},
                                {"sha256", restore->artifact.at("sha256")},
                                {"size", restore->artifact.at("size")},
                                {"kept", activated->at("kept")},
                                {"expected", results[id + ".stage"].at("expected")}});
  if (answer.at("kept").is_null()) answer.erase("kept");
  results[id] = answer;
  return Answer{.known = std::move(answer),
                .schema = core_result_schema(CoreOperation::kRestore),
                .call = id,
                .complete = true};
}

}  // namespace snapcore
