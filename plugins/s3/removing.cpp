#include "removing.hpp"

#include "listing.hpp"
#include "reading.hpp"
#include "writing.hpp"

namespace s3 {

using snapcore::fail;
using snapcore::Result;

namespace {

Result<bool> is_newest(Session& session, const std::string& key, const std::string& version_id) {
  const auto newest = look_at(session, key);
  if (newest) return newest->object.version_id == version_id;
  const std::string& code = newest.error().code;
  if (code == "s3.deleted" || code == "s3.not_found") return false;
  return fail(newest.error());
}

// What somebody wrote between the look and the marker must not be hidden by it.
Result<bool> hides_only(Session& session, const std::string& key, const std::string& marker,
                        const std::string& version_id) {
  bool below = false;
  bool fine = false;
  auto listed = list_versions_of(session, key, [&](objects::Version& version) -> Result<bool> {
    if (below && !version.marker) {
      fine = version.version_id == version_id;
      return false;
    }
    below = below || version.version_id == marker;
    return true;
  });
  if (!listed) return fail(listed.error());
  return fine;
}

Result<> hide(Session& session, const std::string& key, const std::string& version_id) {
  const auto newest = is_newest(session, key, version_id);
  if (!newest) return fail(newest.error());
  if (!*newest) return {};
  auto answer =
      session.demand({.method = "DELETE", .key = key}, "cannot hide " + session.store().shown(key));
  if (!answer) return fail(answer.error());
  const std::string marker(answer->header("x-amz-version-id"));
  if (marker.empty()) return {};
  const auto only = hides_only(session, key, marker, version_id);
  if (!only) return fail(only.error());
  return *only ? Result<>() : remove_version(session, key, marker);
}

}  // namespace

Result<Gone> take_away(Session& session, const std::string& key, const std::string& version_id) {
  auto removed = remove_version(session, key, version_id);
  if (removed) return Gone::kRemoved;
  if (removed.error().code != "s3.protected") return fail(removed.error());
  if (auto hidden = hide(session, key, version_id); !hidden) return fail(hidden.error());
  return Gone::kHidden;
}

}  // namespace s3
