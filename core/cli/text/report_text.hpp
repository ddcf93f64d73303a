// The report: how a run ended, what it did, what is true now.
#pragma once

#include <filesystem>
#include <string>

#include "cli/exit_code.hpp"
#include "cli/text/page.hpp"
#include "engine/executor.hpp"

namespace snapcore {

struct RunEnd {
  std::string run_id = {};
  std::filesystem::path journal = {};
  JournalHead head = {};
  double seconds = 0;
  std::string typed = {};  // global options, to be repeated in commands to type next
  std::string again = {};  // the command that starts this restore anew
  enum class Was { kRun, kRollback, kAccept } was = Was::kRun;  // what was to be done
  Value outcome = {};  // of a run that is accepted: how it had ended, {ending, exit}
};

std::string report_text(const Plan& plan, const RunReport& report, const RunEnd& end,
                        const Style& style);

// To be taken back is what a rollback is asked for.
ExitCode exit_of(const RunReport& report, const RunEnd& end);

// Ended with acts in effect and others missing: somebody goes on, or takes it back.
bool stands_half_way(const RunReport& report);

// "done", "done_with_warnings", "failed_untouched", "undone", "interrupted", "needs_person"
std::string_view to_text(Ending ending);

}  // namespace snapcore
