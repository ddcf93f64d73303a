// The two files that may lie beside an artifact NAME, whatever kind of source has it:
// NAME.snapcore.json says what it is, NAME.sha256 is what `sha256sum` writes of it.
#pragma once

#include <cstddef>
#include <optional>
#include <snapcore/sdk/types.hpp>
#include <string>
#include <string_view>

namespace snapcore::companions {

inline constexpr std::string_view kManifestSuffix = ".snapcore.json";
inline constexpr std::string_view kDigestSuffix = ".sha256";
inline constexpr std::size_t kLargest = 1 << 20;

// Kind, time and digest from the text of a manifest, which stands in the artifact from then on.
// False, and a text that no manifest is in its place, when it is no JSON object.
bool take_manifest(sdk::Artifact& artifact, std::string_view text);

// The digest of `file` from the text of a sha256sum file; false when it names none. Taken behind
// the manifest: where both name one, the core sees when they disagree.
bool take_digest(sdk::Artifact& artifact, std::string_view text, std::string_view file);

// "HEX  name", "HEX *name", or HEX alone; in lower case.
std::optional<std::string> digest_in(std::string_view sum_file, std::string_view file);

// 64 hex digits, in either case.
bool is_digest(std::string_view text);

}  // namespace snapcore::companions
