#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <snapcore/support/files.hpp>
#include <snapcore/support/process.hpp>

#include "../../fakes/scratch.hpp"

namespace snapcore::process {
namespace {

Command shell(std::string script) { return {.argv = {"/bin/sh", "-c", std::move(script)}}; }

Finished run_shell(std::string script) {
  auto finished = run(shell(std::move(script)));
  EXPECT_TRUE(finished) << finished.error().message;
  return finished.value_or(Finished{});
}

// Waits for the end of a process that was sent its signal.
bool ends(pid_t pid) {
  const files::UniqueFd watch(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!watch) return errno == ESRCH;
  pollfd watched = {watch.get(), POLLIN, 0};
  return ::poll(&watched, 1, 30000) == 1;
}

TEST(ProcessTest, TellsHowAProgramEnded) {
  EXPECT_TRUE(run_shell("exit 0").succeeded());
  const Finished three = run_shell("exit 3");
  EXPECT_EQ(three.words(), "exited with 3");
  const Finished killed = run_shell("kill -9 $$");
  EXPECT_EQ(killed.end, End::kSignalled);
  EXPECT_EQ(killed.words(), "was ended by signal 9");
}

TEST(ProcessTest, KeepsBothStreamsApart) {
  const Finished finished = run_shell("echo out; echo err >&2");
  EXPECT_EQ(finished.output, "out\n");
  EXPECT_EQ(finished.errors, "err\n");
  EXPECT_FALSE(finished.output_cut);
}

TEST(ProcessTest, KeepsTheEndOfALongOutput) {
  Command command = shell("i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done");
  command.keep_output = 1000;
  const auto finished = run(command);
  ASSERT_TRUE(finished);
  EXPECT_EQ(finished->output.size(), 1000u);
  EXPECT_TRUE(finished->output.ends_with("line 19999\n"));
  EXPECT_TRUE(finished->output_cut);
}

TEST(ProcessTest, AStreamGoesToTheFileThatIsGivenForIt) {
  const fakes::Scratch scratch;
  const auto file = scratch.path() / "out";
  const auto fd = files::create_file(file);
  ASSERT_TRUE(fd);
  Command command = shell("echo out; echo err >&2");
  command.output_to = fd->get();
  const auto finished = run(command);
  ASSERT_TRUE(finished);
  EXPECT_TRUE(finished->succeeded());
  EXPECT_EQ(finished->output, "");
  EXPECT_EQ(finished->errors, "err\n");
  EXPECT_EQ(files::read_file(file).value_or(""), "out\n");
}

TEST(ProcessTest, IsAskedToEndWithTheSignalThatIsSaid) {
  Command command =
      shell("trap 'echo interrupted; exit 5' INT; echo ready; while :; do sleep 0.01; done");
  command.end_with = SIGINT;
  const fakes::Scratch scratch;
  const auto file = scratch.path() / "out";
  const auto fd = files::create_file(file);
  ASSERT_TRUE(fd);
  command.output_to = fd->get();
  command.cancelled = [&] {
    return files::read_file(file).value_or("").find("ready") != std::string::npos;
  };
  const auto finished = run(command);
  ASSERT_TRUE(finished);
  EXPECT_EQ(finished->end, End::kCancelled);
  EXPECT_EQ(files::read_file(file).value_or(""), "ready\ninterrupted\n");
}

TEST(ProcessTest, ArgumentsPassUntouchedByAnyShell) {
  const auto finished = run({.argv = {"printf", "%s|", "a b", "$HOME", "`id`", "", "'"}});
  ASSERT_TRUE(finished) << finished.error().message;
  EXPECT_EQ(finished->output, "a b|$HOME|`id`||'|");
}

TEST(ProcessTest, TheEnvironmentIsTheGivenOneAndAFewNames) {
  ::setenv("SNAPCORE_TEST_LEAK", "leaked", 1);
  Command command{.argv = {"env"}, .environment = {{"GIVEN", "1"}}};
  const auto finished = run(command);
  ::unsetenv("SNAPCORE_TEST_LEAK");
  ASSERT_TRUE(finished);
  EXPECT_NE(finished->output.find("GIVEN=1\n"), std::string::npos);
  EXPECT_NE(finished->output.find("PATH="), std::string::npos);
  EXPECT_EQ(finished->output.find("LEAK"), std::string::npos);
}

TEST(ProcessTest, NoDescriptorsAreInheritedAndInputIsEmpty) {
  const int open_descriptor = ::dup(1);  // not close-on-exec
  const Finished finished = run_shell("ls /proc/self/fd | wc -l; wc -c");
  ::close(open_descriptor);
  // 0, 1, 2 and the one with which ls reads the directory.
  EXPECT_EQ(finished.output, "4\n0\n");
}

TEST(ProcessTest, AMissingProgramIsNotStarted) {
  for (const char* name : {"/no/such/program", "no-such-program-anywhere", "/etc/passwd", ""}) {
    const auto finished = run({.argv = {name}});
    ASSERT_FALSE(finished) << name;
    EXPECT_EQ(finished.error().outcome, Outcome::kNothingHappened) << name;
  }
  EXPECT_FALSE(run({}));
}

TEST(ProcessTest, TheDeadlineEndsTheWholeGroup) {
  const fakes::Scratch scratch;
  const std::string pid_file = (scratch.path() / "pid").string();
  Command command = shell("sleep 600 & echo $! > " + pid_file + "; wait");
  command.deadline = std::chrono::milliseconds(300);
  const auto finished = run(command);
  ASSERT_TRUE(finished);
  EXPECT_EQ(finished->end, End::kDeadline);
  const auto pid = static_cast<pid_t>(std::atoi(files::read_file(pid_file).value_or("0").c_str()));
  ASSERT_GT(pid, 0);
  EXPECT_TRUE(ends(pid)) << "the grandchild still runs";
}

TEST(ProcessTest, AProgramThatIgnoresTheTermSignalIsKilled) {
  Command command = shell("trap '' TERM; while :; do sleep 1; done");
  command.grace = std::chrono::milliseconds(50);
  command.started = [&](const Identity&) { return Result<>(); };
  int asked = 0;
  command.cancelled = [&] { return ++asked > 3; };
  const auto finished = run(command);
  ASSERT_TRUE(finished);
  EXPECT_EQ(finished->end, End::kCancelled);
  EXPECT_EQ(finished->words(), "was cancelled");
}

TEST(ProcessTest, ABackgroundProcessOfASuccessfulProgramLivesOn) {
  const Finished finished = run_shell("sleep 600 >/dev/null 2>&1 & echo $!");
  ASSERT_TRUE(finished.succeeded());
  const auto pid = static_cast<pid_t>(std::atoi(finished.output.c_str()));
  ASSERT_GT(pid, 0);
  EXPECT_TRUE(identify(pid));
  ::kill(pid, SIGKILL);
}

TEST(ProcessTest, TheChildIsNamedBeforeItEndsAndNotMistakenAfterwards) {
  std::optional<Identity> seen;
  Command command = shell("exit 0");
  command.started = [&](const Identity& identity) {
    seen = Identity::from_value(identity.to_value());
    return Result<>();
  };
  ASSERT_TRUE(run(command));
  ASSERT_TRUE(seen);
  EXPECT_GT(seen->pid, 0);
  EXPECT_FALSE(is_running(*seen));

  auto me = identify(::getpid());
  ASSERT_TRUE(me);
  EXPECT_TRUE(is_running(*me));
  me->start_ticks += 1;
  EXPECT_FALSE(is_running(*me)) << "a reused pid";
}

TEST(ProcessTest, AnUnrecordedChildIsEnded) {
  pid_t pid = 0;
  Command command = shell("sleep 600");
  command.started = [&](const Identity& identity) -> Result<> {
    pid = identity.pid;
    return fail({.code = "journal.full", .message = "no space"});
  };
  const auto finished = run(command);
  ASSERT_FALSE(finished);
  EXPECT_EQ(finished.error().cause->code, "journal.full");
  EXPECT_FALSE(identify(pid));
}

TEST(ProcessTest, AHostThatIgnoresItsChildrenDoesNotHang) {
  const auto before = ::signal(SIGCHLD, SIG_IGN);
  const auto finished = run(shell("exit 0"));
  ::signal(SIGCHLD, before);
  ASSERT_TRUE(finished);
  EXPECT_FALSE(finished->succeeded()) << "nobody knows";
}

TEST(ProcessTest, FailureSaysTheLastLine) {
  const Command command = shell("echo first >&2; echo it broke >&2; exit 2");
  const auto finished = run(command);
  ASSERT_TRUE(finished);
  const auto required = require_success(*finished, command);
  ASSERT_FALSE(required);
  EXPECT_TRUE(required.error().message.ends_with("exited with 2: it broke"));
  EXPECT_EQ(required.error().outcome, Outcome::kMayHaveHappened);
}

TEST(ProcessTest, QuotedArgumentsComeBackAsTheyWere) {
  const std::vector<std::string> hard = {"plain", "",           "a b",     "it's",   "$(id)",
                                         "-n",    "*",          "\"q\"",   "\\",     "~root",
                                         "a;b",   "/var/lib/x", "k=v,w:1", "ünïcode"};
  std::vector<std::string> argv = {"printf", "%s|"};
  argv.insert(argv.end(), hard.begin(), hard.end());
  std::string expected;
  for (const auto& text : hard) expected += text + "|";
  EXPECT_EQ(run_shell(shell_line(argv)).output, expected);
}

// A control character would break the line it is pasted from, or be taken by the terminal.
TEST(ProcessTest, ControlCharactersAreQuotedIntoOneLineForBash) {
  const std::vector<std::string> hard = {"a\nb",
                                         "\n",
                                         "a\tb\r",
                                         "\x1b[2J",
                                         "\x7f\x01"
                                         "1",
                                         "it's\n",
                                         "back\\slash\n",
                                         "\\n",
                                         "$HOME\n`id`",
                                         "ünï\ncode",
                                         "c1\xc2\x9b"
                                         "31m",
                                         "\"\n!"};
  std::vector<std::string> argv = {"printf", "%s|"};
  argv.insert(argv.end(), hard.begin(), hard.end());
  std::string expected;
  for (const auto& text : hard) expected += text + "|";
  const std::string line = shell_line(argv);
  for (const char c : line) EXPECT_FALSE((c >= 0 && c < 0x20) || c == 0x7f) << line;
  EXPECT_EQ(line.find("\xc2\x9b"), std::string::npos);
  const auto ran = run({.argv = {"/bin/bash", "-c", line}, .started = {}});
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_EQ(ran->output, expected);
  EXPECT_EQ(shell_quoted("/var/lib/a\nb"), "$'/var/lib/a\\nb'");
}

}  // namespace
}  // namespace snapcore::process
