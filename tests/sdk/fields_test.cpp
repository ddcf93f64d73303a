#include <gtest/gtest.h>

#include <snapcore/plugin.hpp>

namespace harbour {

namespace sdk = snapcore::sdk;
using snapcore::Value;

enum class Tide { kLow, kHigh };
constexpr auto enum_names(Tide) {
  return sdk::names<Tide>({{Tide::kLow, "low"}, {Tide::kHigh, "high"}});
}

struct Berth {
  std::string peer;
  std::int32_t depth = 0;
};
void fields(sdk::Fields& f, Berth& b) {
  f("peer", b.peer, "who lies there").not_empty();
  f("depth", b.depth).optional().range(0, 50);
}

struct Everything {
  bool flag = false;
  std::int8_t small = 0;
  std::uint64_t large = 0;
  double ratio = 0;
  std::string text;
  Value any;
  std::optional<std::string> maybe;
  std::vector<Berth> berths;
  std::map<std::string, std::vector<int>> table;
  Tide tide = Tide::kLow;
  sdk::Secret secret;
  sdk::Duration wait{std::chrono::seconds(90)};
  sdk::Time at;
  sdk::Bytes size;
  std::vector<sdk::Instance> hosts;
};
void fields(sdk::Fields& f, Everything& e) {
  f("flag", e.flag, "a flag");
  f("small", e.small);
  f("large", e.large);
  f("ratio", e.ratio);
  f("text", e.text).pattern("^[a-z]+$");
  f("any", e.any).optional();
  f("maybe", e.maybe, "perhaps");
  f("berths", e.berths);
  f("table", e.table);
  f("tide", e.tide);
  f("secret", e.secret);
  f("wait", e.wait).optional();
  f("at", e.at);
  f("size", e.size);
  f("hosts", e.hosts).optional().interface_of("snapcore.host/1");
}

constexpr char kWhole[] = R"({
  "flag": true, "small": -5, "large": 18446744073709551615, "ratio": 0.5, "text": "abc",
  "any": {"x": [1]}, "maybe": "yes", "berths": [{"peer": "a", "depth": 3}, {"peer": "b", "depth": 0}],
  "table": {"one": [1, 2], "none": []}, "tide": "high", "secret": "env:TOKEN", "wait": "5m",
  "at": "2026-01-02T03:04:05Z", "size": 1048576, "hosts": ["host_a"]})";

Value whole() { return *Value::parse(kWhole); }

TEST(FieldsTest, WhatIsReadIsWrittenBackTheSame) {
  const auto read = sdk::from_value<Everything>(whole());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->small, -5);
  EXPECT_EQ(read->large, UINT64_MAX);
  EXPECT_EQ(read->berths[1].peer, "b");
  EXPECT_EQ(read->tide, Tide::kHigh);
  EXPECT_EQ(read->secret.reference(), "env:TOKEN");
  EXPECT_EQ(read->wait.length, std::chrono::minutes(5));
  EXPECT_EQ(read->size.count, 1048576u);
  EXPECT_EQ(read->hosts[0].name, "host_a");
  EXPECT_EQ(sdk::to_value(*read), whole());
}

TEST(FieldsTest, TheSchemaSaysTypesSummariesDefaultsAndLimits) {
  const Value schema = sdk::schema_of<Everything>();
  const Value& properties = schema.at("properties");
  EXPECT_EQ(properties.at("flag").dump(), R"({"description":"a flag","type":"boolean"})");
  EXPECT_EQ(properties.at("small").dump(), R"({"maximum":127,"minimum":-128,"type":"integer"})");
  EXPECT_EQ(properties.at("large").dump(), R"({"minimum":0,"type":"integer"})");
  EXPECT_EQ(properties.at("text").dump(), R"({"pattern":"^[a-z]+$","type":"string"})");
  EXPECT_EQ(properties.at("tide").dump(), R"({"enum":["low","high"],"type":"string"})");
  EXPECT_EQ(properties.at("secret").dump(), R"({"type":"string","x-secret":true})");
  EXPECT_EQ(properties.at("wait").at("default").text(), "90s");
  EXPECT_EQ(properties.at("wait").at("x-type").text(), "duration");
  EXPECT_EQ(properties.at("hosts").dump(),
            R"({"items":{"type":"string","x-interface":"snapcore.host/1","x-type":"instance"},)"
            R"("type":"array"})");
  EXPECT_EQ(properties.at("table").dump(),
            R"({"additionalProperties":{"items":{"maximum":2147483647,"minimum":-2147483648,)"
            R"("type":"integer"},"type":"array"},"type":"object"})");
  EXPECT_EQ(properties.at("berths").at("items").dump(),
            R"({"additionalProperties":false,"properties":{"depth":{"default":0,"maximum":50,)"
            R"("minimum":0,"type":"integer"},"peer":{"description":"who lies there","minLength":1,)"
            R"("type":"string"}},"required":["peer"],"type":"object"})");
  EXPECT_FALSE(schema.at("additionalProperties").bool_or(true));
  std::string required;
  for (const Value& name : schema.at("required").items()) required += name.text() + " ";
  EXPECT_EQ(required, "flag small large ratio text berths table tide secret at size ");
}

TEST(FieldsTest, EveryMissingMemberIsNamedUnlessItIsOptional) {
  const Value properties = sdk::schema_of<Everything>().at("properties");
  for (const auto& [name, schema] : properties.members()) {
    Value value = whole();
    value.erase(name);
    const auto read = sdk::from_value<Everything>(value);
    const bool optional = name == "any" || name == "maybe" || name == "wait" || name == "hosts";
    EXPECT_EQ(static_cast<bool>(read), optional) << name;
    if (!read) {
      EXPECT_EQ(read.error().message, name + " is missing");
    }
  }
}

