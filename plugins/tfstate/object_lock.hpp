// The lock of a state in a store, taken as the tools take it: an object beside the state that only
// one can make, and an item of a table of DynamoDB where they use one. Both tell who holds it.
#pragma once

#include <format/lock_info.hpp>
#include <memory>
#include <vector>

#include "object_store.hpp"
#include "table.hpp"

namespace tfstate {

// What a lock is written and removed with, as the plan announces it; `tries` of each at most.
struct LockLabels {
  std::string take = "lock";
  std::string give_back = "unlock";
  int tries = 2;

  // "lock", "lock again", "lock again 2": a call that answers from a journal has no effect.
  static std::string at(const std::string& label, int number);
};

// How a lock goes away again, in words: unlike that of a local file it outlives who took it.
std::string how_it_goes(const ObjectPlace& place, const std::optional<LockInfo>& holder);

class ObjectLock {
 public:
  // `ours`: IDs of locks that are ours as well, of calls that ended without giving them back.
  ObjectLock(ObjectStore& store, const ObjectPlace& place, LockInfo info,
             std::vector<std::string> ours, LockLabels labels, Table* table)
      : store_(store),
        place_(place),
        info_(std::move(info)),
        ours_(std::move(ours)),
        labels_(std::move(labels)),
        table_(table) {}

  // "tfstate.locked" says who holds it. Nothing is written.
  Result<> is_free();
  Result<> take();
  // Removes what is ours, whoever took it; what is another's stays.
  Result<> give_back();

 private:
  Result<> take_object();
  Result<> give_back_object();
  bool is_ours(const std::optional<LockInfo>& holder) const;
  snapcore::Error locked_by(const std::optional<LockInfo>& holder) const;

  ObjectStore& store_;
  const ObjectPlace& place_;
  LockInfo info_;
  std::vector<std::string> ours_;
  LockLabels labels_;
  Table* table_;
};

}  // namespace tfstate
