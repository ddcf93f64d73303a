// Objects as artifacts: each with the two companions that may lie beside it, as in `files`.
#pragma once

#include <snapcore/sdk/call.hpp>
#include <string>

#include "reading.hpp"

namespace s3 {

// Which companions there are; nobody knows before asking.
struct Companions {
  bool manifest = true;
  bool digest = true;
};

// What is wrong with a companion is a warning of the call, and the artifact stays what it is.
snapcore::Result<snapcore::sdk::Artifact> artifact_of(Session& session,
                                                      const objects::Object& object,
                                                      Companions companions = {});

// Of an object that was just written with these companions: nobody is asked, for whatever came in
// between would be told as a failure of what has happened.
snapcore::sdk::Artifact artifact_as_written(Session& session, const objects::Object& object,
                                            const snapcore::Value& manifest,
                                            const std::string& sha256);

// Emits every artifact whose name starts with `prefix`, in constant memory. An artifact is held
// back until the keys of its companions have gone by, so that only those that are there are asked
// for.
snapcore::Result<> list_artifacts(Session& session, const std::string& prefix);

}  // namespace s3
