// What stage, activate and the way back do to a working directory, whatever happened to it.
#include <fcntl.h>
#include <sys/wait.h>

#include "working_directory.hpp"

namespace tfstate {
namespace {

namespace fs = std::filesystem;
using test::instance;
using test::resource;
using test::state_with;
using test::WorkingDirectory;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string state_of(std::string_view name, std::uint64_t serial) {
  return state_with(resource("cloud_vm", name, instance(R"({"id": "1"})")), "{}", serial);
}

class RestoreTest : public ::testing::Test {
 protected:
  Staged staged(const std::string& artifact) {
    const auto result = directory_.stage(artifact);
    EXPECT_TRUE(result) << result.error().message;
    return result ? result->handle : Staged{};
  }
  std::string stage_code(const std::string& artifact) {
    const auto result = directory_.stage(artifact);
    return result ? "ok" : result.error().code;
  }

  const std::string old_ = state_of("old", 12);
  const std::string copy_ = state_of("copy", 7);
  const std::string new_ = state_of("copy", 13);
  WorkingDirectory directory_;
};

TEST_F(RestoreTest, TheNewStateTakesThePlaceOfTheOldOneAndGivesItBack) {
  directory_.write(old_);
  const Staged handle = staged(copy_);
  EXPECT_EQ(handle.serial, 13u);
  EXPECT_EQ(directory_.live(), old_);
  EXPECT_EQ(WorkingDirectory::text_of(handle.file), new_);
  ASSERT_TRUE(check_staged(directory_.place(), handle));

  const auto done = directory_.activate(handle);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(directory_.live(), new_);
  ASSERT_TRUE(done->kept);
  EXPECT_EQ(WorkingDirectory::text_of(done->kept->file), old_);
  EXPECT_THAT(directory_.names(),
              ElementsAre("terraform.tfstate", "terraform.tfstate.kept-20260102T030405Z-aaaaaaaa"));

  ASSERT_TRUE(directory_.take_back());
  EXPECT_EQ(directory_.live(), old_);
  EXPECT_THAT(directory_.names(), ElementsAre("terraform.tfstate"));
  ASSERT_TRUE(directory_.take_back());  // once more
  EXPECT_EQ(directory_.live(), old_);
}

TEST_F(RestoreTest, AStateThatIsGoneComesBack) {
  const Staged handle = staged(copy_);
  EXPECT_EQ(handle.serial, 8u);
  EXPECT_FALSE(fs::exists(directory_.state()));
  const auto done = directory_.activate(handle);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_FALSE(done->kept);
  EXPECT_EQ(directory_.live(), state_of("copy", 8));
  ASSERT_TRUE(directory_.take_back());
  EXPECT_EQ(directory_.live(), "");
}

TEST_F(RestoreTest, TheFileStaysTheOneThatWaitingToolsHaveOpen) {
  directory_.write(old_);
  fs::permissions(directory_.state(), fs::perms(0640));
  struct stat before = {}, after = {};
  ASSERT_EQ(::stat(directory_.state().c_str(), &before), 0);
  ASSERT_TRUE(directory_.activate(staged(copy_)));
  ASSERT_EQ(::stat(directory_.state().c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);
  EXPECT_EQ(after.st_mode & 0777, 0640u);
}

TEST_F(RestoreTest, ALinkIsFollowed) {
  WorkingDirectory::put(directory_.path() / "elsewhere", old_);
  fs::create_symlink("elsewhere", directory_.state());
  ASSERT_TRUE(directory_.activate(staged(copy_)));
  EXPECT_TRUE(fs::is_symlink(directory_.state()));
  EXPECT_EQ(WorkingDirectory::text_of(directory_.path() / "elsewhere"), new_);
  ASSERT_TRUE(directory_.take_back());
  EXPECT_EQ(WorkingDirectory::text_of(directory_.path() / "elsewhere"), old_);
}

TEST_F(RestoreTest, AStateThatWasWrittenMeanwhileIsNotReplaced) {
  directory_.write(old_);
  const Staged handle = staged(copy_);
  directory_.write(state_of("tool", 13));
  EXPECT_EQ(check_staged(directory_.place(), handle).error().code, "tfstate.changed_since");
  const auto done = directory_.activate(handle);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "tfstate.changed_since");
  EXPECT_EQ(done.error().outcome, snapcore::Outcome::kNothingHappened);
  EXPECT_EQ(directory_.live(), state_of("tool", 13));
}

TEST_F(RestoreTest, WhatAnotherRunRestoredMeanwhileIsNotTakenForItsOwn) {
  directory_.write(old_);
  const Staged handle = staged(copy_);
  directory_.write(new_);
  const auto done = directory_.activate(handle);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "tfstate.changed_since");
  EXPECT_EQ(directory_.live(), new_);
}

TEST_F(RestoreTest, AStateThatWasWrittenSinceIsNotTakenBack) {
  directory_.write(old_);
  ASSERT_TRUE(directory_.activate(staged(copy_)));
  directory_.write(state_of("tool", 14));
  const auto taken = directory_.take_back();
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, "tfstate.changed_since");
  EXPECT_THAT(taken.error().hint, HasSubstr("terraform.tfstate.kept-"));
  EXPECT_EQ(directory_.live(), state_of("tool", 14));
}

