#include "source.hpp"

namespace local_files {

namespace sdk = snapcore::sdk;

sdk::Plugin<Source> describe_plugin() {
  return sdk::Plugin<Source>("files", "1.0.0")
      .license("Apache-2.0")
      .summary("artifacts in a local directory")
      .source()
      .operation(sdk::source::list(&Source::list))
      .operation(sdk::source::stat(&Source::stat))
      .operation(sdk::source::open(&Source::open))
      .operation(sdk::source::store(&Source::plan_store, &Source::store)
                     .repeat(sdk::Repeat::kKeyed)
                     .undo_by(&Source::undo_store))
      .operation(
          sdk::source::remove(&Source::plan_remove, &Source::remove).repeat(sdk::Repeat::kSafe));
}

}  // namespace local_files

SNAPCORE_PLUGIN(local_files::describe_plugin);
