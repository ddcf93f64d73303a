// A source over a bucket, and the interface snapcore.objects/1 to it.
#pragma once

#include <memory>
#include <mutex>
#include <snapcore/interfaces/objects.hpp>
#include <snapcore/interfaces/source.hpp>
#include <snapcore/plugin.hpp>
#include <string>

#include "bucket.hpp"
#include "sending.hpp"
#include "store.hpp"

namespace s3 {

namespace sdk = snapcore::sdk;
namespace objects = snapcore::sdk::objects;
namespace source = snapcore::sdk::source;

// An artifact of another source, kept in this one.
struct KeepArgs {
  sdk::Artifact from = {};
  std::string name = {};
  snapcore::Value manifest = {};
  bool as_found = false;  // nothing is put beside it that does not stand beside it there
};
void fields(sdk::Fields& f, KeepArgs& a);

class Source {
 public:
  Source(Config config, Surroundings surroundings)
      : config_(std::move(config)), surroundings_(std::move(surroundings)) {}
  static snapcore::Result<std::unique_ptr<Source>> create(sdk::Call& call, const Config& config);

  snapcore::Result<> list(sdk::Call& call, const source::ListArgs& args);
  snapcore::Result<sdk::Artifact> stat(sdk::Call& call, const source::StatArgs& args);
  snapcore::Result<> open(sdk::Call& call, const source::OpenArgs& args);
  snapcore::Result<sdk::Planned> plan_store(sdk::Call& call, const source::StoreArgs& args);
  snapcore::Result<sdk::Artifact> store(sdk::Call& call, const source::StoreArgs& args);
  snapcore::Result<sdk::Undone> undo_store(
      sdk::Call& call, const sdk::Compensation<source::StoreArgs, sdk::Artifact>& what);
  snapcore::Result<sdk::Planned> plan_keep(sdk::Call& call, const KeepArgs& args);
  snapcore::Result<sdk::Artifact> keep(sdk::Call& call, const KeepArgs& args);
  snapcore::Result<sdk::Undone> undo_keep(sdk::Call& call,
                                          const sdk::Compensation<KeepArgs, sdk::Artifact>& what);
  snapcore::Result<sdk::Planned> plan_remove(sdk::Call& call, const source::RemoveArgs& args);
  snapcore::Result<> remove(sdk::Call& call, const source::RemoveArgs& args);

  snapcore::Result<> objects_list(sdk::Call& call, const objects::ListArgs& args);
  snapcore::Result<> objects_versions(sdk::Call& call, const objects::VersionsArgs& args);
  snapcore::Result<objects::Object> objects_stat(sdk::Call& call, const objects::StatArgs& args);
  snapcore::Result<> objects_get(sdk::Call& call, const objects::GetArgs& args);
  snapcore::Result<sdk::Planned> plan_objects_put(sdk::Call& call, const objects::PutArgs& args);
  snapcore::Result<objects::Object> objects_put(sdk::Call& call, const objects::PutArgs& args);
  snapcore::Result<sdk::Undone> undo_objects_put(
      sdk::Call& call, const sdk::Compensation<objects::PutArgs, objects::Object>& what);
  snapcore::Result<sdk::Planned> plan_objects_copy(sdk::Call& call, const objects::CopyArgs& args);
  snapcore::Result<objects::Object> objects_copy(sdk::Call& call, const objects::CopyArgs& args);
  snapcore::Result<sdk::Undone> undo_objects_copy(
      sdk::Call& call, const sdk::Compensation<objects::CopyArgs, objects::Object>& what);
  snapcore::Result<sdk::Planned> plan_objects_remove(sdk::Call& call,
                                                     const objects::RemoveArgs& args);
  snapcore::Result<> objects_remove(sdk::Call& call, const objects::RemoveArgs& args);
  snapcore::Result<objects::Traits> objects_traits(sdk::Call& call, const sdk::Nothing& args);

  snapcore::Result<sdk::Planned> plan_make_bucket(sdk::Call& call, const sdk::Nothing& args);
  snapcore::Result<BucketResult> make_bucket(sdk::Call& call, const sdk::Nothing& args);
  snapcore::Result<sdk::Undone> undo_make_bucket(
      sdk::Call& call, const sdk::Compensation<sdk::Nothing, BucketResult>& what);

  snapcore::Result<sdk::Planned> plan_test_store(sdk::Call& call, const sdk::Nothing& args);
  snapcore::Result<objects::Traits> test_store(sdk::Call& call, const sdk::Nothing& args);
  snapcore::Result<sdk::Undone> undo_test_store(
      sdk::Call& call, const sdk::Compensation<sdk::Nothing, objects::Traits>& what);

 private:
  // Settings and credentials are looked for when they are first needed: a site may name a store
  // that nobody uses.
  snapcore::Result<std::shared_ptr<Store>> connect(sdk::Call& call);
  snapcore::Result<sdk::Artifact> store_from(sdk::Call& call, const Content& content,
                                             const source::StoreArgs& args,
                                             bool with_companions = true);
  snapcore::Result<sdk::Undone> take_back_store(sdk::Call& call, bool recorded,
                                                const snapcore::Value& undo);
  static std::string resource(const Store& store, std::string_view key);

  Config config_;
  Surroundings surroundings_;
  std::mutex mutex_;
  std::shared_ptr<Store> store_;
};

}  // namespace s3
