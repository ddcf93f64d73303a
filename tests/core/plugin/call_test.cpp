#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "plugin/host.hpp"
#include "plugin/stream.hpp"
#include "plugin_files.hpp"
#include "test_context.hpp"

namespace snapcore {
namespace {

using ::testing::HasSubstr;

// Calls of a plugin with bad manners: its argument `deed` says what it does wrong.
class CallTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    use_scan_child();
    auto found = Plugin::load(bad_plugin("bad_manners"));
    ASSERT_TRUE(found) << found.error().message;
    loaded = *found;
  }

  void SetUp() override {
    auto made = create(Value::object());
    ASSERT_TRUE(made) << made.error().message;
    instance_ = *made;
    context_.nested = [this](std::string_view to, std::string_view operation, Value args,
                             InputStream* input, OutputStream* output) {
      return nested(to, operation, args, input, output);
    };
  }

  Result<std::shared_ptr<Instance>> create(Value config) {
    return Instance::create(loaded, "rude", std::move(config), context_);
  }

  Result<Value> run(std::string_view operation, std::string_view deed,
                    Entry entry = Entry::kExecute) {
    CallRequest request{.plugin = loaded.get(),
                        .instance = instance_.get(),
                        .operation = loaded->manifest().find(operation),
                        .entry = entry,
                        .args = Value::object({{"deed", deed}}),
                        .context = &context_};
    if (operation == "move") {
      request.inputs = {&input_, nullptr};
      request.outputs = {nullptr, &output_};
    }
    if (entry == Entry::kCompensate) request.args = Value::object({{"args", request.args}});
    return run_call(request);
  }

  std::int64_t answer(std::string_view operation, std::string_view deed,
                      Entry entry = Entry::kExecute) {
    auto result = run(operation, deed, entry);
    EXPECT_TRUE(result) << deed << ": " << result.error().code << " " << result.error().message;
    return result ? result->at("answer").int_or(-100) : -100;
  }

  Error error(std::string_view operation, std::string_view deed, Entry entry = Entry::kExecute) {
    auto result = run(operation, deed, entry);
    EXPECT_FALSE(result) << deed;
    return result ? Error{} : result.error();
  }

  Result<Value> nested(std::string_view to, std::string_view operation, const Value& args,
                       InputStream* input, OutputStream* output) {
    auto other =
        to == "self" ? Result<std::shared_ptr<Instance>>(instance_) : create(Value::object());
    if (!other) return fail(other.error());
    return run_call({.plugin = loaded.get(),
                     .instance = other->get(),
                     .operation = loaded->manifest().find(operation),
                     .args = args,
                     .context = &context_,
                     .inputs = {input, nullptr},
                     .outputs = {nullptr, output}});
  }

  static std::shared_ptr<const Plugin> loaded;
  TestContext context_;
  std::shared_ptr<Instance> instance_;
  TextInput input_{"some bytes"};
  TextOutput output_;
};

std::shared_ptr<const Plugin> CallTest::loaded;

TEST_F(CallTest, AWellBehavedCallGivesItsResult) { EXPECT_EQ(answer("ask", "behave"), 1); }

TEST_F(CallTest, EachBadAnswerIsAnErrorWithTheOperationsName) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"throw_exception", "plugin.threw"},
      {"throw_number", "plugin.threw"},
      {"no_result", "plugin.no_result"},
      {"wrong_result", "plugin.bad_result"},
      {"malformed_result", "plugin.bad_result"},
      {"null_result", "plugin.bad_result"},
      {"huge_result", "plugin.result_too_large"},
      {"odd_status", "plugin.unnamed_error"},
      {"silent_failure", "plugin.unnamed_error"},
      {"malformed_error", "plugin.unnamed_error"},
      {"cancelled", "call.cancelled"},
      {"indeterminate", "call.indeterminate"},
  };
  for (const auto& [deed, code] : cases) {
    const Error read = error("ask", deed);
    EXPECT_EQ(read.code, code) << deed << ": " << read.message;
    EXPECT_EQ(read.outcome, Outcome::kNothingHappened) << deed << ": a read changes nothing";
    const Error change = error("act", deed);
    EXPECT_EQ(change.code, code) << deed;
    EXPECT_NE(change.outcome, Outcome::kNothingHappened) << deed << ": an act may have happened";
    if (std::string_view(deed) != "malformed_error") {
      EXPECT_THAT(change.message, HasSubstr("rude.act")) << deed;
    }
  }
}

