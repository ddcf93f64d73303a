// Roles: credentials that the token service (STS) lends to whoever may take one.
#pragma once

#include <optional>
#include <string>

#include "lent.hpp"

namespace s3 {

struct Role {
  std::string arn = {};
  std::string session = {};      // what the service's own records call it
  std::string external_id = {};  // when whoever owns the role wants one
  std::string duration = {};     // in seconds; the service's own when empty
};

// Where the service is, and how it is reached.
struct TokenService {
  std::string url = {};
  std::string region = {};
  std::string ca_file = {};
};
TokenService token_service(const Settings& settings, const Surroundings& surroundings);

// With a token that somebody else made out, read from a file: unsigned.
snapcore::Result<Lent> lent_for_token(const TokenService& service, const Role& role,
                                      const std::string& token_file,
                                      const Surroundings& surroundings,
                                      const KeepGoing& keep_going);
// With other credentials.
snapcore::Result<Lent> lent_for_keys(const TokenService& service, const Role& role,
                                     const aws::Credentials& keys, const Surroundings& surroundings,
                                     const KeepGoing& keep_going);

}  // namespace s3
