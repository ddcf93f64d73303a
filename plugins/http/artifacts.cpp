#include "artifacts.hpp"

#include <snapcore/support/companions.hpp>
#include <snapcore/utf8.hpp>

namespace web {

using snapcore::Category;
using snapcore::Error;
using snapcore::fail;
using snapcore::Result;
namespace companions = snapcore::companions;

namespace {

class Describing {
 public:
  Describing(Visit& visit, const Place& place) : visit_(visit), place_(place) {}

  Result<sdk::Artifact> run() {
    auto found = look_at(visit_, place_.url);
    if (!found) return fail(found.error());
    artifact_.ref = place_.ref;
    artifact_.name = place_.entry && place_.entry->name ? *place_.entry->name : place_.url.name();
    artifact_.size = found->mark.size;
    artifact_.modified = found->modified;
    if (!found->mark.etag.empty()) artifact_.etag = found->mark.etag;
    if (!found->mark.version().empty()) artifact_.version_id = found->mark.version();
    // What a query asks for is one answer, and has nothing beside it.
    if (!place_.url.has_query) {
      if (auto taken = take_companions(); !taken) return fail(taken.error());
    }
    if (place_.entry) take_entry(*place_.entry);
    return std::move(artifact_);
  }

 private:
  Result<> take_companions() {
    auto manifest = companion(companions::kManifestSuffix);
    if (!manifest) return fail(manifest.error());
    if (*manifest && !companions::take_manifest(artifact_, **manifest)) {
      // A server that answers everything with its start page has no manifest.
      artifact_.manifest = {};
      warn(companions::kManifestSuffix, "is not a JSON object");
    }
    auto digest = companion(companions::kDigestSuffix);
    if (!digest) return fail(digest.error());
    if (*digest && !companions::take_digest(artifact_, **digest, place_.url.name())) {
      warn(companions::kDigestSuffix, "names no SHA-256 of it");
    }
    return {};
  }

  // Nothing where there is none, or none for us: a bucket that may not be listed says 403 of what
  // is not there.
  Result<std::optional<std::string>> companion(std::string_view suffix) {
    auto url = parse_url(place_.url.text + std::string(suffix));
    if (!url) return std::optional<std::string>();
    auto text = read_text(visit_, *url, companions::kLargest);
    if (text) return std::optional(std::move(*text));
    const Error& error = text.error();
    if (error.code == "http.not_found" || error.code == "http.denied") {
      return std::optional<std::string>();
    }
    if (error.code != "http.too_large") return fail(error);
    warn(suffix, "is too large for what it should be");
    return std::optional<std::string>();
  }

  void take_entry(const Entry& entry) {
    if (entry.kind) artifact_.kind = entry.kind;
    if (!entry.sha256) return;
    std::string digest = *entry.sha256;
    for (char& c : digest) c = c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c;
    artifact_.sha256 = std::move(digest);
  }

  void warn(std::string_view suffix, std::string_view why) {
    visit_.call().log(sdk::Level::kWarning, http::shown_url(place_.url.text) + std::string(suffix) +
                                                " " + std::string(why));
  }

  Visit& visit_;
  const Place& place_;
  sdk::Artifact artifact_;
};

}  // namespace

Result<Place> place_of(Visit& visit, const Entry& entry) {
  std::string text = entry.url.value_or("");
  if (entry.secret_url) {
    auto secret = visit.call().secret(*entry.secret_url);
    if (!secret) return fail(secret.error());
    text = std::move(*secret);
  }
  auto url = parse_url(text);
  if (!url) {
    Error error = url.error();
    error.message = "'" + entry.name.value_or("") + "': " + error.message;
    return fail(std::move(error));
  }
  return Place{.url = std::move(*url), .ref = entry.name.value_or(text), .entry = &entry};
}

Result<Place> place_of(Visit& visit, const std::string& ref) {
  if (const Entry* entry = visit.settings().entry(ref)) return place_of(visit, *entry);
  auto url = parse_url(ref);
  if (!url) {
    Error error = url.error();
    if (ref.find("://") == std::string::npos) {
      error.code = "http.not_found";
      error.message = "'" + snapcore::shown(ref) + "' is neither an artifact of the site nor a URL";
      error.hint = {};
    }
    return fail(std::move(error));
  }
  if (lets_in(ref)) {
    return fail({.code = "http.bad_url",
                 .message = "the query of the URL looks like a secret, and a name is written down",
                 .hint = "in the site: artifacts = { { name = \"NAME\", secret_url = secret.env "
                         "\"VARIABLE\" } }, and NAME here",
                 .category = Category::kPrecondition});
  }
  return Place{.url = std::move(*url), .ref = ref};
}

Result<sdk::Artifact> artifact_at(Visit& visit, const Place& place) {
  return Describing(visit, place).run();
}

}  // namespace web