TEST_F(CallTest, AnActThatSaysItIsDoneHasHappenedWhateverItsResultIs) {
  for (const char* deed : {"no_result", "wrong_result", "malformed_result", "huge_result"}) {
    EXPECT_EQ(error("act", deed).outcome, Outcome::kHappened) << deed;
  }
}

TEST_F(CallTest, ThePluginsOwnErrorIsKept) {
  const Error own = error("ask", "plain_error");
  EXPECT_EQ(own.code, "bad.broke");
  EXPECT_EQ(own.message, "it broke");
  EXPECT_EQ(own.cause, nullptr);
  EXPECT_EQ(own.outcome, Outcome::kNothingHappened);
  EXPECT_EQ(error("act", "plain_error").outcome, Outcome::kMayHaveHappened);
  EXPECT_EQ(error("ask", "error_then_ok").code, "bad.broke");
  EXPECT_EQ(answer("ask", "error_then_result"), 1) << "the last one counts";
  EXPECT_THAT(error("ask", "error_without_code").message, HasSubstr("it broke"));
}

TEST_F(CallTest, AFailedHostFunctionIsPassedOnOrBecomesTheCause) {
  const Error broken{
      .code = "source.gone", .message = "the source went away", .category = Category::kTransient};
  input_ = TextInput("", broken);
  const Error passed = error("move", "read_and_fail");
  EXPECT_EQ(passed.code, "source.gone");
  EXPECT_EQ(passed.category, Category::kTransient);
  const Error wrapped = error("move", "read_and_explain");
  EXPECT_EQ(wrapped.code, "bad.stuck");
  ASSERT_TRUE(wrapped.cause);
  EXPECT_EQ(wrapped.cause->code, "source.gone");
}

TEST_F(CallTest, EachMisuseIsAnsweredLoggedAndNamed) {
  constexpr std::int64_t kMisuse = -3;
  const std::vector<std::tuple<const char*, const char*, Entry, const char*>> cases = {
      {"ask", "checkpoint", Entry::kExecute, "checkpoint()"},
      {"ask", "record_undo", Entry::kExecute, "record_undo()"},
      {"ask", "emit", Entry::kExecute, "emit()"},
      {"ask", "call_without_label", Entry::kExecute, "call()"},
  };
  for (const auto& [operation, deed, entry, function] : cases) {
    TestContext before;
    EXPECT_EQ(answer(operation, deed, entry), kMisuse) << deed;
    EXPECT_THAT(context_.logged(),
                HasSubstr("plugin bad_manners misbehaves in rude.ask: " + std::string(function)));
  }
}

TEST_F(CallTest, EachMisuseOfAPortIsAnsweredAndLogged) {
  for (const char* deed : {"write_to_in_port", "read_from_out_port", "read_from_no_port",
                           "read_at_declared_port", "read_into_nothing", "read_elsewhere"}) {
    auto result = run("move", deed);
    // The result does not fit `move`; what counts is that the host refused and that nothing moved.
    EXPECT_FALSE(result) << deed;
    EXPECT_THAT(context_.logged(), HasSubstr("misbehaves in rude.move")) << deed;
    EXPECT_EQ(output_.text, "");
  }
}

TEST_F(CallTest, NothingDurableIsLeftToPlan) {
  for (const char* deed : {"scratch_and_fail"}) {
    const Error refused = error("act", deed, Entry::kPlan);
    EXPECT_EQ(refused.code, "plugin.misuse");
    EXPECT_THAT(refused.message, HasSubstr("not available to plan"));
  }
  for (const char* deed : {"checkpoint", "record_undo"}) {
    run("act", deed, Entry::kPlan);
    EXPECT_THAT(context_.logged(), HasSubstr(std::string(deed) + "(): only available to execute"));
  }
  EXPECT_TRUE(context_.checkpoints.empty());
  EXPECT_TRUE(context_.undos.empty());
}

TEST_F(CallTest, AnActRecordsWhereItStandsAndHowItIsUndone) {
  EXPECT_EQ(answer("act", "checkpoint"), 0);
  EXPECT_EQ(answer("act", "record_undo"), 0);
  EXPECT_EQ(context_.checkpoints.size(), 1u);
  EXPECT_EQ(context_.undos.size(), 1u);
  EXPECT_EQ(answer("act", "record_bad_undo"), -1);
  EXPECT_EQ(context_.undos.size(), 1u);
}

