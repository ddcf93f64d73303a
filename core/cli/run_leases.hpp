// The leases of a run on everything its plan acts upon.
#pragma once

#include <list>
#include <memory>
#include <string>

#include "base/file_system.hpp"
#include "cli/command.hpp"
#include "cli/run_options.hpp"
#include "engine/plan.hpp"
#include "journal/journal.hpp"
#include "journal/runs.hpp"
#include "lease/file_store.hpp"
#include "lease/renewal.hpp"

namespace snapcore {

// What the plan's acts, and the acts inside of them, name as theirs; where one names nothing, its
// instance stands for it. Sorted.
std::vector<std::string> lease_keys(const Plan& plan);
std::vector<std::string> lease_keys(const PlannedCall& call);

class RunLeases {
 public:
  // All of them, before anything is begun. "lease.held" tells who has one. What a run that is over,
  // or never began, left leased is taken over, and said.
  static Result<std::unique_ptr<RunLeases>> take(Invocation& invocation, FileSystem& fs,
                                                 const Path& state, const std::string& run,
                                                 const Plan& plan, const LeaseWish& wish);

  // What a phase acts upon besides, once it is planned; on record before its first act.
  Result<> add(Invocation& invocation, const Plan& phase, const LeaseWish& wish, Journal& journal);
  // In the journal; what was broken first.
  Result<> record(Journal& journal) const { return record(acquired_, journal); }
  // Before every act.
  Result<> may_act();
  // What a run leaves half way stays its own, until it is gone on with or taken back. Without this
  // the destructor releases them.
  void keep() { kept_ = true; }
  void let_go() { kept_ = false; }
  ~RunLeases();

 private:
  RunLeases(Invocation& invocation, FileSystem& fs, const Path& state, const std::string& run);
  Result<AcquiredLeases> acquire(Invocation& invocation, LeaseRequest request);
  static Result<> record(const AcquiredLeases& acquired, Journal& journal);

  FileSystem& fs_;
  Runs runs_;
  RealSleeper sleeper_;
  FileLeaseStore store_;
  RealProcesses processes_;
  Leases leases_;
  AcquiredLeases acquired_;
  struct KeptAlive {
    KeptAlive(Leases& leases, const AcquiredLeases& acquired)
        : renewal(leases, acquired.leases, sleeper) {}
    RealSleeper sleeper;
    Renewal renewal;
  };
  std::list<KeptAlive> alive_;
  bool kept_ = false;
};

}  // namespace snapcore
