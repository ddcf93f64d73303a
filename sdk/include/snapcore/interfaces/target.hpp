// The verbs of a target: a live system. Handles and expectations are the plugin's own structs (or
// Value); the core only carries them from one verb to the next. A struct of arguments is extended
// by inheriting it and listing its fields first:
//   struct Stage : sdk::target::StageArgs { std::string owner; };
//   inline void fields(sdk::Fields& f, Stage& a) {
//     fields(f, static_cast<sdk::target::StageArgs&>(a));
//     f("owner", a.owner, "user that the files shall belong to");
//   }
#pragma once

#include <snapcore/sdk/operation.hpp>

namespace snapcore::sdk::target {

// How a target keeps what it replaces.
enum class Keeps { kAside, kCapture, kNone };
constexpr auto enum_names(Keeps) {
  return names<Keeps>(
      {{Keeps::kAside, "aside"}, {Keeps::kCapture, "capture"}, {Keeps::kNone, "none"}});
}

// A guard that must refuse a restore or be waived; whether it does is not the plugin's decision.
struct Concern {
  Guard guard = Guard::kHash;
  std::string message = {};
};
inline void fields(Fields& f, Concern& a) {
  f("guard", a.guard, "who must refuse or be waived");
  f("message", a.message, "what is wrong, in a sentence");
}

struct Inspection {
  Value identity = {};  // null when it cannot be told
  std::optional<std::string> version = {};
  bool healthy = false;
  bool readable = false;
  Keeps keeps = Keeps::kNone;
  std::vector<std::string> resources = {};
  std::vector<std::string> evidence = {};  // sentences
  // What a restore would take the place of, exactly; null when that cannot be told. Verbs that name
  // an argument `replaces` get it as it was approved, and refuse anything else.
  Value replaces = {};
  std::vector<Concern> concerns = {};
};
inline void fields(Fields& f, Inspection& a) {
  f("identity", a.identity, "which system this is").optional();
  f("version", a.version, "what will read the restored bytes");
  f("healthy", a.healthy, "it works");
  f("readable", a.readable, "its state can be captured");
  f("keeps", a.keeps, "how it keeps what is replaced");
  f("resources", a.resources, "keys of what a restore changes");
  f("evidence", a.evidence, "how this is known, in sentences");
  f("replaces", a.replaces, "what a restore would take the place of, for the verbs").optional();
  f("concerns", a.concerns, "what keeps it from being restored unless waived").optional();
}

struct ExamineArgs {
  Artifact artifact = {};
};
inline void fields(Fields& f, ExamineArgs& a) { f("artifact", a.artifact, "what to examine"); }

struct Examination {
  std::string kind = {};
  Value identity = {};
  std::optional<std::string> version = {};
  std::map<std::string, std::string> contents = {};
  std::vector<std::string> evidence = {};
  std::vector<Concern> concerns = {};
  // What nobody could look into, and why, in a sentence; without it all of it was looked into.
  std::optional<std::string> unseen = {};
};
inline void fields(Fields& f, Examination& a) {
  f("kind", a.kind, "what the artifact is");
  f("identity", a.identity, "which system it was taken from").optional();
  f("version", a.version, "what wrote it");
  f("contents", a.contents, "what it holds, for people");
  f("evidence", a.evidence, "how this is known, in sentences");
  f("concerns", a.concerns, "what keeps it from being restored unless waived").optional();
  f("unseen", a.unseen, "what could not be looked into");
}

struct Captured {
  std::string kind = {};
  Value manifest = {};
};
inline void fields(Fields& f, Captured& a) {
  f("kind", a.kind, "what the bytes are");
  f("manifest", a.manifest, "what is known of them").optional();
}

struct StageArgs {
  Artifact from = {};
};
inline void fields(Fields& f, StageArgs& a) { f("from", a.from, "what to restore"); }

template <class Handle = Value, class Expected = Value>
struct Staged {
  Handle handle = {};
  Expected expected = {};
  std::vector<std::string> words = {};
};
template <class H, class E>
void fields(Fields& f, Staged<H, E>& a) {
  f("handle", a.handle, "what was staged, for the verbs that follow");
  f("expected", a.expected, "what health will look for");
  f("words", a.words, "what was staged, for people");
}

template <class Handle = Value>
struct CheckArgs {
  Handle staged = {};
};
template <class H>
void fields(Fields& f, CheckArgs<H>& a) {
  f("staged", a.staged, "what was staged");
}

template <class Handle = Value>
struct ActivateArgs {
  Handle staged = {};
};
template <class H>
void fields(Fields& f, ActivateArgs<H>& a) {
  f("staged", a.staged, "what was staged");
}

template <class Kept = Value>
struct Activated {
  std::optional<Kept> kept = {};  // none: nothing was kept
  std::vector<std::string> words = {};
};
template <class K>
void fields(Fields& f, Activated<K>& a) {
  f("kept", a.kept, "what was kept of the old, for release");
  f("words", a.words, "what was done, for people");
}

template <class Expected = Value>
struct HealthArgs {
  Expected expected = {};
  std::optional<Duration> deadline = {};
};
template <class E>
void fields(Fields& f, HealthArgs<E>& a) {
  f("expected", a.expected, "what stage said to look for");
  f("deadline", a.deadline, "how long to wait for it");
}

template <class Handle = Value>
struct DiscardArgs {
  Handle staged = {};
};
template <class H>
void fields(Fields& f, DiscardArgs<H>& a) {
  f("staged", a.staged, "what was staged");
}

template <class Kept = Value>
struct ReleaseArgs {
  Kept kept = {};
};
template <class K>
void fields(Fields& f, ReleaseArgs<K>& a) {
  f("kept", a.kept, "what activate kept");
}

// The result of check and health.
struct Verdict {
  std::vector<std::string> words = {};
};
inline void fields(Fields& f, Verdict& a) { f("words", a.words, "what was found, for people"); }

// Port 0 of capture is written.
inline constexpr std::uint32_t kContent = 0;

// Result<Inspection> inspect(Call&, const Nothing&)
template <class F>
auto inspect(F execute) {
  auto made = read("inspect", execute);
  made.summary("tells which system this is and how it is");
  return made;
}

// Result<Examination> examine(Call&, const ExamineArgs&); damage is an error of category corrupt.
template <class F>
auto examine(F execute) {
  auto made = read("examine", execute);
  made.summary("reads an artifact whole and tells what it is");
  return made;
}

// Result<Captured> capture(Call&, const A&)
template <class F>
auto capture(F execute) {
  auto made = read("capture", execute);
  made.summary("reads the live state").port_out("content");
  return made;
}

// Result<Staged<H, E>> stage(Call&, const A&), A with StageArgs' field
template <class P, class F>
auto stage(P plan, F execute) {
  auto made = change("stage", plan, execute);
  made.summary("writes an artifact whole beside the live state");
  return made;
}

// Result<Verdict> check(Call&, const A&), A with CheckArgs' field
template <class F>
auto check(F execute) {
  auto made = read("check", execute);
  made.summary("verifies what was staged");
  return made;
}

// Result<Activated<K>> activate(Call&, const A&), A with ActivateArgs' field. Say undo_by(); a
// target that cannot go back makes it with destroy("activate", ...).
template <class P, class F>
auto activate(P plan, F execute) {
  auto made = change("activate", plan, execute);
  made.summary("puts what was staged in the place of the live state").commit_point();
  return made;
}

// Result<Verdict> health(Call&, const A&), A with HealthArgs' fields
template <class P, class F>
auto health(P plan, F execute) {
  auto made = verify("health", plan, execute);
  made.summary("waits until the target is as expected");
  return made;
}

// Result<> discard(Call&, const A&), A with DiscardArgs' field
template <class P, class F>
auto discard(P plan, F execute) {
  auto made = destroy("discard", plan, execute);
  made.summary("removes what was staged").undo_none("what was staged can be staged again");
  return made;
}

// Result<> release(Call&, const A&), A with ReleaseArgs' field
template <class P, class F>
auto release(P plan, F execute) {
  auto made = destroy("release", plan, execute);
  made.summary("removes what activate kept").undo_none("what was kept is gone");
  return made;
}

}  // namespace snapcore::sdk::target
