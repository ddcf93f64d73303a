#include "reading/belt.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <thread>

namespace etcd {
namespace {

using snapcore::fail;
using snapcore::Value;
using testing::HasSubstr;

constexpr int kMany = 5000;

TEST(Belt, HandsOverEveryItemInOrderOnTheThreadOfTheCall) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{100000}}) {
    const int count = size == 1 ? kMany : 200;
    const auto caller = std::this_thread::get_id();
    std::vector<std::int64_t> seen;
    const Reading reading{.emit = [&](const Value& item) -> Result<> {
      EXPECT_TRUE(std::this_thread::get_id() == caller);
      seen.push_back(item.at("n").int_or(-1));
      return {};
    }};
    const Result<int> found = found_beside(reading, [&](const Reading& beside) -> Result<int> {
      EXPECT_FALSE(std::this_thread::get_id() == caller);
      for (int i = 0; i < count; ++i) {
        Value item = Value::object({{"n", i}, {"text", std::string(size, 'x')}});
        if (auto put = beside.emit(std::move(item)); !put) return fail(put.error());
      }
      return count;
    });
    ASSERT_TRUE(found);
    ASSERT_EQ(seen.size(), static_cast<std::size_t>(count));
    EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  }
}

TEST(Belt, HandsOverKeysAsValuesBetweenOtherItemsInOrder) {
  std::vector<Value> seen;
  const Reading reading{.emit = [&](Value item) -> Result<> {
    seen.push_back(std::move(item));
    return {};
  }};
  const Result<int> found = found_beside(reading, [&](const Reading& beside) -> Result<int> {
    for (int i = 0; i < kMany; ++i) {
      KeyItem key{.key = "/k/" + std::to_string(i), .version = i};
      auto put = i % 3 == 0 ? beside.emit(Value::object({{"version", i}}))
                            : beside.hand_over(std::move(key));
      if (!put) return fail(put.error());
    }
    return kMany;
  });
  ASSERT_TRUE(found);
  ASSERT_EQ(seen.size(), static_cast<std::size_t>(kMany));
  for (int i = 0; i < kMany; ++i) {
    const Value& item = seen[static_cast<std::size_t>(i)];
    ASSERT_EQ(item.at("version").int_or(-1), i);
    ASSERT_EQ(item.at("key").text(), i % 3 == 0 ? "" : "/k/" + std::to_string(i));
  }
}

TEST(Belt, TellsTheFinderThatItsItemsAreRefused) {
  int refused_at = 0;
  const Reading reading{.emit = [&](const Value& item) -> Result<> {
    if (item.at("n").int_or(0) < 700) return {};
    return fail({.code = "test.full", .message = "the pipe is closed"});
  }};
  const Result<int> found = found_beside(reading, [&](const Reading& beside) -> Result<int> {
    for (int i = 0;; ++i) {
      refused_at = i;
      if (auto put = beside.emit(Value::object({{"n", i}})); !put) return fail(put.error());
    }
  });
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, "test.full");
  EXPECT_GE(refused_at, 700);
}

TEST(Belt, BringsAnExceptionOfEitherSideToTheCaller) {
  const Reading quiet{.emit = [](const Value&) -> Result<> { return {}; }};
  try {
    found_beside(quiet, [](const Reading&) -> Result<int> { throw std::runtime_error("finder"); });
    ADD_FAILURE();
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("finder"));
  }
  const Reading loud{.emit = [](const Value&) -> Result<> { throw std::runtime_error("caller"); }};
  try {
    found_beside(loud, [](const Reading& beside) -> Result<int> {
      for (;;) {
        if (auto put = beside.emit(Value::object()); !put) return fail(put.error());
      }
    });
    ADD_FAILURE();
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("caller"));
  }
}

}  // namespace
}  // namespace etcd
