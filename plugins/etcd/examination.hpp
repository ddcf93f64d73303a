// What a snapshot is, in the words of the core.
#pragma once

#include <format/snapshot.hpp>
#include <map>
#include <optional>
#include <snapcore/sdk/fields.hpp>
#include <snapcore/sdk/planned.hpp>
#include <string>
#include <vector>

namespace etcd {

inline constexpr std::string_view kSnapshotKind = "etcd-snapshot";

// A guard that the core must refuse by, or see waived.
struct Concern {
  snapcore::sdk::Guard guard = snapcore::sdk::Guard::kHash;
  std::string message = {};
};
void fields(snapcore::sdk::Fields& f, Concern& concern);

struct Examination {
  std::string kind = {};
  snapcore::Value identity = {};
  std::optional<std::string> version = {};
  std::map<std::string, std::string> contents = {};
  std::vector<std::string> evidence = {};
  std::vector<Concern> concerns = {};
};
void fields(snapcore::sdk::Fields& f, Examination& examination);

// `running` is the version that will read it; empty when nobody knows.
Examination describe(const Examined& snapshot, const std::string& running);

}  // namespace etcd
