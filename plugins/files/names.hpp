// Which names are artifacts, and which refs stay inside the directory.
#pragma once

#include <snapcore/error.hpp>
#include <snapcore/support/companions.hpp>
#include <snapcore/utf8.hpp>
#include <string>
#include <string_view>

namespace local_files {

using snapcore::companions::kDigestSuffix;
using snapcore::companions::kManifestSuffix;

// A file that list shows: neither hidden, nor temporary, nor the companion of another.
bool is_artifact_name(std::string_view file_name);
bool is_hidden(std::string_view file_name);

using snapcore::shown;  // of names, in messages

// A ref is a path below the directory, in its one normal form. "files.bad_ref" for anything else:
// absolute, with "..", ".", empty or hidden parts, or a name that no artifact has.
snapcore::Result<> check_ref(std::string_view ref);

// Beyond that: fit to be created, and to stand in a line of a sha256sum file.
snapcore::Result<> check_new_name(std::string_view name);

// "a/b/c.db" is "a/b" and "c.db".
std::string_view folder_of(std::string_view ref);
std::string_view file_of(std::string_view ref);

}  // namespace local_files
