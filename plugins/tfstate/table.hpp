// The table of DynamoDB in which the tools keep locks, and digests of what they wrote last.
#pragma once

#include <format/lock_info.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <snapcore/sdk/call.hpp>
#include <string>
#include <vector>

#include "object_place.hpp"

namespace tfstate {

namespace sdk = snapcore::sdk;

class Table {
 public:
  virtual ~Table() = default;

  // Makes the item, or finds that it is ours already (`ours`: IDs of earlier calls). What is there
  // already, and is not, is "tfstate.locked"; holder() then says whose it is.
  virtual Result<> lock(const LockInfo& info, const std::vector<std::string>& ours) = 0;
  virtual const std::optional<LockInfo>& holder() const = 0;
  // Removes exactly our item; that it is gone, or another's, is fine.
  virtual Result<> unlock(const LockInfo& info, const std::vector<std::string>& ours) = 0;
  // Whose lock is there.
  virtual Result<std::optional<LockInfo>> look() = 0;

  // MD5 of the bytes of the state, in hex: the tools wait for an object that fits it, and then
  // refuse it. Nothing: the item goes.
  virtual Result<> set_digest(const std::optional<std::string>& md5) = 0;
};

// Makes the table of a place for one call; null where the tools use none.
using MakeTable =
    std::function<Result<std::unique_ptr<Table>>(sdk::Call& call, const ObjectPlace& place)>;

// With the credentials that the site and the environment have.
MakeTable table_maker(const Config& config);

}  // namespace tfstate
