#pragma once

#include <deque>

#include "cli/person.hpp"

namespace snapcore {

// Answers in turn, then goes away; remembers what was asked.
class FakePerson final : public Person {
 public:
  explicit FakePerson(std::deque<std::string> answers) : answers_(std::move(answers)) {}
  static FakePerson nobody() {
    FakePerson person({});
    person.present_ = false;
    return person;
  }

  bool present() const override { return present_; }
  std::optional<std::string> ask(std::string_view question) override {
    asked.emplace_back(question);
    if (answers_.empty()) return std::nullopt;
    std::string answer = answers_.front();
    answers_.pop_front();
    return answer;
  }

  bool interrupted() const override { return interrupts; }

  std::deque<std::string> asked;
  bool interrupts = false;  // goes away with Ctrl-C

 private:
  std::deque<std::string> answers_;
  bool present_ = true;
};

}  // namespace snapcore
