// The files in which users of AWS tools keep profiles: ~/.aws/config and ~/.aws/credentials.
#pragma once

#include <map>
#include <snapcore/error.hpp>
#include <string>
#include <string_view>

namespace s3 {

// What stands in one section; a member of an indented block is "block.member".
using Section = std::map<std::string, std::string>;
using Sections = std::map<std::string, Section>;

// A section that stands there twice is one; the later value of a name counts. "s3.bad_profile_file"
// with the line that is neither a section, a value, a comment nor empty. The text of a line is
// never in the message, since it may be a key.
snapcore::Result<Sections> parse_ini(std::string_view text, std::string_view file);

}  // namespace s3
