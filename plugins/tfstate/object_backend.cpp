#include "object_backend.hpp"

#include <algorithm>
#include <memory>
#include <snapcore/utf8.hpp>

#include "object_lock.hpp"
#include "object_state.hpp"
#include "state_lock.hpp"

namespace tfstate {
namespace {

using snapcore::Category;
using snapcore::fail;

constexpr std::size_t kPiece = std::size_t{4} << 20;

// Asks for a large piece at a time: of most states that is all.
class PiecewiseObject {
 public:
  PiecewiseObject(sdk::Call& call, ObjectPlace place, objects::Object object)
      : call_(call), place_(std::move(place)), object_(std::move(object)) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) {
    if (offset >= object_.size) return 0;
    if (offset < begin_ || offset >= begin_ + piece_.size()) {
      if (auto fetched = fetch(offset); !fetched) return fail(fetched.error());
    }
    const auto from = static_cast<std::size_t>(offset - begin_);
    const std::size_t size = std::min(into.size(), piece_.size() - from);
    std::copy_n(piece_.begin() + static_cast<std::ptrdiff_t>(from), size, into.begin());
    return size;
  }

 private:
  Result<> fetch(std::uint64_t offset) {
    ObjectStore store(call_, place_);
    objects::GetArgs args = pinned(place_.key, object_);
    begin_ = offset - offset % kPiece;
    args.offset = begin_;
    args.length = std::min<std::uint64_t>(kPiece, object_.size - begin_);
    auto bytes = store.open(args);
    if (!bytes) return fail(bytes.error());
    piece_.resize(static_cast<std::size_t>(*args.length));
    std::size_t size = 0;
    while (size < piece_.size()) {
      const auto got = bytes->read(std::span(piece_).subspan(size));
      if (!got) return fail(got.error());
      if (*got == 0) break;
      size += *got;
    }
    piece_.resize(size);
    return {};
  }

  sdk::Call& call_;
  const ObjectPlace place_;
  const objects::Object object_;
  std::uint64_t begin_ = 0;
  std::vector<std::byte> piece_;
};

snapcore::Error another_bucket(const ObjectPlace& place, const std::string& bucket) {
  return {.code = "tfstate.other_bucket",
          .message = "the state is in the bucket '" + snapcore::shown(*place.bucket) +
                     "', and the store '" + place.store.name + "' is the bucket '" +
                     snapcore::shown(bucket) + "'",
          .hint = "name an instance of the plugin s3 for that bucket",
          .category = Category::kPrecondition};
}

}  // namespace

Result<ObjectPlace> ObjectBackend::connect(sdk::Call& call) const {
  const std::lock_guard lock(mutex_);
  if (connected_) return known_;
  ObjectPlace place = place_;
  const auto traits = ObjectStore(call, place).traits();
  if (!traits) return fail(traits.error());
  if (traits->bucket && place.bucket && *traits->bucket != *place.bucket)
    return fail(another_bucket(place, *traits->bucket));
  if (!place.bucket) place.bucket = traits->bucket;
  place.prefix = traits->prefix.value_or("");
  if (!place.key.starts_with(place.prefix)) {
    return fail({.code = "tfstate.other_prefix",
                 .message = "the store '" + place.store.name + "' knows only keys below '" +
                            snapcore::shown(place.prefix) + "', and the state's is '" +
                            snapcore::shown(place.key) + "'",
                 .hint = "name an instance of the plugin s3 with another prefix, or none",
                 .category = Category::kPrecondition});
  }
  known_ = std::move(place);
  connected_ = true;
  return known_;
}

std::optional<ExpectedLineage> ObjectBackend::expected_lineage() const {
  if (!place_.lineage) return std::nullopt;
  return ExpectedLineage{*place_.lineage, "its lineage is as the site says"};
}

Result<LiveState> ObjectBackend::read_live(
    sdk::Call& call, const std::function<Result<>(std::span<const std::byte>)>& take) const {
  const auto place = connect(call);
  if (!place) return fail(place.error());
  ObjectStore store(call, *place);
  return read_live_object(store, *place, take);
}

Result<StateBytes> ObjectBackend::live_bytes(sdk::Call& call) const {
  const auto place = connect(call);
  if (!place) return fail(place.error());
  const auto found = ObjectStore(call, *place).look(place->key);
  if (!found) return fail(found.error());
  if (!*found) {
    return StateBytes{
        .name = place->shown(),
        .read_at = [](std::uint64_t, std::span<std::byte>) -> Result<std::size_t> { return 0; }};
  }
  auto bytes = std::make_shared<PiecewiseObject>(call, *place, **found);
  return StateBytes{.name = place->shown(),
                    .read_at = [bytes](std::uint64_t offset, std::span<std::byte> into) {
                      return bytes->read_at(offset, into);
                    }};
}

Result<std::optional<Holder>> ObjectBackend::lock_holder(sdk::Call& call) const {
  const auto place = connect(call);
  if (!place) return fail(place.error());
  const auto text = ObjectStore(call, *place).text(place->lock_key());
  if (!text) return fail(text.error());
  std::optional<LockInfo> holder;
  if (*text) holder = LockInfo::from_json(**text);
  if (!*text) {
    const auto table = make_table_(call, *place);
    if (!table) return fail(table.error());
    if (!*table) return std::optional<Holder>();
    const auto found = (*table)->look();
    if (!found) return fail(found.error());
    if (!*found) return std::optional<Holder>();
    holder = **found;
  }
  return std::optional(Holder{holder ? words_of(*holder) : "somebody who does not say who it is",
                              how_it_goes(*place, holder)});
}

}  // namespace tfstate
