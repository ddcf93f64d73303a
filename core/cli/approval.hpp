// Approval: somebody who saw the plan says that it may happen.
#pragma once

#include <optional>
#include <snapcore/error.hpp>
#include <string>
#include <vector>

#include "cli/person.hpp"
#include "engine/instances.hpp"
#include "engine/plan.hpp"
#include "site/site.hpp"

namespace snapcore {

struct ApprovalWish {
  bool yes = false;                        // --yes
  std::optional<std::string> digest = {};  // --approve
  Policy::Approval policy = Policy::Approval::kPrompt;
  std::vector<std::string> targets = {};  // what the plan acts upon, to be named by the person
  std::string again = {};                 // the command as it was typed, for hints
};

struct Approval {
  std::string how;                     // not_needed, digest, yes, prompt
  std::vector<std::string> confirmed;  // guards that a person answered
};

// What a person names to approve: the targets that are acted upon, in the plan's order, then those
// of the phases that are not planned yet.
std::vector<std::string> targets_of(const Plan& plan, Instances& instances);

// The digest a person may type: 12 digits or more of the plan's. "approval.digest_differs" shows
// both.
Result<> check_approved_digest(const Plan& plan, std::string_view typed);

// "approval.missing" at once when there is nobody to ask, never a hang; "approval.declined" for any
// other answer than the one that was asked for; "run.interrupted" for Ctrl-C in its place.
Error interrupted_at_the_question();
Result<Approval> approve(const Plan& plan, const ApprovalWish& wish, Person& person);

}  // namespace snapcore
