// ask: answered once, while planning; the answer stands in the plan.
#include <gmock/gmock.h>

#include <deque>

#include "scene.hpp"

namespace snapcore {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Answering final : public Person {
 public:
  explicit Answering(std::deque<std::string> answers) : answers_(std::move(answers)) {}
  bool present() const override { return true; }
  std::optional<std::string> ask(std::string_view question) override {
    asked.emplace_back(question);
    if (answers_.empty()) return std::nullopt;
    std::string answer = answers_.front();
    answers_.pop_front();
    return answer;
  }
  std::vector<std::string> asked;

 private:
  std::deque<std::string> answers_;
};

const Question kWhich = {.text = "Which one?", .choices = {"one", "two"}, .otherwise = "one"};
const Question kName = {.text = "What name?", .name = "name"};

// Adds an entry of the name that was answered.
Script ask_and_add(const Question& question) {
  return [question](Gate& gate) -> Result<> {
    auto answer = gate.ask(question, {});
    if (!answer) return fail(answer.error());
    auto added = call(gate, "a", "add", Value::object({{"name", *answer}}));
    return added ? Result<>() : fail(added.error());
  };
}

TEST(AskTest, TheAnswerIsGivenAgainWhileExecuting) {
  Scene scene;
  Answering person({"two"});
  const auto plan = scene.plan_with(ask_and_add(kWhich), &person);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_THAT(person.asked, ElementsAre("Which one? (one, two) [one]"));
  ASSERT_EQ(plan->choices.size(), 1u);
  EXPECT_EQ(plan->choices[0].args.at("question").text(), "Which one?");
  EXPECT_FALSE(plan->has_fresh_arguments);
  EXPECT_EQ(scene.execute(*plan, ask_and_add(kWhich)).ending, Ending::kDone);
  EXPECT_THAT(scene.names("a"), ElementsAre("calls", "two"));
}

TEST(AskTest, AnotherAnswerIsAnotherPlan) {
  Scene scene;
  Answering first({"one"}), second({"two"}), third({""});
  const auto plan = scene.plan_with(ask_and_add(kWhich), &first);
  EXPECT_NE(scene.plan_with(ask_and_add(kWhich), &second)->digest(), plan->digest());
  EXPECT_EQ(scene.plan_with(ask_and_add(kWhich), &third)->digest(), plan->digest());
}

TEST(AskTest, AnAnswerThatIsNoChoiceIsAskedForAgain) {
  Scene scene;
  Answering person({"three", "", "two"});
  Question strict = kWhich;
  strict.otherwise.reset();
  ASSERT_TRUE(scene.plan_with(ask_and_add(strict), &person));
  EXPECT_EQ(person.asked.size(), 3u);
  Answering gone({"three"});
  const auto refused = scene.plan_with(ask_and_add(strict), &gone);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "approval.declined");
}

TEST(AskTest, WithoutATerminalTheCommandLineAnswers) {
  Scene scene;
  EXPECT_TRUE(scene.plan_with(ask_and_add(kName), nullptr, {{"name", "five"}}));
  EXPECT_TRUE(scene.plan_with(ask_and_add(kWhich), nullptr, {{"1", "two"}}));
  EXPECT_EQ(scene.plan_with(ask_and_add(kWhich), nullptr, {{"1", "x"}}).error().code,
            "arguments.bad_value");
  const auto nobody = scene.plan_with(ask_and_add(kName), nullptr);
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().code, "approval.no_answer");
  EXPECT_THAT(nobody.error().hint, HasSubstr("--answer name=VALUE"));
}

TEST(AskTest, WithoutATerminalAndWithoutAnAnswerTheDefaultCounts) {
  Scene scene;
  const auto plan = scene.plan_with(ask_and_add(kWhich), nullptr);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->choices[0].answer.text(), "one");
}

TEST(AskTest, AnotherQuestionThanTheOneThatWasAnsweredIsADeviation) {
  Scene scene;
  const auto plan = scene.plan_with(ask_and_add(kName), nullptr, {{"name", "five"}});
  Question other = kName;
  other.text = "What else?";
  const auto report = scene.execute(*plan, ask_and_add(other));
  EXPECT_EQ(report.error->code, "run.deviation");
}

}  // namespace
}  // namespace snapcore