// Power may be lost behind any byte; what was not written yet is the old state, or zeros where the
// file grew.
TEST_F(RestoreTest, HalfAWriteIsFinishedOrTakenBack) {
  for (const bool grows : {true, false}) {
    const std::string before = grows ? state_of("o", 12) : state_of("a_much_longer_name", 12);
    directory_.write(before);
    const Staged handle = staged(copy_);
    const std::string after = WorkingDirectory::text_of(handle.file);
    for (std::size_t size = 0; size <= after.size(); size += 7) {
      std::string half = after.substr(0, size);
      if (half.size() < before.size()) half += before.substr(half.size());
      std::string hole = half;
      hole.resize(std::max(after.size(), half.size()), '\0');
      for (const std::string& torn : {half, hole}) {
        // As far as the first attempt came.
        directory_.write(before);
        WorkingDirectory::put(handle.file, after);
        ASSERT_TRUE(directory_.activate(handle));
        WorkingDirectory::put(handle.file, after);
        directory_.write(torn);
        ASSERT_TRUE(directory_.activate(handle)) << size;
        EXPECT_EQ(directory_.live(), after);

        WorkingDirectory::put(handle.file, after);
        directory_.write(torn);
        ASSERT_TRUE(directory_.take_back()) << size;
        EXPECT_EQ(directory_.live(), before);
      }
    }
  }
}

TEST_F(RestoreTest, WhatHasNothingOfEitherIsNotHalfAWrite) {
  directory_.write(old_);
  const Staged handle = staged(copy_);
  ASSERT_TRUE(directory_.activate(handle));
  WorkingDirectory::put(handle.file, new_);
  directory_.write(state_of("oldcopy", 13));
  EXPECT_EQ(directory_.activate(handle).error().code, "tfstate.changed_since");
  EXPECT_EQ(directory_.take_back().error().code, "tfstate.changed_since");
}

// --- what may take the place of what

TEST_F(RestoreTest, AnotherLineageIsRefusedUnlessItIsAccepted) {
  directory_.write(old_);
  std::string other = copy_;
  other.replace(other.find("6b1c77a0"), 8, "00000000");
  EXPECT_EQ(stage_code(other), "tfstate.other_lineage");
  EXPECT_THAT(directory_.names(), ElementsAre("terraform.tfstate"));
  EXPECT_TRUE(directory_.stage(other, true));
}

TEST_F(RestoreTest, WhatIsNoStateIsRefusedAndLeavesNothing) {
  directory_.write(old_);
  EXPECT_EQ(stage_code(copy_.substr(0, 100)), "tfstate.not_json");
  EXPECT_EQ(stage_code(""), "tfstate.empty");
  EXPECT_EQ(stage_code(R"({"version": 3, "backend": {"type": "s3"}})"), "tfstate.not_a_state");
  EXPECT_EQ(stage_code(state_with(resource("a", "b", instance("{}", R"("status": "x")")))),
            "tfstate.broken");
  EXPECT_THAT(directory_.names(), ElementsAre("terraform.tfstate"));
}

