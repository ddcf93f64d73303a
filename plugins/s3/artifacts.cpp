#include "artifacts.hpp"

#include <algorithm>
#include <snapcore/utf8.hpp>
#include <vector>

#include "listing.hpp"
#include "names.hpp"

namespace s3 {

using snapcore::fail;
using snapcore::Result;
using snapcore::Value;
namespace sdk = snapcore::sdk;

namespace {

constexpr std::size_t kLargestCompanion = 1 << 20;

bool is_digest(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
         });
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c; });
  return out;
}

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
    auto manifest = Value::parse(**text);
    if (!manifest || !manifest->is_object()) {
      artifact_.manifest = "(not JSON)";
      warn(kManifestSuffix, "is not a JSON object");
      return {};
    }
    artifact_.manifest = std::move(*manifest);
    const std::string kind = artifact_.manifest.at("kind").text();
    if (!kind.empty()) artifact_.kind = kind;
    artifact_.created = sdk::Time::parse(artifact_.manifest.at("created").text());
    const std::string digest = artifact_.manifest.at("stored").at("sha256").text();
    if (is_digest(digest)) artifact_.sha256 = lower(digest);
    return {};
  }

  // Where both companions name a digest, the one that sha256sum checks stands beside the
  // manifest's, so that the core sees when they disagree.
  Result<> take_digest() {
    auto text = companion(kDigestSuffix);
    if (!text) return passed_over(text.error());
    if (!*text) return {};
    auto digest = digest_in(**text, last_part(key_));
    if (digest) {
      artifact_.sha256 = std::move(digest);
    } else {
      warn(kDigestSuffix, "names no SHA-256 of it");
    }
    return {};
  }

  sdk::Artifact take() { return std::move(artifact_); }

 private:
  Result<std::optional<std::string>> companion(std::string_view suffix) {
    auto text = read_text(session_, key_ + std::string(suffix), kLargestCompanion);
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

std::optional<std::string> digest_in(std::string_view sum_file, std::string_view file) {
  while (!sum_file.empty()) {
    const auto end = std::min(sum_file.find('\n'), sum_file.size());
    std::string_view line = sum_file.substr(0, end);
    sum_file.remove_prefix(std::min(end + 1, sum_file.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!is_digest(line.substr(0, 64))) continue;
    const std::string_view rest = line.substr(64);
    if (rest.find_first_not_of(' ') == std::string_view::npos) return lower(line.substr(0, 64));
    if (!rest.starts_with("  ") && !rest.starts_with(" *")) continue;
    if (last_part(rest.substr(2)) == file) return lower(line.substr(0, 64));
  }
  return std::nullopt;
}

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

Result<> list_artifacts(Session& session, const std::string& prefix) {
  Held held(session);
  auto listed = list_objects(session, session.settings().prefix + prefix,
                             [&](objects::Object& object) { return held.take(object); });
  if (!listed) return listed;
  return held.let_go_before(nullptr);
}

}  // namespace s3
