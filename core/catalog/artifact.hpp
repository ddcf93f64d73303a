// One restorable thing in a source, as its plugin describes it (sdk/doc/abi.md, "Verbs of the
// roles").
#pragma once

#include <cstdint>
#include <optional>
#include <snapcore/error.hpp>
#include <snapcore/value.hpp>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "catalog/artifact_manifest.hpp"

namespace snapcore {

struct Artifact {
  std::string source = {};  // the instance that has it; the core adds it
  std::string ref = {};     // what the source knows it by
  std::string name = {};
  std::uint64_t size = 0;
  std::string kind = {};    // "" when nobody said
  std::string sha256 = {};  // recorded, not computed; "" when nobody said
  std::optional<Time> created = {};
  std::optional<Time> modified = {};
  std::string version_id = {};
  std::string etag = {};
  bool local = false;   // reading it costs nothing worth mentioning
  Value manifest = {};  // as the source gave it; null when there is none
  Value identity = {};  // from the manifest; null when not recorded

  // What is wrong with it as far as the listing tells: a manifest that cannot be read, or one that
  // says otherwise than the source. A broken artifact is an artifact: it is never left out of a
  // list.
  std::optional<Error> problem = {};

  // What `source` lists. Kind, digest, creation time and identity come from the manifest where the
  // source does not say them. "artifact.invalid" names the member that no artifact can be without.
  static Result<Artifact> from(const Value& value, std::string_view source = {});

  // The time it counts by: when it was made, else when it was last modified.
  std::optional<Time> chosen_time() const { return created ? created : modified; }
};

// The members that have a value; what from() reads back the same.
Value to_value(const Artifact& artifact);

}  // namespace snapcore
