#include "listing.hpp"

#include <charconv>

#include "beside.hpp"
#include "xml.hpp"

namespace s3 {

using snapcore::Category;
using snapcore::fail;
using snapcore::Result;
namespace sdk = snapcore::sdk;

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// XML cannot carry every key, so we ask for keys encoded as in a form: '+' is a blank.
std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out.push_back(' ');
    } else if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 &&
               hex_digit(text[i + 2]) >= 0) {
      out.push_back(static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2])));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

auto bad(std::string_view why) {
  return fail({.code = "s3.bad_listing",
               .message = "the store lists what cannot be: " + std::string(why),
               .category = Category::kPermanent});
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// A page, and how its keys are written.
struct Page {
  xml::Element root;
  bool encoded = false;

  std::string key(std::string_view text) const {
    return encoded ? decoded(text) : std::string(text);
  }
  bool more() const { return root.text_of("IsTruncated") == "true"; }
};

Ask ask_for(aws::Pairs query) {
  query.emplace_back("encoding-type", "url");
  return {.query = std::move(query)};
}

Result<Page> fetch(Session& session, aws::Pairs query, std::string_view root_name,
                   std::optional<Session::Try> first = {}) {
  Ask ask = ask_for(std::move(query));
  auto answer = session.demand(
      ask, "cannot list " + session.store().shown(session.settings().prefix), std::move(first));
  if (!answer) return fail(answer.error());
  auto root = xml::parse(answer->body);
  if (!root) return fail(root.error());
  if (root->name != root_name) {
    return bad("it answers <" + root->name + "> and no list");
  }
  Page page{.root = std::move(*root)};
  page.encoded = page.root.text_of("EncodingType") == "url";
  return page;
}

std::optional<std::string> given(std::string_view text) {
  if (text.empty()) return std::nullopt;
  return std::string(text);
}

Result<objects::Object> object_from(const Page& page, const xml::Element& item) {
  const auto size = number(item.text_of("Size"));
  objects::Object object{.key = page.key(item.text_of("Key")), .size = size.value_or(0)};
  if (!size || object.key.empty()) return bad("an object without a key or a size");
  object.modified = sdk::Time::parse(item.text_of("LastModified"));
  object.etag = given(item.text_of("ETag"));
  return object;
}

Result<objects::Version> version_from(const Page& page, const xml::Element& item) {
  objects::Version version{.key = page.key(item.text_of("Key")),
                           .version_id = std::string(item.text_of("VersionId")),
                           .newest = item.text_of("IsLatest") == "true",
                           .marker = item.name == "DeleteMarker"};
  if (version.key.empty() || version.version_id.empty()) {
    return bad("a version without a key or an id");
  }
  version.modified = sdk::Time::parse(item.text_of("LastModified"));
  if (version.marker) return version;
  version.size = number(item.text_of("Size"));
  version.etag = given(item.text_of("ETag"));
  if (!version.size) return bad("a version without a size");
  return version;
}

aws::Pairs versions_behind(const std::string& prefix, const std::string& key_marker,
                           const std::string& version_marker) {
  aws::Pairs query = {{"versions", ""}, {"prefix", prefix}};
  if (!key_marker.empty()) query.emplace_back("key-marker", key_marker);
  // A page may end within the history of one key.
  if (!version_marker.empty()) query.emplace_back("version-id-marker", version_marker);
  return query;
}

// A page that is fetched while the one before it is told.
using Ahead = std::optional<Beside<Session::Try>>;

Result<> begin(Ahead& ahead, Session& session, aws::Pairs query) {
  auto signing = session.signing();
  if (!signing) return fail(signing.error());
  ahead.emplace([&session, ask = ask_for(std::move(query)),
                 with = std::move(*signing)](const Beside<Session::Try>::Stopped& stopped) mutable {
    return session.try_once(ask, std::move(with), stopped);
  });
  return {};
}

// Of all keys with the prefix, or of one.
Result<> list_pages(Session& session, const std::string& prefix,
                    const std::optional<std::string>& only, const Visit<objects::Version>& visit) {
  std::string key_marker;
  std::string version_marker;
  Ahead ahead;
  for (;;) {
    std::optional<Session::Try> first;
    if (ahead) first = ahead->get();
    ahead.reset();
    auto page = fetch(session, versions_behind(prefix, key_marker, version_marker),
                      "ListVersionsResult", std::move(first));
    if (!page) return fail(page.error());
    std::string key = page->key(page->root.text_of("NextKeyMarker"));
    std::string id(page->root.text_of("NextVersionIdMarker"));
    const bool somewhere = !key.empty() && (key != key_marker || id != version_marker);
    key_marker = std::move(key);
    version_marker = std::move(id);
    if (page->more() && somewhere && (!only || key_marker == *only)) {
      auto begun = begin(ahead, session, versions_behind(prefix, key_marker, version_marker));
      if (!begun) return begun;
    }
    for (const xml::Element& item : page->root.children) {
      if (item.name != "Version" && item.name != "DeleteMarker") continue;
      auto version = version_from(*page, item);
      if (!version) return fail(version.error());
      // What only begins with the key follows behind all versions of it.
      if (only && version->key != *only) return {};
      auto going = visit(*version);
      if (!going) return fail(going.error());
      if (!*going) return {};
    }
    if (!page->more()) return {};
    if (!somewhere) return bad("more to come, but not where");
  }
}

}  // namespace

Result<> list_objects(Session& session, const std::string& prefix,
                      const Visit<objects::Object>& visit) {
  std::string token;
  for (;;) {
    aws::Pairs query = {{"list-type", "2"}, {"prefix", prefix}};
    if (!token.empty()) query.emplace_back("continuation-token", token);
    auto page = fetch(session, std::move(query), "ListBucketResult");
    if (!page) return fail(page.error());
    for (const xml::Element& item : page->root.children) {
      if (item.name != "Contents") continue;
      auto object = object_from(*page, item);
      if (!object) return fail(object.error());
      auto going = visit(*object);
      if (!going) return fail(going.error());
      if (!*going) return {};
    }
    if (!page->more()) return {};
    std::string next(page->root.text_of("NextContinuationToken"));
    if (next.empty() || next == token) return bad("more to come, but not where");
    token = std::move(next);
  }
}

Result<> list_versions(Session& session, const std::string& prefix,
                       const Visit<objects::Version>& visit) {
  return list_pages(session, prefix, {}, visit);
}

Result<> list_versions_of(Session& session, const std::string& key,
                          const Visit<objects::Version>& visit) {
  return list_pages(session, key, key, visit);
}

}  // namespace s3