TEST(FieldsTest, AnAbsentOptionalMemberKeepsItsInitialValue) {
  Value value = whole();
  value.erase("wait");
  value.erase("maybe");
  const auto read = sdk::from_value<Everything>(value);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->wait.text(), "90s");
  EXPECT_FALSE(read->maybe);
  EXPECT_FALSE(sdk::to_value(*read).has("maybe"));
}

TEST(FieldsTest, EveryWronglyTypedMemberIsNamed) {
  const Value wrong[] = {nullptr, true, 1, 2.5, "text", Value::array(), Value::object()};
  const Value properties = sdk::schema_of<Everything>().at("properties");
  for (const auto& [name, schema] : properties.members()) {
    int refused = 0;
    for (const Value& other : wrong) {
      Value value = whole();
      value[name] = other;
      const auto read = sdk::from_value<Everything>(value);
      if (read) continue;
      ++refused;
      EXPECT_EQ(read.error().code, "plugin.bad_value");
      EXPECT_TRUE(read.error().message.starts_with(name)) << read.error().message;
    }
    // Each type takes at most its own kind of value (a number takes integers, anything takes
    // anything).
    EXPECT_GE(refused, name == "any" ? 0 : 5) << name;
  }
}

struct Bad {
  std::string_view json;
  std::string_view message;
};

TEST(FieldsTest, AnErrorNamesThePathOfTheFirstMemberThatDoesNotFit) {
  const Bad bad[] = {
      {R"([{"peer": "a"}, {"peer": 7}])", "berths[1].peer must be a text, not a number"},
      {R"([{"peer": ""}])", "berths[0].peer must be something"},
      {R"([{"peer": "a", "depth": 51}])", "berths[0].depth must be at most 50"},
      {R"([{"peer": "a", "depth": -1}])", "berths[0].depth must be at least 0"},
      {R"([{"peer": "a", "depth": 4294967296}])", "berths[0].depth is out of range"},
      {R"([{}])", "berths[0].peer is missing"},
      {R"([{"peer": "a", "draught": 1}])", "berths[0].draught is not known here"},
      {R"({"peer": "a"})", "berths must be a list, not an object"},
  };
  for (const Bad& one : bad) {
    Value value = whole();
    value["berths"] = *Value::parse(one.json);
    const auto read = sdk::from_value<Everything>(value);
    ASSERT_FALSE(read) << one.json;
    EXPECT_EQ(read.error().message, one.message);
  }
}

TEST(FieldsTest, AnEnumNamesWhatItTakes) {
  Value value = whole();
  value["tide"] = "middle";
  EXPECT_EQ(sdk::from_value<Everything>(value).error().message,
            "tide must be one of low, high, not a text");
}

TEST(FieldsTest, IntegersNeverWrap) {
  for (const char* number : {"128", "-129", "18446744073709551615", "1.0"}) {
    Value value = whole();
    value["small"] = *Value::parse(number);
    EXPECT_FALSE(sdk::from_value<Everything>(value)) << number;
  }
  Value value = whole();
  value["large"] = -1;
  EXPECT_FALSE(sdk::from_value<Everything>(value));
}

TEST(DurationTest, OnlyTheFiveUnitsAreUnderstood) {
  for (const char* text : {"90s", "5m", "26h", "8d", "2w", "0s"}) {
    ASSERT_TRUE(sdk::Duration::parse(text)) << text;
    EXPECT_EQ(sdk::Duration::parse(text)->text(), text);
  }
  for (const char* text :
       {"", "s", "5", "-5m", "+5m", "5 m", "1.5h", "5ms", "5M", "1234567890s", "5m "}) {
    EXPECT_FALSE(sdk::Duration::parse(text)) << text;
  }
}

TEST(TimeTest, OffsetsAndFractionsAreUnderstoodAndUtcIsWritten) {
  for (const char* text :
       {"2026-01-02T03:04:05Z", "2026-01-02T05:04:05+02:00", "2026-01-01T22:04:05-05:00",
        "2026-01-02T03:04:05.678Z", "2026-01-02t03:04:05z"}) {
    const auto time = sdk::Time::parse(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(time->text(), "2026-01-02T03:04:05Z");
    EXPECT_EQ(time->stamp(), "20260102T030405Z");
  }
}

TEST(TimeTest, EveryShortenedTimeIsRefused) {
  const std::string whole_time = "2026-01-02T03:04:05.5+00:00";
  for (std::size_t size = 0; size < whole_time.size(); ++size) {
    EXPECT_FALSE(sdk::Time::parse(whole_time.substr(0, size))) << size;
  }
  for (const char* text :
       {"2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z",
        "2026-01-01 00:00:00Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00Zx"}) {
    EXPECT_FALSE(sdk::Time::parse(text)) << text;
  }
}

TEST(ArtifactTest, WhatTheCoreAddedIsHandedBack) {
  const Value given =
      *Value::parse(R"({"ref": "a.db", "name": "a.db", "size": 3, "source": "backups"})");
  const auto artifact = sdk::from_value<sdk::Artifact>(given);
  ASSERT_TRUE(artifact) << artifact.error().message;
  EXPECT_EQ(artifact->size, 3u);
  EXPECT_EQ(sdk::to_value(*artifact), given);
  EXPECT_FALSE(sdk::from_value<sdk::Artifact>(Value::object({{"ref", "a"}})));
}

template <class T>
concept Comparable = requires(const T& a, const T& b) {
  a == b;
};
template <class T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};
static_assert(!Comparable<sdk::Secret> && !Printable<sdk::Secret>);
static_assert(!std::is_convertible_v<sdk::Secret, std::string>);

}  // namespace harbour
