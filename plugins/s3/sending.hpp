// From the port of a call into the store: one object, whole or not at all.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <snapcore/sdk/call.hpp>
#include <string>
#include <vector>

#include "writing.hpp"

namespace s3 {

// What a write left behind, or may have: recorded before each step, and all that its undo needs.
struct Traces {
  std::string key = {};
  std::vector<std::string> beside = {};  // keys of companions, with the same mark
  std::string mark = {};
  std::string upload = {};  // an unfinished one
  std::uint64_t part_size = 0;
};
void fields(snapcore::sdk::Fields& f, Traces& t);

// The mark of the running call: the same when it is repeated.
std::string mark_of(const snapcore::sdk::Call& call);

// What is to be sent. The host hashes every input anyway: where it was asked to keep the digest of
// so many bytes, which must then be all there are, they are not hashed once more.
struct Content {
  snapcore::sdk::Port port;
  std::optional<std::uint64_t> hashed_by_host = {};
  std::optional<std::string> sha256 = {};  // what stands beside it says
};
// Of an artifact.
snapcore::Result<Content> open_content(snapcore::sdk::Call& call,
                                       const snapcore::sdk::Artifact& artifact);

// Called once all bytes are in the store and none of them is visible.
using BeforeVisible =
    std::function<snapcore::Result<>(std::uint64_t size, const std::string& sha256)>;

// Reads `content` to its end. Undo and checkpoint are recorded on the way; an upload that fails is
// removed. A repeated call whose first attempt had come to its end answers with what that made.
snapcore::Result<Found> send_from(Session& session, const Content& content, const NewObject& object,
                                  Traces traces, const BeforeVisible& before_visible = {});
// From port 0.
snapcore::Result<Found> send_port(Session& session, const NewObject& object, Traces traces,
                                  const BeforeVisible& before_visible = {});

// Takes back what a write with these traces did or half did, exactly; says what.
snapcore::Result<std::vector<std::string>> withdraw(Session& session, const Traces& traces);

}  // namespace s3
