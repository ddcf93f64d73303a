#include "engine/history.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace snapcore {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A history from what calls said, in order.
class Told {
 public:
  Told& begin(const std::string& call, const std::string& parent = "") {
    Value body = Value::object({{"call", call}, {"instance", "a"}, {"operation", "add"}});
    if (!parent.empty()) body["parent"] = parent;
    return take(record::kIntent, std::move(body));
  }
  Told& end(const std::string& call, Value result) {
    return take(record::kResult, Value::object({{"call", call}, {"result", std::move(result)}}));
  }

  std::vector<std::string> nested_in(const std::string& call) const {
    std::vector<std::string> ids;
    for (const PastCall* past : history.nested_in(call)) ids.push_back(past->id);
    return ids;
  }

  History history;

 private:
  Told& take(std::string_view type, Value body) {
    history.take({.seq = ++seq_, .type = std::string(type), .body = std::move(body)});
    return *this;
  }

  std::uint64_t seq_ = 0;
};

TEST(HistoryTest, CallsNestedInACallAreGivenInTheOrderTheyWereBegun) {
  Told told;
  told.begin("root#1").begin("root#1/z", "root#1").begin("root#2").begin("root#1/a", "root#1");
  told.begin("root#1/z", "root#1");  // again, in a later attempt
  EXPECT_THAT(told.nested_in("root#1"), ElementsAre("root#1/z", "root#1/a"));
  EXPECT_THAT(told.nested_in("root#2"), IsEmpty());
  EXPECT_THAT(told.nested_in(""), IsEmpty());
}

TEST(HistoryTest, ACopyKnowsItsOwnNestedCalls) {
  Told told;
  told.begin("root#1").begin("root#1/a", "root#1");
  const History copy = told.history;
  told.begin("root#1/b", "root#1");
  ASSERT_EQ(copy.nested_in("root#1").size(), 1U);
  EXPECT_EQ(copy.nested_in("root#1").front(), copy.find("root#1/a"));
}

TEST(HistoryTest, ACallGivesItsResultOnceItHasOne) {
  Told told;
  told.begin("root#1").begin("root#2").end("root#1", Value::object({{"name", "one"}}));
  EXPECT_EQ(told.history.result_of("root#1"), Value::object({{"name", "one"}}));
  EXPECT_FALSE(told.history.result_of("root#2"));
  EXPECT_FALSE(told.history.result_of("root#3"));
}

TEST(HistoryTest, ARestoreGivesWhatItsVerbsGaveTheLaterOnesLast) {
  Told told;
  told.begin("root#1.stage").end("root#1.stage", Value::object({{"bytes", 5}, {"words", "s"}}));
  told.begin("root#1.stage/there", "root#1.stage");
  told.end("root#1.stage/there", Value::object({{"inner", true}}));
  told.begin("root#1.activate").end("root#1.activate", Value::object({{"words", "a"}}));
  told.begin("root#1.health");
  told.begin("root#12.stage").end("root#12.stage", Value::object({{"other", true}}));
  EXPECT_EQ(told.history.result_of("root#1"), Value::object({{"bytes", 5}, {"words", "a"}}));
}

}  // namespace
}  // namespace snapcore
