// Three members that answer on loopback, and the target that describes them.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <health.hpp>
#include <memory>
#include <target.hpp>

#include "../../fakes/etcd_gateway.hpp"

namespace etcd::test {

using snapcore::fakes::EtcdGateway;
using snapcore::fakes::EtcdState;
using snapcore::fakes::Manner;

class FakeCluster {
 public:
  FakeCluster() {
    all([&](EtcdState& state) {
      for (std::size_t i = 0; i < members.size(); ++i)
        state.members.push_back({0xa1 + i, name(i), peer(i)});
    });
    for (std::size_t i = 0; i < members.size(); ++i)
      members[i].change([&](EtcdState& state) { state.member_id = 0xa1 + i; });
  }

  template <class Change>
  void all(Change change) {
    for (EtcdGateway& member : members) member.change(change);
  }
  template <class Change>
  void one(std::size_t index, Change change) {
    members[index].change(change);
  }

  static std::string name(std::size_t i) { return "m" + std::to_string(i + 1); }
  static std::string peer(std::size_t i) { return "http://127.0.0.1:" + std::to_string(2 + i); }

  Config config() const {
    Config config;
    for (std::size_t i = 0; i < members.size(); ++i) {
      config.members.push_back({.name = name(i),
                                .peer = {{peer(i)}},
                                .client = {{members[i].url()}},
                                .data_dir = "/nowhere/" + name(i),
                                .wal_dir = {},
                                .start = {"true"},
                                .stop = {"true"},
                                .owner = {}});
    }
    config.health_timeout = {std::chrono::seconds(0)};
    return config;
  }
  Target target() const { return make_target(config()).value(); }
  Target target_as(const std::string& user, const std::string& password) const {
    Target target = make_target(config()).value();
    target.login = std::make_shared<Login>(user, password);
    return target;
  }

  Expected expected() const {
    Expected expected{.cluster_id = "c1", .members = {}, .revision = 10, .compact_revision = 1};
    for (std::size_t i = 0; i < members.size(); ++i)
      expected.members.push_back({"a" + std::to_string(i + 1), name(i), {peer(i)}});
    return expected;
  }

  // Everything that any member was asked.
  std::vector<std::string> asked() const {
    std::vector<std::string> all;
    for (const EtcdGateway& member : members) {
      for (std::string& line : member.asked()) all.push_back(std::move(line));
    }
    return all;
  }

  std::array<EtcdGateway, 3> members;
};

inline bool never() { return false; }

}  // namespace etcd::test
