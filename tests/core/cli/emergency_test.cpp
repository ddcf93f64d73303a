// A state directory that takes nothing: the way out is offered with every command that acts, or it
// is said why there is none.
#include "cli/emergency.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include "journal/state_directory.hpp"

namespace snapcore {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

Error refused(const std::string& code, const std::string& why) {
  return caused_by({.code = code, .message = "cannot do it", .hint = "as it was"},
                   {.code = why, .message = "it does not go"});
}

std::string hint_of(const Error& error, const std::string& command,
                    const std::string& state = "/var/no such place") {
  Globals globals;
  globals.state = state;
  return with_emergency_journal(error, command, globals,
                                {command, "a b", "--state", state, "--yes", "--state=" + state})
      .hint;
}

bool has_memory() { return is_in_memory("/dev/shm") && ::access("/dev/shm", W_OK) == 0; }

TEST(EmergencyTest, EveryCommandThatActsIsOfferedAJournalInMemory) {
  if (!has_memory()) GTEST_SKIP() << "no memory-backed /dev/shm here";
  for (const char* command :
       {"run", "apply", "call", "restore", "resume", "rollback", "replan", "accept", "resolve"}) {
    for (const char* code : {"state.not_writable", "lease.store_failed", "journal.write_failed"}) {
      for (const char* why : {"file.no_space", "file.read_only", "file.not_permitted"}) {
        const std::string hint = hint_of(refused(code, why), command);
        EXPECT_THAT(hint, AllOf(HasSubstr("IN AN EMERGENCY"), HasSubstr("It is lost"),
                                EndsWith("\nsnapcore --state /dev/shm/snapcore " +
                                         std::string(command) + " 'a b' --yes")));
      }
    }
  }
}

// Leases, used plans and the run itself lie there.
TEST(EmergencyTest, AStateDirectoryThatIsThereIsTakenAlong) {
  if (!has_memory()) GTEST_SKIP() << "no memory-backed /dev/shm here";
  EXPECT_THAT(hint_of(refused("state.no_space", "file.no_space"), "resume", "/var/lib"),
              HasSubstr("\ncp -aT /var/lib /dev/shm/snapcore\nsnapcore --state"));
}

TEST(EmergencyTest, WhereItLiesInMemoryAlreadyThatIsSaid) {
  if (!has_memory()) GTEST_SKIP() << "no memory-backed /dev/shm here";
  EXPECT_THAT(
      hint_of(refused("state.no_space", "file.no_space"), "run", "/dev/shm/state"),
      AllOf(HasSubstr("is not possible: it lies in memory already"), Not(HasSubstr("EMERGENCY"))));
}

TEST(EmergencyTest, OtherErrorsAndCommandsThatLookStayAsTheyAre) {
  EXPECT_EQ(hint_of(refused("state.failed", "file.io"), "run"), "as it was");
  EXPECT_EQ(hint_of(refused("kv.full", "file.no_space"), "run"), "as it was");
  EXPECT_EQ(hint_of(refused("state.not_writable", "file.read_only"), "runs"), "as it was");
}

}  // namespace
}  // namespace snapcore
