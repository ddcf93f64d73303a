// Activations of a cluster on disk, and what takes them back.
#pragma once

#include <activation.hpp>

#include "disk_cluster.hpp"

namespace etcd::test {

inline constexpr Layout kLayouts[] = {Layout::kPlain, Layout::kWalBeside, Layout::kWalWithin,
                                      Layout::kMount, Layout::kMountsForBoth};

// Activation with a record of what it recorded and did, and a step at which it fails.
class Rehearsal {
 public:
  ActivationWork work(const DiskCluster& cluster) {
    return {.watch = {},
            .step = step(),
            .record_undo = [this](const WayBack& back) -> Result<> {
              way_back = back;
              recorded = true;
              return {};
            },
            .stamp = cluster.stamp,
            .mark = "aaaaaaaa"};
  }

  Step step() {
    return [this](const std::string& words) -> Result<> {
      if (steps.size() == fail_at)
        return snapcore::fail({.code = "test.killed", .message = "before: " + words});
      steps.push_back(words);
      return {};
    };
  }

  std::size_t fail_at = SIZE_MAX;
  std::vector<std::string> steps;
  WayBack way_back;
  bool recorded = false;
};

inline Result<> go_on(const std::string&) { return {}; }

inline StagedData staged_for(DiskCluster& cluster) {
  auto staged = cluster.stage(DiskCluster::snapshot(), 'a');
  EXPECT_TRUE(staged) << staged.error().message;
  return staged ? *staged : StagedData{};
}

inline Result<std::vector<std::string>> undo(const DiskCluster& cluster, const Rehearsal& rehearsal,
                                             const Step& step = go_on) {
  return undo_activation(cluster.target, rehearsal.way_back.data, step, {});
}

}  // namespace etcd::test
