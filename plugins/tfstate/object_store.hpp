// The store that the site names, asked through the interface snapcore.objects/1 for one call. Keys
// are those of the bucket.
#pragma once

#include <functional>
#include <optional>
#include <snapcore/interfaces/objects.hpp>
#include <string>
#include <vector>

#include "object_place.hpp"

namespace tfstate {

namespace sdk = snapcore::sdk;
namespace objects = snapcore::sdk::objects;

// Whether an error is that one of the interface, whichever plugin says it.
bool is_refusal(const snapcore::Error& error, std::string_view what);

// The bytes of one version, from front to back.
class ObjectBytes {
 public:
  ObjectBytes(sdk::Subcall subcall) : subcall_(std::move(subcall)) {}
  Result<std::size_t> read(std::span<std::byte> into) { return subcall_.read(into); }

 private:
  sdk::Subcall subcall_;
};

class ObjectStore {
 public:
  ObjectStore(sdk::Call& call, const ObjectPlace& place) : call_(&call), place_(&place) {}

  // Nothing when the key stands for nothing, or was deleted.
  Result<std::optional<objects::Object>> look(const std::string& key,
                                              const std::optional<std::string>& version_id = {});
  Result<ObjectBytes> open(objects::GetArgs args);
  // A small object whole.
  Result<std::optional<std::string>> text(const std::string& key);
  // The newest first, delete markers among them.
  Result<std::vector<objects::Version>> versions(const std::string& key);
  Result<objects::Traits> traits();

  // `label` as the plan has announced it.
  using Read = std::function<Result<std::size_t>(std::span<std::byte>)>;
  Result<objects::Object> put(objects::PutArgs args, const std::string& label, const Read& read);
  Result<objects::Object> copy(const std::string& key, const std::string& version_id,
                               const std::string& label);
  Result<> remove(const std::string& key, const std::string& label);

  // The arguments as the store gets them: without what its instance puts before every key.
  std::string inside(const std::string& key) const { return key.substr(place_->prefix.size()); }

 private:
  sdk::Call* call_;
  const ObjectPlace* place_;
};

}  // namespace tfstate
