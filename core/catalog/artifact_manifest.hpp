// The manifest of an artifact: the file NAME.snapcore.json that lies beside it and says what it is.
//
// A manifest is the word of whoever made the artifact; that the bytes keep it is checked elsewhere.
// Members this version does not know are ignored: what changes the meaning of known ones gets a new
// version.
#pragma once

#include <cstdint>
#include <optional>
#include <snapcore/error.hpp>
#include <snapcore/value.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace snapcore {

// Which bytes: how many, and their SHA-256 in lower-case hex.
struct ByteIdentity {
  std::uint64_t size = 0;
  std::string sha256 = {};

  bool operator==(const ByteIdentity&) const = default;
};

// Another artifact that this one needs or belongs to.
struct ArtifactPart {
  std::string name = {};
  ByteIdentity bytes = {};

  bool operator==(const ArtifactPart&) const = default;
};

struct ArtifactManifest {
  std::string kind = {};
  ByteIdentity stored = {};                // as they lie in the source
  ByteIdentity content = {};               // after the filters of `encoding` are undone
  std::vector<std::string> encoding = {};  // in the order they were applied: "zstd", ...
  std::optional<ArtifactPart> base = {};   // what an increment builds on
  std::vector<ArtifactPart> parts = {};    // what a bundle is made of
  Value identity = {};  // of the system it was taken from; an object, or null: not recorded
  Time created = {};
  std::string made_by = {};         // program and version, for people
  std::string consistent_set = {};  // artifacts of one set were taken at one moment; "" alone
  std::string previous = {};        // SHA-256 of the manifest before it, "" for the first

  bool operator==(const ArtifactManifest&) const = default;
};

inline constexpr std::string_view kManifestSuffix = ".snapcore.json";
inline constexpr std::uint64_t kMaxManifestBytes = std::uint64_t{1} << 20;

// "manifest.malformed" (no manifest at all), "manifest.newer" (another version), "manifest.invalid"
// naming the member. `name` is what the messages call it.
Result<ArtifactManifest> manifest_from(const Value& value, std::string_view name);
Result<ArtifactManifest> parse_artifact_manifest(std::string_view json, std::string_view name);

// Refuses what it would not read back: "manifest.invalid".
Result<Value> to_value(const ArtifactManifest& manifest);

// "HEX  NAME\n", the companion that `sha256sum -c` checks. The name must be one line without a
// backslash.
Result<std::string> sha256sum_companion(const ArtifactManifest& manifest, std::string_view name);

bool is_sha256(std::string_view text);

}  // namespace snapcore
