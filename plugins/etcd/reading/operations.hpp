// The readings of reading.hpp as operations that need no instance.
#pragma once

#include <snapcore/sdk/call.hpp>

#include "reading/reading.hpp"

namespace etcd {

Result<Counted> call_keys(snapcore::sdk::Call& call, const KeysArgs& args);
Result<Counted> call_get(snapcore::sdk::Call& call, const GetArgs& args);
Result<Counted> call_history(snapcore::sdk::Call& call, const GetArgs& args);
Result<Exported> call_export(snapcore::sdk::Call& call, const KeysArgs& args);
Result<Hashed> call_hashkv(snapcore::sdk::Call& call, const HashArgs& args);
Result<Stats> call_stats(snapcore::sdk::Call& call, const StatsArgs& args);
Result<Diff> call_diff(snapcore::sdk::Call& call, const DiffArgs& args);

}  // namespace etcd
