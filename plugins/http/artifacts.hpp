// What is known of a URL as an artifact: what the server says, what lies beside it, what the site
// says.
#pragma once

#include <snapcore/sdk/types.hpp>
#include <string>

#include "reading.hpp"

namespace web {

// Where a ref leads: to an entry of the site, or to the URL that it is itself.
struct Place {
  Url url = {};
  std::string ref = {};
  const Entry* entry = nullptr;  // null: named by its URL alone
};
snapcore::Result<Place> place_of(Visit& visit, const std::string& ref);
snapcore::Result<Place> place_of(Visit& visit, const Entry& entry);

// What is wrong with a companion is a warning of the call, and the artifact stays what it is.
snapcore::Result<sdk::Artifact> artifact_at(Visit& visit, const Place& place);

}  // namespace web