TEST_F(CallTest, FromAForeignThreadOnlyTheSafeFunctionsWork) {
  EXPECT_EQ(error("ask", "result_elsewhere").code, "plugin.no_result");
  EXPECT_THAT(context_.logged(), HasSubstr("set_result(): called from another thread"));
  EXPECT_EQ(answer("ask", "log_elsewhere"), 1);
  EXPECT_THAT(context_.logged(), HasSubstr("3 from a thread \xef\xbf\xbd of my own"));
}

TEST_F(CallTest, ScratchIsOnePlaceForTheWholeCall) {
  context_.scratch_folder = "/somewhere";
  EXPECT_EQ(answer("ask", "scratch"), 0);
}

TEST_F(CallTest, OnlyWhatIsMarkedIsASecret) {
  auto made = create(Value::object({{"key", Value::object({{"$secret", "env:KEY"}})}}));
  ASSERT_TRUE(made) << made.error().message;
  instance_ = *made;
  context_.secrets = {{"/key", "hunter2"}, {"/deed", "not for you"}};
  EXPECT_EQ(answer("ask", "secret"), 7);
  EXPECT_EQ(answer("ask", "secret_of_none"), -2);
  context_.secrets.clear();
  EXPECT_EQ(error("ask", "secret").code, "site.missing_secret");
}

TEST_F(CallTest, ArgumentsAreCheckedBeforeThePluginSeesThem) {
  CallRequest request{.plugin = loaded.get(),
                      .instance = instance_.get(),
                      .operation = loaded->manifest().find("ask"),
                      .args = Value::object({{"dead", "behave"}}),
                      .context = &context_};
  auto result = run_call(request);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, "schema.mismatch");
  EXPECT_THAT(result.error().message, HasSubstr("rude.ask: "));
  request.args =
      Value::object({{"deed", Value::object({{"$later", Value::object({{"call", "root#1"}})}})}});
  EXPECT_FALSE(run_call(request)) << "while executing everything is known";
  request.instance = nullptr;
  EXPECT_EQ(run_call(request).error().code, "call.needs_instance");
}

TEST_F(CallTest, PlansProbesAndCompensationsHaveTheirShapes) {
  EXPECT_TRUE(run("act", "plan_well", Entry::kPlan));
  EXPECT_EQ(error("act", "plan_nothing", Entry::kPlan).code, "plugin.bad_result");
  EXPECT_EQ(error("act", "plan_wrong_prediction", Entry::kPlan).code, "plugin.bad_result");
  EXPECT_TRUE(run("act", "behave", Entry::kProbe));
  EXPECT_EQ(error("act", "lie", Entry::kProbe).code, "plugin.bad_result");
  EXPECT_EQ(error("act", "guess", Entry::kProbe).code, "plugin.bad_result");
  EXPECT_TRUE(run("act", "behave", Entry::kCompensate));
  EXPECT_EQ(error("act", "no_words", Entry::kCompensate).code, "plugin.bad_result");
}

TEST_F(CallTest, BytesPassThroughDeclaredPorts) {
  ASSERT_TRUE(run("move", "copy"));
  EXPECT_EQ(output_.text, "some bytes");
  output_.refuse = true;
  input_ = TextInput("more bytes");
  EXPECT_EQ(error("move", "copy").code, "disk.full");
  input_ = TextInput("half", Error{.code = "source.gone", .message = "gone"});
  output_.refuse = false;
  EXPECT_EQ(error("move", "copy").code, "source.gone");
}

TEST_F(CallTest, AnOperationWithPortsNeedsItsStreams) {
  auto result = run_call({.plugin = loaded.get(),
                          .instance = instance_.get(),
                          .operation = loaded->manifest().find("move"),
                          .args = Value::object({{"deed", "copy"}}),
                          .context = &context_});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, "call.needs_stream");
}

TEST_F(CallTest, ItemsAreCheckedAndHandedOver) {
  run("move", "emit");
  ASSERT_EQ(context_.items.size(), 1u);
  EXPECT_EQ(context_.items[0].at("ref").text(), "a");
  EXPECT_EQ(error("move", "emit_wrong_item").code, "plugin.bad_result");
  EXPECT_EQ(context_.items.size(), 1u);
}

