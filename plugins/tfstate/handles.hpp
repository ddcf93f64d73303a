// What one verb tells the next: where things lie and what they must be.
#pragma once

#include <cstdint>
#include <optional>
#include <snapcore/sdk/fields.hpp>
#include <string>

namespace tfstate {

// The live state as stage found it; activate replaces nothing else.
struct Base {
  std::string sha256 = {};
  std::uint64_t size = 0;  // 0: there was no state
  std::uint64_t serial = 0;
  // Of an object in a store; absent where there was none.
  std::optional<std::string> etag = {};
  std::optional<std::string> version_id = {};
};
inline void fields(snapcore::sdk::Fields& f, Base& base) {
  f("sha256", base.sha256, "digest of the state that is replaced");
  f("size", base.size, "its bytes; 0: there is none");
  f("serial", base.serial).optional();
  f("etag", base.etag);
  f("version_id", base.version_id, "what it is among the versions of the store");
}

// The live state that a plan was made for: what it holds now must be what the plan spoke of.
struct Replaced {
  std::string sha256 = {};
  std::uint64_t serial = 0;  // of one that was deleted, the last that it had
  std::string lineage = {};
  std::optional<std::string> version_id = {};
};
inline void fields(snapcore::sdk::Fields& f, Replaced& replaced) {
  f("sha256", replaced.sha256, "digest of the live state");
  f("serial", replaced.serial);
  f("lineage", replaced.lineage);
  f("version_id", replaced.version_id, "what it is among the versions of the store");
}

// The one change to the bytes of the artifact.
struct StagedEdit {
  std::uint64_t offset = 0;
  std::uint64_t removed = 0;
  std::string text = {};
};
inline void fields(snapcore::sdk::Fields& f, StagedEdit& edit) {
  f("offset", edit.offset);
  f("removed", edit.removed, "bytes that go");
  f("text", edit.text, "what takes their place");
}

struct Staged {
  std::string file = {};  // empty: an object, which is whole when it appears
  std::string sha256 = {};
  std::string lineage = {};
  std::uint64_t serial = 0;
  Base base = {};
  std::optional<StagedEdit> edit = {};
};
inline void fields(snapcore::sdk::Fields& f, Staged& staged) {
  f("file", staged.file, "the new state, whole, beside the live one").optional();
  f("sha256", staged.sha256, "its digest");
  f("lineage", staged.lineage);
  f("serial", staged.serial);
  f("base", staged.base, "what it is to replace");
  f("edit", staged.edit, "of an object: what is changed in the artifact's bytes");
}

struct Expected {
  std::string sha256 = {};
  std::string lineage = {};
  std::uint64_t serial = 0;
};
inline void fields(snapcore::sdk::Fields& f, Expected& expected) {
  f("sha256", expected.sha256, "digest of the restored state");
  f("lineage", expected.lineage);
  f("serial", expected.serial);
}

struct Kept {
  std::string file = {};
};
inline void fields(snapcore::sdk::Fields& f, Kept& kept) {
  f("file", kept.file, "the state that was replaced");
}

// What activate records before it touches anything.
struct WayBack {
  std::string kept = {};    // empty: there was no state
  std::string staged = {};  // while it is being written, the new state is there, too
  std::string sha256 = {};  // of the new state
  Base base = {};
};
inline void fields(snapcore::sdk::Fields& f, WayBack& back) {
  f("kept", back.kept);
  f("staged", back.staged);
  f("sha256", back.sha256);
  f("base", back.base);
}

}  // namespace tfstate