TEST_F(RestoreTest, AnEncryptedStateIsPutBackAsItIs) {
  const auto sealed = [](int serial) {
    return R"({"serial": )" + std::to_string(serial) +
           R"(, "lineage": "l", "meta": {}, "encrypted_data": "AAAA", "encryption_version": "v0"})";
  };
  directory_.write(sealed(9));
  const Staged handle = staged(sealed(3));
  EXPECT_EQ(WorkingDirectory::text_of(handle.file), sealed(3));
  ASSERT_TRUE(directory_.activate(handle));
  EXPECT_EQ(directory_.live(), sealed(3));
  EXPECT_EQ(stage_code(copy_), "tfstate.encryption_differs");
  directory_.write(old_);
  EXPECT_EQ(stage_code(sealed(3)), "tfstate.encryption_differs");
}

TEST_F(RestoreTest, ALiveStateThatIsBrokenIsNotStagedOver) {
  directory_.write("{");
  EXPECT_EQ(stage_code(copy_), "tfstate.not_json");
}

// --- the lock

// What a tool's attempt to lock says, from a process of its own: its lock is one of the process.
bool tool_can_lock(const fs::path& file) {
  const pid_t child = ::fork();
  if (child == 0) {
    const int fd = ::open(file.c_str(), O_RDWR);
    struct flock lock = {};
    lock.l_type = F_WRLCK;
    ::_exit(fd >= 0 && ::fcntl(fd, F_SETLK, &lock) == 0 ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST_F(RestoreTest, OurLockExcludesTheToolsUntilItIsGivenBack) {
  directory_.write(old_);
  const Place place = directory_.place();
  EXPECT_TRUE(tool_can_lock(place.file));
  {
    const auto lock = StateLock::take(place, WorkingDirectory::lock_info());
    ASSERT_TRUE(lock) << lock.error().message;
    EXPECT_EQ(WorkingDirectory::text_of(place.lock_info()),
              WorkingDirectory::lock_info().to_json());
    // Whoever else in this process reads the file gives away nothing.
    EXPECT_EQ(directory_.live(), old_);
    EXPECT_FALSE(tool_can_lock(place.file));
    const auto second = StateLock::take(place, WorkingDirectory::lock_info());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, "tfstate.locked");
    EXPECT_THAT(second.error().message, HasSubstr("me@here"));
    EXPECT_TRUE(is_locked(place));
  }
  EXPECT_TRUE(tool_can_lock(place.file));
  EXPECT_FALSE(is_locked(place));
  EXPECT_FALSE(fs::exists(place.lock_info()));
}

TEST_F(RestoreTest, TheLockOfAToolExcludesUs) {
  directory_.write(old_);
  const Staged handle = staged(copy_);
  const Place place = directory_.place();
  WorkingDirectory::put(
      place.lock_info(),
      R"({"ID":"1234","Operation":"OperationTypeApply","Who":"u@h","Created":"2026-01-02T03:04:05Z"})");
  int begun[2], end[2];
  ASSERT_EQ(::pipe2(begun, O_CLOEXEC), 0);
  ASSERT_EQ(::pipe2(end, O_CLOEXEC), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const int fd = ::open(place.file.c_str(), O_RDWR);
    struct flock lock = {};
    lock.l_type = F_WRLCK;
    char byte = ::fcntl(fd, F_SETLK, &lock) == 0 ? 'y' : 'n';
    ::close(end[1]);
    (void)!::write(begun[1], &byte, 1);
    (void)!::read(end[0], &byte, 1);
    ::_exit(0);
  }
  char byte = 0;
  ASSERT_EQ(::read(begun[0], &byte, 1), 1);
  ASSERT_EQ(byte, 'y');
  const auto done = directory_.activate(handle);
  ::close(end[1]);
  ::waitpid(child, nullptr, 0);
  for (const int fd : {begun[0], begun[1], end[0]}) ::close(fd);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "tfstate.locked");
  EXPECT_THAT(done.error().message,
              HasSubstr("u@h since 2026-01-02T03:04:05Z (OperationTypeApply, lock 1234)"));
  EXPECT_EQ(directory_.live(), old_);
  EXPECT_TRUE(directory_.activate(handle));
}

TEST_F(RestoreTest, WhatAHolderThatIsGoneLeftIsNoLock) {
  directory_.write(old_);
  WorkingDirectory::put(directory_.place().lock_info(), R"({"ID":"1234"})");
  EXPECT_FALSE(is_locked(directory_.place()));
  EXPECT_TRUE(directory_.activate(staged(copy_)));
}

}  // namespace
}  // namespace tfstate
