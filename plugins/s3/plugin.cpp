#include "source.hpp"

namespace s3 {

sdk::Plugin<Source> describe_plugin() {
  using S = Source;
  return sdk::Plugin<S>("s3", "1.0.0")
      .license("Apache-2.0")
      .summary("artifacts in a bucket of an S3 store")
      .source()
      .offers(objects::kInterface)
      .operation(source::list(&S::list))
      .operation(source::stat(&S::stat))
      .operation(source::open(&S::open))
      .operation(source::store(&S::plan_store, &S::store)
                     .repeat(sdk::Repeat::kKeyed)
                     .undo_by(&S::undo_store))
      .operation(sdk::change("keep", &S::plan_keep, &S::keep)
                     .summary("stores an artifact of another source")
                     .repeat(sdk::Repeat::kKeyed)
                     .undo_by(&S::undo_keep))
      .operation(source::remove(&S::plan_remove, &S::remove).repeat(sdk::Repeat::kSafe))
      .operation(objects::list(&S::objects_list))
      .operation(objects::versions(&S::objects_versions))
      .operation(objects::stat(&S::objects_stat))
      .operation(objects::get(&S::objects_get))
      .operation(objects::put(&S::plan_objects_put, &S::objects_put)
                     .repeat(sdk::Repeat::kKeyed)
                     .undo_by(&S::undo_objects_put))
      .operation(objects::copy(&S::plan_objects_copy, &S::objects_copy)
                     .repeat(sdk::Repeat::kKeyed)
                     .undo_by(&S::undo_objects_copy))
      .operation(
          objects::remove(&S::plan_objects_remove, &S::objects_remove).repeat(sdk::Repeat::kSafe))
      .operation(objects::traits(&S::objects_traits))
      .operation(sdk::change("make_bucket", &S::plan_make_bucket, &S::make_bucket)
                     .summary("makes the bucket if it is not there, and has it keep versions")
                     .repeat(sdk::Repeat::kSafe)
                     .undo_by(&S::undo_make_bucket))
      .operation(sdk::change("test_store", &S::plan_test_store, &S::test_store)
                     .summary("finds out what the store honours, by trying")
                     .repeat(sdk::Repeat::kSafe)
                     .undo_by(&S::undo_test_store));
}

}  // namespace s3

SNAPCORE_PLUGIN(s3::describe_plugin);
