#include "cli/exit_code.hpp"

#include <gtest/gtest.h>

namespace snapcore {
namespace {

int exit_of(std::string code, Category category = Category::kPermanent) {
  return static_cast<int>(exit_code_before_acts({.code = std::move(code), .category = category}));
}

TEST(ExitCodeTest, GuardsApprovalAndChangedPlansRefuse) {
  for (const char* code :
       {"guard.age", "guard.loss_not_accepted", "approval.missing", "approval.declined",
        "plan.changed", "plan.already_used", "plan.expired", "state.locked"}) {
    EXPECT_EQ(exit_of(code), 3) << code;
    EXPECT_EQ(exit_of(code, Category::kTransient), 3) << code;
  }
}

TEST(ExitCodeTest, WrongInputIsFour) {
  for (const char* code :
       {"runbook.syntax", "runbook.unknown_operation", "arguments.unknown_option", "site.not_found",
        "plugin.crashed", "plugin.bad_config", "plan.invalid", "plan.not_deterministic",
        "schema.mismatch", "json.malformed", "guard.unknown_waiver", "guard.waiver_without_reason",
        "source.no_such_artifact", "state.unknown_run"}) {
    EXPECT_EQ(exit_of(code), 4) << code;
    EXPECT_EQ(exit_of(code, Category::kCorrupt), 4) << code;
  }
}

TEST(ExitCodeTest, WhatAPluginFindsWhilePlanningGoesByItsCategory) {
  EXPECT_EQ(exit_of("kv.broken_page", Category::kCorrupt), 3);
  EXPECT_EQ(exit_of("kv.no_quorum", Category::kPrecondition), 3);
  EXPECT_EQ(exit_of("kv.unreachable", Category::kTransient), 2);
  EXPECT_EQ(exit_of("kv.refused", Category::kAuth), 2);
  EXPECT_EQ(exit_of("state.not_writable", Category::kPermanent), 2);
  EXPECT_EQ(exit_of("run.interrupted", Category::kTransient), 6);
}

TEST(ExitCodeTest, TheNumbersNeverChange) {
  EXPECT_EQ(static_cast<int>(ExitCode::kDone), 0);
  EXPECT_EQ(static_cast<int>(ExitCode::kDoneWithWarnings), 1);
  EXPECT_EQ(static_cast<int>(ExitCode::kFailedUntouched), 2);
  EXPECT_EQ(static_cast<int>(ExitCode::kRefused), 3);
  EXPECT_EQ(static_cast<int>(ExitCode::kWrongInput), 4);
  EXPECT_EQ(static_cast<int>(ExitCode::kUndone), 5);
  EXPECT_EQ(static_cast<int>(ExitCode::kInterrupted), 6);
  EXPECT_EQ(static_cast<int>(ExitCode::kNeedsPerson), 7);
}

}  // namespace
}  // namespace snapcore
