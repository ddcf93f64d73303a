// --on-failure continue, through a runbook: a step that failed is left, and the next one begins.
#include <gmock/gmock.h>

#include "program_scene.hpp"

namespace snapcore {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

using LeftStepTest = ProgramScene;

constexpr const char* kRunbook = R"(runbook { summary = 'Two steps' }
local a, b = instance 'a', instance 'b'
step('Bad', function()
  a:add { name = 'never', fails = 'before' }
  local name = 'never-' .. uuid()
  if b:count {}.count == 0 then a:add { name = name } end
end)
step('Good', function()
  local at, empty = now(), b:count {}.count == 0
  local added = b:add { name = empty and 'one' or 'another' }
  when(later(added, 'fresh'), function() b:add { name = 'two' } end)
  note('it was ' .. at)
end)
)";

TEST_F(LeftStepTest, WhatStandsBehindTheFailureIsPassedOverWhateverItIs) {
  put("book.lua", kRunbook);
  Ended ended{};
  const std::string run = new_run([&] {
    ended = snapcore({"run", path("book.lua"), "--yes", "--on-failure", "continue"});
  });
  EXPECT_EQ(ended.exit, 7);
  EXPECT_THAT(unbroken(ended.out), HasSubstr("step 'Bad' failed and was left as it is"));
  EXPECT_THAT(ended.out, Not(HasSubstr("run.deviation")));
  EXPECT_THAT(names("b"), ElementsAre("calls", "one", "two"));

  const Ended again = snapcore({"resume", run});
  EXPECT_EQ(again.exit, 7);
  EXPECT_THAT(again.out, Not(HasSubstr("run.deviation")));
  const std::string calls = get("b/calls");
  EXPECT_EQ(calls.find("add two"), calls.rfind("add two"));
  EXPECT_EQ(snapcore({"rollback", run, "--yes"}).exit, 0);
  EXPECT_THAT(names("b"), ElementsAre("calls"));
}

}  // namespace
}  // namespace snapcore
