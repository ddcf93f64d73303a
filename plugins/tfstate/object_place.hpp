// Where a state of the backend s3 lies in its store, and what the tools put beside it.
#pragma once

#include <optional>
#include <string>

#include "config.hpp"

namespace tfstate {

using snapcore::Result;

// The table of DynamoDB in which the tools lock, and where it is.
struct TablePlace {
  std::string table = {};
  std::string endpoint = {};
  std::string region = {};
};

struct ObjectPlace {
  snapcore::sdk::Instance store = {};
  std::optional<std::string> bucket = {};
  std::string key = {};
  std::string prefix = {};  // that the store's instance puts before all keys by itself
  bool lock_file = true;
  std::optional<TablePlace> table = {};
  std::optional<std::string> lineage = {};  // that the site expects

  std::string lock_key() const { return key + ".tflock"; }
  // As the tools name it in their lock.
  std::string lock_path() const { return bucket ? *bucket + "/" + key : key; }
  std::string resource() const;
  // As messages do: "INSTANCE:KEY".
  std::string shown() const;
};

// As the backend s3 finds it. What the site leaves out is taken from what `init` left in the
// directory; another backend there is "tfstate.other_backend".
Result<ObjectPlace> locate_object(const Config& config);

}  // namespace tfstate
