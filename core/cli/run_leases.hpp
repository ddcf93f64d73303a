// The leases of a run on everything its plan acts upon.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/file_system.hpp"
#include "cli/command.hpp"
#include "cli/run_options.hpp"
#include "engine/plan.hpp"
#include "journal/journal.hpp"
#include "lease/file_store.hpp"
#include "lease/renewal.hpp"

namespace snapcore {

// What the plan's acts name as theirs; an instance that names nothing, or that is called by another
// one, stands for itself. Sorted.
std::vector<std::string> lease_keys(const Plan& plan);

class RunLeases {
 public:
  // All of them, before anything is begun. "lease.held" tells who has one.
  static Result<std::unique_ptr<RunLeases>> take(Invocation& invocation, FileSystem& fs,
                                                 const Path& state, const std::string& run,
                                                 const Plan& plan, const LeaseWish& wish);

  // In the journal; what was broken first.
  Result<> record(Journal& journal) const;
  // Before every act.
  Result<> may_act() { return renewal_ ? renewal_->check() : Result<>(); }
  // What a run leaves half way stays its own, until it is gone on with or taken back. Without this
  // the destructor releases them.
  void keep() { kept_ = true; }
  ~RunLeases();

 private:
  RunLeases(Invocation& invocation, FileSystem& fs, const Path& state, const std::string& run);

  RealPause pause_;
  RealPause renewal_pause_;
  FileLeaseStore store_;
  RealProcesses processes_;
  Leases leases_;
  AcquiredLeases acquired_;
  std::optional<Renewal> renewal_;
  bool kept_ = false;
};

}  // namespace snapcore
