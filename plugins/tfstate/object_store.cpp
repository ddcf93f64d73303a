#include "object_store.hpp"

#include <array>
#include <snapcore/utf8.hpp>

namespace tfstate {
namespace {

using snapcore::fail;
using snapcore::Value;

constexpr std::size_t kSmall = 1 << 20;
constexpr std::size_t kPiece = 256 * 1024;

Result<std::string> read_all(sdk::Subcall& subcall, std::size_t limit, const std::string& name) {
  std::string text;
  std::vector<std::byte> piece(kPiece);
  for (;;) {
    const auto got = subcall.read(piece);
    if (!got) return fail(got.error());
    if (*got == 0) return text;
    text.append(reinterpret_cast<const char*>(piece.data()), *got);
    if (text.size() > limit) {
      return fail(
          {.code = "tfstate.too_large",
           .message = snapcore::shown(name) + " has more than " + std::to_string(limit) + " bytes",
           .category = snapcore::Category::kPrecondition});
    }
  }
}

}  // namespace

bool is_refusal(const snapcore::Error& error, std::string_view what) {
  const auto dot = error.code.find('.');
  return dot != std::string::npos && std::string_view(error.code).substr(dot + 1) == what;
}

Result<std::optional<objects::Object>> ObjectStore::look(
    const std::string& key, const std::optional<std::string>& version_id) {
  auto found = call_->call_as<objects::Object>(
      place_->store, "objects_stat",
      objects::StatArgs{.key = inside(key), .version_id = version_id}, "look");
  if (found) return std::optional(std::move(*found));
  if (is_refusal(found.error(), "not_found") || is_refusal(found.error(), "deleted"))
    return std::optional<objects::Object>();
  return fail(found.error());
}

Result<ObjectBytes> ObjectStore::open(objects::GetArgs args) {
  args.key = inside(args.key);
  auto subcall = call_->open_call(place_->store, "objects_get", sdk::to_value(args), "read");
  if (!subcall) return fail(subcall.error());
  return ObjectBytes(std::move(*subcall));
}

Result<std::optional<std::string>> ObjectStore::text(const std::string& key) {
  auto subcall = call_->open_call(place_->store, "objects_get",
                                  sdk::to_value(objects::GetArgs{.key = inside(key)}), "read");
  if (!subcall) return fail(subcall.error());
  auto text = read_all(*subcall, kSmall, key);
  if (text) return std::optional(std::move(*text));
  if (is_refusal(text.error(), "not_found") || is_refusal(text.error(), "deleted"))
    return std::optional<std::string>();
  return fail(text.error());
}

Result<std::vector<objects::Version>> ObjectStore::versions(const std::string& key) {
  const objects::VersionsArgs args{.key = inside(key)};
  auto subcall =
      call_->open_call(place_->store, "objects_versions", sdk::to_value(args), "versions");
  if (!subcall) return fail(subcall.error());
  const auto lines = read_all(*subcall, std::size_t{1} << 30, key);
  if (!lines) return fail(lines.error());
  std::vector<objects::Version> versions;
  for (std::size_t at = 0; at < lines->size();) {
    const auto end = lines->find('\n', at);
    const auto item = Value::parse(std::string_view(*lines).substr(at, end - at));
    if (!item) return fail(item.error());
    auto version = sdk::from_value<objects::Version>(*item);
    if (!version) return fail(version.error());
    versions.push_back(std::move(*version));
    at = end == std::string::npos ? lines->size() : end + 1;
  }
  return versions;
}

Result<objects::Traits> ObjectStore::traits() {
  return call_->call_as<objects::Traits>(place_->store, "objects_traits", sdk::Nothing{}, "traits");
}

Result<objects::Object> ObjectStore::put(objects::PutArgs args, const std::string& label,
                                         const Read& read) {
  std::vector<std::byte> piece(kPiece);
  // Before the store is busy with the write: who has the bytes may have to ask it for them.
  auto got = read(piece);
  if (!got) return fail(got.error());
  args.key = inside(args.key);
  auto subcall = call_->open_call(place_->store, "objects_put", sdk::to_value(args), label);
  if (!subcall) return fail(subcall.error());
  while (*got > 0) {
    // A writer that failed takes no more; finish() says why.
    if (!subcall->write(std::span(piece).first(*got))) break;
    got = read(piece);
    if (!got) return fail(got.error());  // without an end the bytes are nothing
  }
  if (*got == 0) (void)subcall->end_input();
  const auto made = subcall->finish();
  if (!made) return fail(made.error());
  return sdk::from_value<objects::Object>(*made);
}

Result<objects::Object> ObjectStore::copy(const std::string& key, const std::string& version_id,
                                          const std::string& label) {
  return call_->call_as<objects::Object>(
      place_->store, "objects_copy",
      objects::CopyArgs{.key = inside(key), .version_id = version_id}, label);
}

Result<> ObjectStore::remove(const std::string& key, const std::string& label) {
  auto removed = call_->call(place_->store, "objects_remove",
                             sdk::to_value(objects::RemoveArgs{.key = inside(key)}), label);
  if (!removed) return fail(removed.error());
  return {};
}

}  // namespace tfstate
