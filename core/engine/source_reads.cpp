#include "engine/source_reads.hpp"

#include <algorithm>
#include <array>
#include <snapcore/support/digest.hpp>

#include "catalog/detect_kind.hpp"
#include "catalog/latest.hpp"
#include "engine/gate.hpp"
#include "engine/live_call.hpp"
#include "engine/nested.hpp"

namespace snapcore {
namespace {

constexpr std::size_t kPiece = 1 << 20;

Result<std::shared_ptr<Instance>> open_source(Instances& instances, std::string_view name) {
  auto source = instances.open(name);
  if (!source) return source;
  if (!(*source)->manifest().has_role(Role::kSource)) {
    return fail({.code = "site.wrong_role",
                 .message = "'" + std::string(name) + "' is not a source",
                 .hint = "its plugin " + (*source)->manifest().id + " holds no artifacts"});
  }
  return source;
}

// As many bytes as there are, up to the size of the buffer.
Result<std::size_t> read_full(InputStream& stream, std::span<std::byte> into) {
  std::size_t filled = 0;
  while (filled < into.size()) {
    const auto got = stream.read(into.subspan(filled));
    if (!got) return got;
    if (*got == 0) break;
    filled += *got;
  }
  return filled;
}

bool newer(const Artifact& a, const Artifact& b) {
  if (a.chosen_time() != b.chosen_time()) return b.chosen_time() < a.chosen_time();
  return a.ref > b.ref;
}

// What a source cannot give under this name is a wrong name; any other trouble stays what it is.
Error not_to_be_had(std::string_view source, std::string_view ref, Error error) {
  if (error.category != Category::kPrecondition) return error;
  return caused_by(
      {.code = "source.no_such_artifact",
       .message = "'" + std::string(source) + "' has no artifact '" + std::string(ref) + "'",
       .hint = "this shows what is there:\nsnapcore list " + std::string(source)},
      std::move(error));
}

}  // namespace

Value identity_of_bytes(const Value& artifact) {
  static constexpr std::array<std::string_view, 8> kMembers = {
      "source", "ref", "name", "kind", "size", "version_id", "etag", "sha256"};
  Value picked = Value::object();
  for (const std::string_view member : kMembers) {
    if (const Value* value = artifact.find(member)) picked[member] = *value;
  }
  return picked;
}

// Artifact arguments keep what says which bytes they are; times and places that change by
// themselves go.
Value canonical_args(const Value& schema, Value args) {
  for (const auto& [name, property] : schema.at("properties").members()) {
    if (property.at("x-type").text() != "artifact" || !args.at(name).is_object() ||
        is_later(args.at(name)))
      continue;
    args[name] = identity_of_bytes(args.at(name));
  }
  return args;
}

Result<std::vector<Value>> SourceReads::list(std::string_view source, std::string_view prefix) {
  const auto instance = open_source(instances, source);
  if (!instance) return fail(instance.error());
  std::vector<Value> artifacts;
  LiveCall call{.instances = instances,
                .instance = **instance,
                .operation = *(*instance)->manifest().find("list"),
                .audience = audience,
                .cancelled = cancelled,
                .turn = turn};
  call.on_emit = [&](Value item) -> Result<> {
    item["source"] = source;
    artifacts.push_back(std::move(item));
    return {};
  };
  call.on_nested = nested_reads(instances, **instance, cancelled, turn);
  Value args = Value::object();
  if (!prefix.empty()) args["prefix"] = prefix;
  const auto answered = call.run(args);
  if (!answered.result) return fail(answered.result.error());
  return artifacts;
}

Result<Value> SourceReads::stat(std::string_view source, std::string_view ref) {
  const auto instance = open_source(instances, source);
  if (!instance) return fail(instance.error());
  LiveCall call{.instances = instances,
                .instance = **instance,
                .operation = *(*instance)->manifest().find("stat"),
                .cancelled = cancelled,
                .turn = turn};
  call.on_nested = nested_reads(instances, **instance, cancelled, turn);
  auto answered = call.run(Value::object({{"ref", ref}}));
  if (!answered.result) return fail(not_to_be_had(source, ref, answered.result.error()));
  Value artifact = std::move(*answered.result);
  artifact["source"] = source;
  return artifact;
}

Result<Value> SourceReads::with_kind(Value artifact) {
  auto known = Artifact::from(artifact);
  if (!known) return fail(known.error());
  if (auto found = find_kind(*known); !found) return fail(found.error());
  if (!known->kind.empty()) artifact["kind"] = known->kind;
  return artifact;
}

Result<> SourceReads::find_kind(Artifact& artifact) {
  if (!artifact.kind.empty() || artifact.size == 0) return {};
  std::vector<KindPattern> patterns;
  for (const Kind& kind : instances.kinds_of_all_targets()) {
    patterns.push_back({kind.kind, kind.offset, kind.magic});
  }
  if (patterns.empty()) return {};
  auto stream = open_artifact(instances, to_value(artifact), 0, cancelled);
  if (!stream) return fail(stream.error());
  std::vector<std::byte> head(head_needed(patterns));
  const auto filled = read_full(**stream, head);
  if (!filled) return fail(filled.error());
  head.resize(*filled);
  if (const auto kind = detect_kind(head, patterns)) artifact.kind = *kind;
  return {};
}

Result<Value> SourceReads::latest(std::string_view source, std::string_view kind,
                                  std::string_view prefix, std::optional<Time> before) {
  const auto listed = list(source, prefix);
  if (!listed) return fail(listed.error());
  std::vector<Artifact> artifacts;
  for (const Value& item : *listed) {
    auto artifact = Artifact::from(item, source);
    if (!artifact) return fail(artifact.error());
    artifacts.push_back(std::move(*artifact));
  }
  std::sort(artifacts.begin(), artifacts.end(), newer);
  const LatestFilter filter{std::string(kind), std::string(prefix), before};
  // Nobody opens what is older than the first that will do.
  std::size_t looked_at = 0;
  while (looked_at < artifacts.size()) {
    Artifact& artifact = artifacts[looked_at++];
    if (before && (!artifact.chosen_time() || *artifact.chosen_time() > *before)) continue;
    if (auto found = find_kind(artifact); !found) return fail(found.error());
    if (artifact.chosen_time() && (kind.empty() || artifact.kind == kind)) break;
  }
  auto choice = choose_latest(std::span(artifacts).first(looked_at), filter);
  if (!choice) {
    Error error = choice.error();
    error.hint = "this shows what is there:\nsnapcore list " + std::string(source);
    return fail(std::move(error));
  }
  return to_value(choice->artifact);
}

Result<std::string> SourceReads::hash(const Value& artifact) {
  auto stream = open_artifact(instances, artifact, 0, cancelled);
  if (!stream) return fail(stream.error());
  std::vector<std::byte> piece(kPiece);
  for (;;) {
    const auto got = (*stream)->read(piece);
    if (!got) return fail(got.error());
    if (*got == 0) break;
  }
  return (*stream)->passed().sha256;
}

}  // namespace snapcore
