// Who asks the store: from the site, the environment or the profile, the first of them that says.
#pragma once

#include <snapcore/sdk/call.hpp>
#include <snapcore/support/aws_sign.hpp>

#include "settings.hpp"

namespace s3 {

// "s3.no_credentials" names what was looked at; "s3.unsupported_credentials" the kind that a
// profile asks for and this plugin does not know.
snapcore::Result<snapcore::aws::Credentials> find_credentials(snapcore::sdk::Call& call,
                                                              const Config& config,
                                                              const Profile& profile,
                                                              const Surroundings& surroundings);

}  // namespace s3
