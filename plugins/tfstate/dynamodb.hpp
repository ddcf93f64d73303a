// Signed requests to one table of DynamoDB, or of what speaks like it.
#pragma once

#include <snapcore/support/aws_sign.hpp>
#include <snapcore/support/http.hpp>
#include <snapcore/value.hpp>
#include <string>
#include <string_view>

#include "object_place.hpp"

namespace tfstate {

class DynamoDb {
 public:
  DynamoDb(TablePlace place, snapcore::aws::Credentials credentials)
      : place_(std::move(place)), credentials_(std::move(credentials)) {}

  // GetItem, PutItem, DeleteItem. `body` without the name of the table. Made again a few times
  // where that may help, so a write may have happened before: its condition has to bear that.
  //   "tfstate.condition"   a condition did not hold
  //   "tfstate.no_table", "tfstate.table_denied", "tfstate.table_unreachable", "tfstate.table"
  Result<snapcore::Value> ask(std::string_view action, snapcore::Value body);

 private:
  Result<snapcore::Value> ask_once(std::string_view action, const std::string& body);
  snapcore::Error error_of(const snapcore::http::Response& response, std::string_view action) const;

  TablePlace place_;
  snapcore::aws::Credentials credentials_;
  snapcore::aws::SigningKeys keys_;
  snapcore::http::Client client_;
};

}  // namespace tfstate
