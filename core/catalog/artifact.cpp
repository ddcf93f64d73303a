#include "catalog/artifact.hpp"

#include "base/text.hpp"

namespace snapcore {
namespace {

Error invalid(const Value& value, std::string_view source, const std::string& what) {
  std::string message = "source " + std::string(source) + " describes an artifact";
  if (value.at("ref").is_string()) message += " '" + printable(value.at("ref").text()) + "'";
  return {.code = "artifact.invalid",
          .message = message + " badly: " + what,
          .category = Category::kInternal};
}

std::optional<Time> time_or_nothing(const Value& value) { return parse_time(value.text()); }

Error mismatched(const Artifact& artifact, const std::string& what) {
  return {.code = "artifact.mismatched",
          .message = "'" + printable(artifact.ref) + "' in " + artifact.source +
                     " is not what its manifest says: " + what,
          .hint = "it may be incomplete, or have been replaced; choose another or make a new one",
          .category = Category::kCorrupt};
}

void take_manifest(Artifact& artifact) {
  if (artifact.manifest.is_null()) return;
  const auto manifest = manifest_from(artifact.manifest, artifact.ref);
  if (!manifest) {
    artifact.problem = manifest.error();
    return;
  }
  artifact.identity = manifest->identity;
  if (artifact.kind.empty()) artifact.kind = manifest->kind;
  if (artifact.sha256.empty()) artifact.sha256 = manifest->stored.sha256;
  if (!artifact.created) artifact.created = manifest->created;
  if (artifact.size != manifest->stored.size) {
    artifact.problem =
        mismatched(artifact, "it has " + std::to_string(artifact.size) + " bytes, recorded are " +
                                 std::to_string(manifest->stored.size));
  } else if (artifact.sha256 != manifest->stored.sha256) {
    artifact.problem = mismatched(artifact, "the source names another SHA-256");
  } else if (artifact.kind != manifest->kind) {
    artifact.problem = mismatched(artifact, "the source calls it " + printable(artifact.kind) +
                                                ", the manifest " + printable(manifest->kind));
  }
}

}  // namespace

Result<Artifact> Artifact::from(const Value& value, std::string_view source) {
  if (!value.is_object()) return fail(invalid(value, source, "it is no object"));
  if (value.at("ref").text().empty()) return fail(invalid(value, source, "'ref' is missing"));
  if (!value.at("size").is_integer() || value.at("size").uint_or(UINT64_MAX) == UINT64_MAX) {
    return fail(invalid(value, source, "'size' is no number of bytes"));
  }
  Artifact artifact{.source = source.empty() ? value.at("source").text() : std::string(source),
                    .ref = value.at("ref").text(),
                    .name = value.at("name").string_or(value.at("ref").text()),
                    .size = value.at("size").uint_or(0),
                    .kind = value.at("kind").text(),
                    .sha256 = value.at("sha256").text(),
                    .created = time_or_nothing(value.at("created")),
                    .modified = time_or_nothing(value.at("modified")),
                    .version_id = value.at("version_id").text(),
                    .etag = value.at("etag").text(),
                    .local = value.at("local").bool_or(false),
                    .manifest = value.at("manifest")};
  for (const std::string_view member : {"created", "modified"}) {
    if (!value.at(member).is_null() && !time_or_nothing(value.at(member))) {
      return fail(invalid(value, source, "'" + std::string(member) + "' is no time"));
    }
  }
  if (!artifact.sha256.empty() && !is_sha256(artifact.sha256)) {
    return fail(invalid(value, source, "'sha256' has not 64 lower-case hex digits"));
  }
  take_manifest(artifact);
  return artifact;
}

Value to_value(const Artifact& artifact) {
  Value value =
      Value::object({{"ref", artifact.ref}, {"name", artifact.name}, {"size", artifact.size}});
  const auto put = [&](std::string_view member, const std::string& text) {
    if (!text.empty()) value[member] = text;
  };
  put("source", artifact.source);
  put("kind", artifact.kind);
  put("sha256", artifact.sha256);
  put("version_id", artifact.version_id);
  put("etag", artifact.etag);
  if (artifact.created) value["created"] = to_rfc3339(*artifact.created);
  if (artifact.modified) value["modified"] = to_rfc3339(*artifact.modified);
  if (artifact.local) value["local"] = true;
  if (!artifact.manifest.is_null()) value["manifest"] = artifact.manifest;
  return value;
}

}  // namespace snapcore
