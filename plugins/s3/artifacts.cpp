#include "artifacts.hpp"

#include <snapcore/support/companions.hpp>
#include <snapcore/utf8.hpp>
#include <vector>

#include "listing.hpp"
#include "names.hpp"

namespace s3 {

using snapcore::fail;
using snapcore::Result;
namespace companions = snapcore::companions;
namespace sdk = snapcore::sdk;

namespace {

bool is_absent(const snapcore::Error& error) {
  return error.code == "s3.not_found" || error.code == "s3.deleted";
}

class Describing {
 public:
  Describing(Session& session, const objects::Object& object)
      : session_(session), key_(object.key) {
    artifact_.ref = object.key.substr(session.settings().prefix.size());
    artifact_.name = artifact_.ref;
    artifact_.size = object.size;
    artifact_.modified = object.modified;
    artifact_.etag = object.etag;
    artifact_.version_id = object.version_id;
  }

  Result<> take_manifest() {
    auto text = companion(kManifestSuffix);
    if (!text) {
      artifact_.manifest = "(cannot be read)";
      return passed_over(text.error());
    }
    if (!*text) return {};
    if (!companions::take_manifest(artifact_, **text)) {
      warn(kManifestSuffix, "is not a JSON object");
    }
    return {};
  }

  Result<> take_digest() {
    auto text = companion(kDigestSuffix);
    if (!text) return passed_over(text.error());
    if (!*text) return {};
    if (!companions::take_digest(artifact_, **text, last_part(key_))) {
      warn(kDigestSuffix, "names no SHA-256 of it");
    }
    return {};
  }

  sdk::Artifact take() { return std::move(artifact_); }

 private:
  Result<std::optional<std::string>> companion(std::string_view suffix) {
    auto text = read_text(session_, key_ + std::string(suffix), companions::kLargest);
    if (text) return std::optional(std::move(*text));
    if (is_absent(text.error())) return std::optional<std::string>();
    return fail(text.error());
  }

  // A companion that may not be read says something about itself alone; a store that is gone, or a
  // person who wants to stop, about everything.
  Result<> passed_over(const snapcore::Error& error) {
    if (error.code != "s3.too_large" && error.code != "s3.denied" && error.code != "s3.archived") {
      return fail(error);
    }
    session_.call().log(sdk::Level::kWarning, error.message);
    return {};
  }
  void warn(std::string_view suffix, std::string_view why) {
    session_.call().log(sdk::Level::kWarning, session_.store().shown(key_ + std::string(suffix)) +
                                                  " " + std::string(why));
  }

  Session& session_;
  std::string key_;
  sdk::Artifact artifact_;
};

// The objects whose companions may still come: each name is the beginning of the one above it.
class Held {
 public:
  explicit Held(Session& session) : session_(session) {}

  Result<bool> take(objects::Object& object) {
    if (auto going = session_.call().keep_going(); !going) return fail(going.error());
    if (auto gone = let_go_before(&object.key); !gone) return fail(gone.error());
    const std::string_view name =
        std::string_view(object.key).substr(session_.settings().prefix.size());
    if (mark(object.key, kManifestSuffix, &Companions::manifest) ||
        mark(object.key, kDigestSuffix, &Companions::digest) || !is_artifact(name)) {
      return true;
    }
    if (!snapcore::is_utf8(object.key)) {
      session_.call().log(sdk::Level::kWarning, session_.store().shown(object.key) +
                                                    " is left out: its name is not UTF-8");
      return true;
    }
    held_.push_back({std::move(object), {false, false}});
    return true;
  }

  // Those whose companions would have stood before `key`; all when there is none.
  Result<> let_go_before(const std::string* key) {
    while (!held_.empty() &&
           (!key || *key > held_.back().object.key + std::string(kManifestSuffix))) {
      auto artifact = artifact_of(session_, held_.back().object, held_.back().companions);
      if (!artifact) return fail(artifact.error());
      held_.pop_back();
      if (auto told = session_.call().emit(*artifact); !told) return told;
    }
    return {};
  }

 private:
  struct One {
    objects::Object object;
    Companions companions;
  };

  bool mark(std::string_view key, std::string_view suffix, bool Companions::*which) {
    if (!key.ends_with(suffix)) return false;
    key.remove_suffix(suffix.size());
    for (One& one : held_) {
      if (one.object.key == key) one.companions.*which = true;
    }
    return true;
  }

  Session& session_;
  std::vector<One> held_;
};

}  // namespace

Result<sdk::Artifact> artifact_of(Session& session, const objects::Object& object,
                                  Companions companions) {
  Describing describing(session, object);
  if (companions.manifest) {
    if (auto taken = describing.take_manifest(); !taken) return fail(taken.error());
  }
  if (companions.digest) {
    if (auto taken = describing.take_digest(); !taken) return fail(taken.error());
  }
  return describing.take();
}

sdk::Artifact artifact_as_written(Session& session, const objects::Object& object,
                                  const snapcore::Value& manifest, const std::string& sha256) {
  sdk::Artifact artifact = Describing(session, object).take();
  if (manifest.is_object()) companions::take_manifest(artifact, manifest.dump());
  artifact.sha256 = sha256;
  return artifact;
}

Result<> list_artifacts(Session& session, const std::string& prefix) {
  Held held(session);
  auto listed = list_objects(session, session.settings().prefix + prefix,
                             [&](objects::Object& object) { return held.take(object); });
  if (!listed) return listed;
  return held.let_go_before(nullptr);
}

}  // namespace s3
