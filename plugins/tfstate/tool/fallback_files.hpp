// What a fallback puts into a working directory, and takes away from it again.
#pragma once

#include <optional>
#include <string>

#include "fallback_record.hpp"
#include "work_place.hpp"

namespace tfstate {

Result<std::string> state_text(const std::filesystem::path& file);
Result<std::optional<std::string>> text_if_there(const std::filesystem::path& file);
Result<> put(const std::filesystem::path& file, const std::string& text, mode_t mode = 0600);
// With the mode that the file has now, for whoever may read it.
Result<> put_as_it_was(const std::filesystem::path& file, const std::string& text);

// What init leaves of the backend in the directory.
std::filesystem::path live_record(const WorkPlace& place);
// The one small file that makes the tool use the local state.
std::string override_text();

// "tfstate.no_fallback", "tfstate.another_workspace".
Result<FallbackRecord> active_fallback(const WorkPlace& place);

// The directory looks to its store again.
Result<> look_to_the_store(const WorkPlace& place);
// The same by a person, while nothing was changed locally; the files of the fallback stay beside.
std::string way_back_by_hand(const FallbackFiles& names, const WorkPlace& place, bool had_backend);

}  // namespace tfstate
