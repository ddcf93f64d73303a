// What the core asks of sources: listing, choosing, the digest of bytes nobody recorded.
#pragma once

#include <atomic>
#include <optional>
#include <snapcore/error.hpp>
#include <snapcore/value.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "catalog/artifact.hpp"
#include "engine/audience.hpp"
#include "engine/instances.hpp"
#include "engine/turns.hpp"

namespace snapcore {

struct SourceReads {
  Instances& instances;
  const std::atomic<bool>* cancelled = nullptr;
  Audience* audience = nullptr;  // hears what a source says while it lists
  Turn* turn = nullptr;          // given away meanwhile

  // All artifacts whose name begins with `prefix`, each with its `source`, in the source's order.
  Result<std::vector<Value>> list(std::string_view source, std::string_view prefix);

  // One artifact, with its `source`.
  Result<Value> stat(std::string_view source, std::string_view ref);

  // The artifact with its `kind`: its own, its manifest's, else what the targets' magics say;
  // without one when nobody knows it.
  Result<Value> with_kind(Value artifact);

  Result<> find_kind(Artifact& artifact);

  // The newest, as catalog/latest.hpp chooses it.
  Result<Value> latest(std::string_view source, std::string_view kind, std::string_view prefix,
                       std::optional<Time> before);

  // SHA-256 of all its bytes.
  Result<std::string> hash(const Value& artifact);
};

// The members that say which bytes an artifact is, and nothing that changes by itself.
Value identity_of_bytes(const Value& artifact);

// The arguments as plan and executor compare them: artifacts reduced to which bytes they are.
Value canonical_args(const Value& schema, Value args);

}  // namespace snapcore