TEST_F(CallTest, AnOpenedInputIsAPortAndGoneWhenTheCallIs) {
  bool gone = false;
  class Watched final : public InputStream {
   public:
    explicit Watched(bool& gone) : gone_(gone) {}
    ~Watched() override { gone_ = true; }
    Result<std::size_t> read(std::span<std::byte> into) override { return text_.read(into); }
    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) override {
      return text_.read_at(offset, into);
    }
    std::optional<std::uint64_t> size() const override { return text_.size(); }
    Result<> rehash(std::span<const std::byte> prefix) override { return text_.rehash(prefix); }

   private:
    bool& gone_;
    TextInput text_{std::string(101, 'x')};
  };
  context_.inputs = [&](const Value& artifact,
                        std::uint64_t) -> Result<std::unique_ptr<InputStream>> {
    EXPECT_EQ(artifact.at("ref").text(), "a");
    return std::make_unique<Watched>(gone);
  };
  EXPECT_EQ(answer("ask", "open_and_read"), 101101);
  EXPECT_TRUE(gone);
}

TEST_F(CallTest, AnExceptionOfTheCoreReachesThePluginAsAFailedFunction) {
  context_.inputs = [](const Value&, std::uint64_t) -> Result<std::unique_ptr<InputStream>> {
    throw std::runtime_error("out of luck");
  };
  const Error failed = error("ask", "open_and_read");
  EXPECT_EQ(failed.code, "call.host_failed");
  EXPECT_THAT(failed.message, HasSubstr("open_input(): out of luck"));
}

TEST_F(CallTest, AnInstanceThatWaitsForItselfIsACycleAndNoDeadlock) {
  const Error cycle = error("ask", "call_itself");
  EXPECT_EQ(cycle.code, "plugin.cycle");
  EXPECT_EQ(answer("ask", "call_aside"), 2) << "a concurrent operation waits for nobody";
  EXPECT_EQ(error("ask", "call_aside_for_ever").code, "plugin.cycle");
  EXPECT_EQ(answer("ask", "behave"), 1) << "and afterwards all is well";
}

TEST_F(CallTest, AStreamOfTheSameInstanceIsACycleToo) {
  context_.inputs = [&](const Value&, std::uint64_t) -> Result<std::unique_ptr<InputStream>> {
    return std::make_unique<ProducedStream>(
        [&](OutputStream& out) -> Result<> {
          auto done = nested("self", "move", Value::object({{"deed", "copy"}}), &input_, &out);
          if (!done) return fail(done.error());
          return {};
        },
        std::nullopt,
        [](std::uint64_t, std::span<std::byte> into) { return Result<std::size_t>(into.size()); });
  };
  EXPECT_EQ(error("ask", "open_and_read").code, "plugin.cycle");
}

TEST_F(CallTest, BytesPassThroughANestedCall) {
  EXPECT_EQ(answer("ask", "call_move_and_finish"), 1225);
}

TEST_F(CallTest, ANestedCallThatIsGivenUpSeesAnErrorInPlaceOfTheEnd) {
  EXPECT_EQ(error("ask", "call_move_and_give_up").code, "stream.aborted");
}

TEST_F(CallTest, ANestedCallThatIsForgottenIsEndedAndSaid) {
  EXPECT_EQ(answer("ask", "call_move_and_forget"), 1);
  EXPECT_THAT(context_.logged(), HasSubstr("a nested call was not finished"));
}

TEST_F(CallTest, CallsOfOneInstanceTakeTurns) {
  // Under the thread sanitizer an overlap of two calls would be a race on `inside`.
  int inside = 0;
  context_.nested = [&](std::string_view, std::string_view, Value, InputStream*,
                        OutputStream*) -> Result<Value> {
    ++inside;
    const int seen = inside;
    --inside;
    if (seen != 1) return fail({.code = "test.overlap", .message = "two calls at once"});
    return Value::object({{"answer", 1}});
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 50; ++round) EXPECT_EQ(answer("ask", "call_itself"), 2);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(CallTest, SettingsAreCheckedAndAFailedInstanceSaysWhy) {
  auto wrong = create(Value::object({{"colour", "red"}}));
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, "plugin.bad_config");
  EXPECT_THAT(wrong.error().message, HasSubstr("rude: colour"));
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"plain_error", "bad.broke"},
      {"silent_failure", "plugin.unnamed_error"},
      {"throw_exception", "plugin.threw"},
      {"no_instance", "plugin.no_instance"},
      {"scratch_and_fail", "plugin.misuse"}};
  for (const auto& [deed, code] : cases) {
    auto made = create(Value::object({{"deed", deed}}));
    ASSERT_FALSE(made) << deed;
    EXPECT_EQ(made.error().code, code) << made.error().message;
  }
}

}  // namespace
}  // namespace snapcore
