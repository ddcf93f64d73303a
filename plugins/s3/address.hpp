// Where a bucket is: the host that is asked, and the path that is asked for.
#pragma once

#include <snapcore/error.hpp>
#include <string>
#include <string_view>

#include "settings.hpp"

namespace s3 {

// Of one bucket in one region. Texts are as they are sent, and so as they are signed.
struct Address {
  std::string origin = {};  // https://host:port
  std::string host = {};    // the header; without the port that the scheme has by itself
  std::string base = {};    // path in front of the key, without a slash at its end
  bool secure = true;

  // An empty key is the bucket itself.
  std::string path(std::string_view key) const;
};

// "s3.bad_setting" for an endpoint that is no http(s) URL, or has a user, a query or a fragment.
snapcore::Result<Address> address_of(const Settings& settings, const std::string& region);

}  // namespace s3
