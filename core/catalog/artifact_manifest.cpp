#include "catalog/artifact_manifest.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace snapcore {
namespace {

constexpr std::string_view kFormat = "snapcore-manifest";
constexpr std::int64_t kVersion = 1;

Error invalid(std::string_view name, const std::string& member, const std::string& what) {
  return {
      .code = "manifest.invalid",
      .message = "the manifest of " + printable(name) + " is not valid: '" + member + "' " + what,
      .hint = "the artifact may be whole all the same; look at it before you trust it",
      .category = Category::kCorrupt};
}

// Reads members; the first that is wrong is kept as the error and the rest is skipped.
class Reading {
 public:
  Reading(std::string_view name) : name_(name) {}

  std::string text(const Value& object, const std::string& path, std::string_view member) {
    const Value& value = object.at(member);
    if (value.is_null()) return {};
    if (!value.is_string()) wrong(path, "must be a text, not " + std::string(value.type_name()));
    return value.text();
  }

  std::string required_text(const Value& object, const std::string& path, std::string_view member) {
    std::string value = text(object, path, member);
    if (value.empty()) wrong(path, "is missing");
    return value;
  }

  ByteIdentity bytes(const Value& object, const std::string& path) {
    if (!object.is_object()) {
      wrong(path, "must be an object with 'size' and 'sha256'");
      return {};
    }
    const Value& size = object.at("size");
    if (!size.is_integer() || size.uint_or(UINT64_MAX) == UINT64_MAX) {
      wrong(path + ".size", "must be a whole number of bytes");
    }
    ByteIdentity identity{.size = size.uint_or(0), .sha256 = object.at("sha256").text()};
    if (!is_sha256(identity.sha256)) wrong(path + ".sha256", "must be 64 lower-case hex digits");
    return identity;
  }

  ArtifactPart part(const Value& object, const std::string& path) {
    return {.name = required_text(object, path + ".name", "name"), .bytes = bytes(object, path)};
  }

  const Value::Array& array(const Value& object, const std::string& member) {
    const Value& value = object.at(member);
    if (!value.is_null() && !value.is_array()) wrong(member, "must be an array");
    return value.items();
  }

  Time time(const Value& object, const std::string& member) {
    const auto value = parse_time(object.at(member).text());
    if (!value) wrong(member, "must be a time such as 2026-01-02T03:04:05Z");
    return value.value_or(Time());
  }

  void wrong(const std::string& path, const std::string& what) {
    if (!problem_) problem_ = invalid(name_, path, what);
  }

  const std::optional<Error>& problem() const { return problem_; }

 private:
  std::string_view name_;
  std::optional<Error> problem_;
};

Value to_value(const ByteIdentity& bytes) {
  return Value::object({{"size", bytes.size}, {"sha256", bytes.sha256}});
}

Value to_value(const ArtifactPart& part) {
  Value value = to_value(part.bytes);
  value["name"] = part.name;
  return value;
}

void check(const ArtifactManifest& manifest, Reading& reading) {
  if (manifest.encoding.empty() && manifest.stored != manifest.content) {
    reading.wrong("content", "differs from 'stored' although nothing is encoded");
  }
  if (!manifest.previous.empty() && !is_sha256(manifest.previous)) {
    reading.wrong("previous", "must be 64 lower-case hex digits");
  }
  if (!manifest.identity.is_null() && !manifest.identity.is_object()) {
    reading.wrong("identity", "must be an object");
  }
}

}  // namespace

bool is_sha256(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

Result<ArtifactManifest> manifest_from(const Value& value, std::string_view name) {
  if (value.at("format").text() != kFormat) {
    return fail({.code = "manifest.malformed",
                 .message = "the manifest of " + printable(name) + " is no snapcore manifest",
                 .hint = "the artifact may be whole all the same; look at it before you trust it",
                 .category = Category::kCorrupt});
  }
  if (value.at("version").is_integer() && value.at("version").int_or(INT64_MAX) > kVersion) {
    return fail({.code = "manifest.newer",
                 .message = "the manifest of " + printable(name) + " has version " +
                            value.at("version").dump() + ", this snapcore knows version 1",
                 .hint = "use the snapcore that made the artifact, or a newer one",
                 .category = Category::kPrecondition});
  }
  Reading reading(name);
  if (value.at("version").int_or(0) != kVersion) reading.wrong("version", "must be 1");
  ArtifactManifest manifest{.kind = reading.required_text(value, "kind", "kind"),
                            .stored = reading.bytes(value.at("stored"), "stored")};
  manifest.content =
      value.has("content") ? reading.bytes(value.at("content"), "content") : manifest.stored;
  for (const Value& filter : reading.array(value, "encoding")) {
    if (filter.text().empty()) reading.wrong("encoding", "must hold names of filters");
    manifest.encoding.push_back(filter.text());
  }
  if (!value.at("base").is_null()) manifest.base = reading.part(value.at("base"), "base");
  for (const Value& part : reading.array(value, "parts")) {
    const std::string path = "parts[" + std::to_string(manifest.parts.size()) + "]";
    manifest.parts.push_back(reading.part(part, path));
  }
  manifest.identity = value.at("identity");
  manifest.created = reading.time(value, "created");
  manifest.made_by = reading.text(value, "made_by", "made_by");
  manifest.consistent_set = reading.text(value, "consistent_set", "consistent_set");
  manifest.previous = reading.text(value, "previous", "previous");
  check(manifest, reading);
  if (reading.problem()) return fail(*reading.problem());
  return manifest;
}

Result<ArtifactManifest> parse_artifact_manifest(std::string_view json, std::string_view name) {
  if (json.size() > kMaxManifestBytes) {
    return fail({.code = "manifest.malformed",
                 .message = "the manifest of " + printable(name) + " has " +
                            describe_bytes(json.size()) + ", no manifest has more than " +
                            describe_bytes(kMaxManifestBytes),
                 .category = Category::kCorrupt});
  }
  const auto value = Value::parse(json);
  if (value) return manifest_from(*value, name);
  return fail(caused_by({.code = "manifest.malformed",
                         .message = "the manifest of " + printable(name) + " cannot be read"},
                        value.error()));
}

Result<Value> to_value(const ArtifactManifest& manifest) {
  Value value = Value::object(
      {{"format", kFormat},
       {"version", kVersion},
       {"kind", manifest.kind},
       {"stored", to_value(manifest.stored)},
       {"content", to_value(manifest.content)},
       {"encoding", Value(Value::Array(manifest.encoding.begin(), manifest.encoding.end()))},
       {"created", to_rfc3339(manifest.created)}});
  if (manifest.base) value["base"] = to_value(*manifest.base);
  for (const ArtifactPart& part : manifest.parts) value["parts"].push_back(to_value(part));
  if (!manifest.identity.is_null()) value["identity"] = manifest.identity;
  if (!manifest.made_by.empty()) value["made_by"] = manifest.made_by;
  if (!manifest.consistent_set.empty()) value["consistent_set"] = manifest.consistent_set;
  if (!manifest.previous.empty()) value["previous"] = manifest.previous;
  const auto back = manifest_from(value, "a new artifact");
  if (!back) return fail(back.error());
  return value;
}

Result<std::string> sha256sum_companion(const ArtifactManifest& manifest, std::string_view name) {
  if (name.empty() || name.find_first_of("\n\r\\") != std::string_view::npos) {
    return fail({.code = "artifact.invalid_name",
                 .message = "'" + printable(name) + "' cannot be the name of an artifact",
                 .category = Category::kPrecondition});
  }
  return manifest.stored.sha256 + "  " + std::string(name) + "\n";
}

}  // namespace snapcore
