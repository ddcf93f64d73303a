// Who asks the store: from the first that says, in the order of Amazon's own tools: the site, the
// environment, a role, a web identity, the profile, its program, the container, the machine.
#pragma once

#include <snapcore/sdk/call.hpp>

#include "lent.hpp"
#include "settings.hpp"

namespace s3 {

// "s3.no_credentials" names what was looked at; "s3.unsupported_credentials" the kind that a
// profile asks for and this plugin does not know. What lends and does not answer as it should is
// "s3.bad_credentials", "s3.credential_process" or "s3.unreachable".
snapcore::Result<Lent> find_credentials(snapcore::sdk::Call& call, const Config& config,
                                        const Profile& profile, const Settings& settings,
                                        const Surroundings& surroundings);

// When they are to be fetched anew: five minutes before they end, or half way where they end
// sooner.
std::optional<std::chrono::sys_seconds> renewal_of(const Lent& lent, std::chrono::sys_seconds now);

}  // namespace s3
