// Credentials that somebody lends, mostly for a time.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <snapcore/error.hpp>
#include <snapcore/support/aws_sign.hpp>
#include <snapcore/value.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "settings.hpp"

namespace s3 {

namespace aws = snapcore::aws;

struct Lent {
  aws::Credentials keys = {};
  std::optional<std::chrono::sys_seconds> end = {};  // none: for good
};

// "s3.bad_credentials": `who` gave something that is none. What was given is in no message.
snapcore::Error bad_credentials(std::string_view who, std::string_view why);

// From the JSON that programs and metadata services answer with; the token has a name of its own in
// each of them. What is over already is none.
snapcore::Result<Lent> lent_from(std::string_view json, std::string_view token_name,
                                 std::string_view who, std::chrono::sys_seconds now);

// Ready to be used, or an error of what is missing or over.
snapcore::Result<Lent> checked_lent(aws::Credentials keys, std::string_view expiration,
                                    std::string_view who, std::chrono::sys_seconds now);

// What `credential_process` of a profile prints. The line is taken apart as a shell would, and no
// shell is started.
snapcore::Result<Lent> lent_by_program(const std::string& line, const Surroundings& surroundings,
                                       const std::function<bool()>& cancelled);
// "s3.bad_setting" for a quote that is not closed.
snapcore::Result<std::vector<std::string>> words_of_line(std::string_view line);

using KeepGoing = std::function<snapcore::Result<>()>;

// What the container is told to ask; nothing when it is told nothing. "s3.bad_setting" for a URL
// that would send the token over the network for anybody to read.
snapcore::Result<std::optional<std::string>> container_url(const Surroundings& surroundings);
snapcore::Result<Lent> lent_by_container(const std::string& url, const Surroundings& surroundings,
                                         const KeepGoing& keep_going);

// What the machine in a cloud is; nothing when this is none, has no role, or is not to be asked.
snapcore::Result<std::optional<Lent>> lent_by_machine(const Surroundings& surroundings,
                                                      const KeepGoing& keep_going);

}  // namespace s3
