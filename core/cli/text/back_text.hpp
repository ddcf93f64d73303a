// The way back as people are shown it: by hand, and by command.
#pragma once

#include <string>
#include <vector>

#include "cli/text/page.hpp"
#include "engine/executor.hpp"

namespace snapcore {

// Every step in the order in which it is gone: its commands, or what to do where there are none.
// `loud`: somebody may need it now.
void by_hand(Page& page, const std::vector<BackStep>& steps, bool loud);

// What the two do with a run; `half_back`: some of it was taken back already.
std::string words_of_resume(bool half_back);
std::string words_of_rollback(bool half_back);

// "snapcore rollback RUN" with what it takes back, and where it ends; not offered where it would
// take back nothing. `words` are said of one that takes back all.
void offer_rollback(Page& page, std::size_t indent, const std::vector<BackStep>& steps,
                    const std::string& command, const std::string& words);

// Whether a rollback would take back anything.
bool any_way_back(const std::vector<BackStep>& steps);

}  // namespace snapcore
