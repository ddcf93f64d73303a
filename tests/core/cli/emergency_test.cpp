// A state directory that takes nothing: the way out is offered with every command that acts, or it
// is said why there is none.
#include "cli/emergency.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <snapcore/support/process.hpp>

#include "fakes/scratch.hpp"
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
                    const std::string& state = "/var/no such place",
                    const std::string& memory = "/dev/shm") {
  Globals globals;
  globals.state = state;
  return with_emergency_journal(error, command, globals,
                                {command, "a b", "--state", state, "--yes", "--state=" + state},
                                memory)
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

// A state directory on a full disk, and the memory of a machine.
struct FullDisk {
  fakes::Scratch disk{"/var/tmp"};
  fakes::Scratch shm{"/dev/shm"};

  static void run(const std::filesystem::path& state, const std::string& id, std::size_t bytes) {
    std::filesystem::create_directories(state / "runs" / id);
    std::ofstream(state / "runs" / id / "journal.jsonl") << std::string(bytes, 'j');
  }
  std::string hint() const {
    return hint_of(refused("state.no_space", "file.no_space"), "resume", disk.path().string(),
                   shm.path().string());
  }
  std::string memory(const std::string& name) const { return (shm.path() / name).string(); }
  // Without the command to be given again.
  void paste_copy() const {
    const std::string text = hint();
    const auto begin = text.find("\n[ -e ") + 1;
    const std::string line = text.substr(begin, text.find('\n', begin) - begin);
    ASSERT_EQ(std::system(("bash -c " + process::shell_quoted(line)).c_str()), 0) << line;
  }
};

// Leases, used plans and the run itself lie there.
TEST(EmergencyTest, AStateDirectoryThatIsThereIsTakenAlongOnce) {
  if (!has_memory()) GTEST_SKIP() << "no memory-backed /dev/shm here";
  const FullDisk full;
  FullDisk::run(full.disk.path(), "one", 10);
  const std::string first = full.hint();
  EXPECT_THAT(first, HasSubstr("\nsnapcore --state " + full.memory("snapcore") + " resume"));
  full.paste_copy();
  FullDisk::run(full.memory("snapcore"), "one", 20);  // gone on with there
  const auto begin = first.find("\n[ -e ") + 1;
  const std::string again = first.substr(begin, first.find('\n', begin) - begin);
  ASSERT_EQ(std::system(("bash -c " + process::shell_quoted(again)).c_str()), 0);
  EXPECT_EQ(std::filesystem::file_size(full.memory("snapcore") + "/runs/one/journal.jsonl"), 20u);
}

TEST(EmergencyTest, OneThatIsInMemoryAlreadyIsGoneOnFrom) {
  if (!has_memory()) GTEST_SKIP() << "no memory-backed /dev/shm here";
  const FullDisk full;
  FullDisk::run(full.disk.path(), "one", 10);
  full.paste_copy();
  FullDisk::run(full.memory("snapcore"), "one", 20);
  FullDisk::run(full.memory("snapcore"), "two", 5);
  EXPECT_THAT(full.hint(), AllOf(HasSubstr("already, with all that"), Not(HasSubstr("cp -aT")),
                                 HasSubstr("--state " + full.memory("snapcore") + " resume")));
}

TEST(EmergencyTest, OneInMemoryThatTheDiskHasLeftBehindIsLeftAlone) {
  if (!has_memory()) GTEST_SKIP() << "no memory-backed /dev/shm here";
  for (const char* newer : {"one", "another"}) {
    const FullDisk full;
    FullDisk::run(full.disk.path(), "one", 10);
    full.paste_copy();
    FullDisk::run(full.disk.path(), newer, 30);
    EXPECT_THAT(full.hint(), AllOf(HasSubstr("mv -T " + full.memory("snapcore-2.half")),
                                   HasSubstr("--state " + full.memory("snapcore-2") + " resume")));
  }
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
