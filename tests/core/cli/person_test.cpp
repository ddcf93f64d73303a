// A person at a real terminal.
#include "cli/person.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <string>

#include "captured_output.hpp"

namespace snapcore {
namespace {

// Stands in for this process's own while it lives.
class Terminal {
 public:
  Terminal() {
    int end = -1;
    if (::openpty(&person_, &end, nullptr, nullptr, nullptr) != 0) return;
    for (int i = 0; i < 3; i += 2) {
      before_[i] = ::fcntl(i, F_DUPFD_CLOEXEC, 3);
      ::dup2(end, i);
    }
    ::close(end);
  }
  ~Terminal() {
    if (person_ < 0) return;
    for (int i = 0; i < 3; i += 2) {
      ::dup2(before_[i], i);
      ::close(before_[i]);
    }
    ::close(person_);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  bool open() const { return person_ >= 0; }
  // The terminal shows what is typed once it has it.
  void type(const std::string& text) const {
    ASSERT_EQ(::write(person_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    std::string shown;
    char c = 0;
    while (shown.find('\n') == std::string::npos && ::read(person_, &c, 1) == 1) shown += c;
  }
  // Until somebody waits for what is typed, who has thrown away what was typed before.
  void wait_for(std::string_view text) const {
    std::string shown;
    char c = 0;
    while (shown.find(text) == std::string::npos && ::read(person_, &c, 1) == 1) shown += c;
  }

 private:
  int person_ = -1;
  int before_[3] = {-1, -1, -1};
};

TEST(PersonTest, WhatWasTypedBeforeTheQuestionIsNoAnswerToIt) {
  const Terminal terminal;
  if (!terminal.open()) GTEST_SKIP() << "no terminals to be had";
  Output output = Output::of_this_process({});
  const std::atomic<bool> cancelled = false;
  PersonAtTerminal person(output, cancelled);
  ASSERT_TRUE(person.present());
  terminal.type("yes\n");
  terminal.type("pasted\n");
  auto answer = std::async(std::launch::async, [&] { return person.ask("Type the name:"); });
  terminal.wait_for("Type the name:");
  terminal.type("the name\n");
  EXPECT_EQ(answer.get(), "the name");
}

}  // namespace
}  // namespace snapcore
