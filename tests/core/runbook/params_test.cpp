#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "run_runbook.hpp"

namespace snapcore::test {
namespace {

using ::testing::HasSubstr;

// The parameters of a runbook that declares `declared`, as the gate got them.
std::string params(const std::string& declared,
                   const std::map<std::string, std::string>& set = {}) {
  FakeGate gate = make_gate();
  const auto ended = run(gate, "runbook { summary = 's', params = { " + declared + " } }", set);
  if (!ended.result) return ended.code() + ": " + ended.message();
  return gate.log.front().substr(std::string("declare s ").size());
}

TEST(ParamsTest, TextFromTheCommandLineBecomesTheDeclaredType) {
  EXPECT_EQ(params("a = { type = 'string' }", {{"a", "5"}}), R"({"a":"5"})");
  EXPECT_EQ(params("a = { type = 'integer' }", {{"a", "-5"}}), R"({"a":-5})");
  EXPECT_EQ(params("a = { type = 'integer' }", {{"a", "9223372036854775807"}}),
            R"({"a":9223372036854775807})");
  EXPECT_EQ(params("a = { type = 'number' }", {{"a", "2.5"}}), R"({"a":2.5})");
  EXPECT_EQ(params("a = { type = 'number' }", {{"a", "3"}}), R"({"a":3})");
  EXPECT_EQ(params("a = { type = 'boolean' }", {{"a", "true"}}), R"({"a":true})");
  EXPECT_EQ(params("a = { type = 'time' }", {{"a", "2026-01-31T06:05:06+02:00"}}),
            R"({"a":"2026-01-31T04:05:06Z"})");
  EXPECT_EQ(params("a = { type = 'duration' }", {{"a", "26h"}}), R"({"a":"26h"})");
  EXPECT_EQ(params("a = { type = 'list' }", {{"a", "x,y"}}), R"({"a":["x","y"]})");
  EXPECT_EQ(params("a = { type = 'list' }", {{"a", "[1, {\"b\": 2}]"}}), R"({"a":[1,{"b":2}]})");
  EXPECT_EQ(params("a = { type = 'list' }", {{"a", ""}}), R"({"a":[]})");
  EXPECT_EQ(params("a = { type = 'object' }", {{"a", "{\"b\": 2}"}}), R"({"a":{"b":2}})");
}

TEST(ParamsTest, TextThatDoesNotFitIsRefusedByName) {
  const std::pair<const char*, const char*> kBad[] = {
      {"integer", "5.5"},
      {"integer", "five"},
      {"integer", ""},
      {"integer", "5 "},
      {"integer", "99999999999999999999"},
      {"number", "x"},
      {"number", "nan"},
      {"number", "inf"},
      {"number", "-inf"},
      {"number", "1e999"},
      {"boolean", "yes"},
      {"boolean", "1"},
      {"time", "today"},
      {"time", "2026-13-01T00:00:00Z"},
      {"duration", "5"},
      {"duration", "-5m"},
      {"list", "[1"},
      {"object", "[1]"},
      {"object", "x"},
  };
  for (const auto& [type, text] : kBad) {
    const std::string said = params("a = { type = '" + std::string(type) + "' }", {{"a", text}});
    EXPECT_THAT(said, HasSubstr("runbook.bad_parameter: dr.lua:1: parameter 'a' is '" +
                                std::string(text) + "'"))
        << type;
  }
}

TEST(ParamsTest, DefaultsAndOptionalOnes) {
  EXPECT_EQ(params("a = { type = 'list', default = {} }, b = { type = 'object', default = {} }"),
            R"({"a":[],"b":{}})");
  EXPECT_EQ(params("a = { type = 'list', default = site.values.guests }"),
            R"({"a":[{"id":100},{"id":101}]})");
  EXPECT_EQ(params("a = { type = 'string', optional = true }"), "{}");
  EXPECT_EQ(params("a = { type = 'integer', default = 5 }", {{"a", "6"}}), R"({"a":6})");
  EXPECT_THAT(params("a = { type = 'integer', default = 'x' }"),
              HasSubstr("parameter 'a' is \"x\" by default"));
  EXPECT_EQ(params("a = { type = 'boolean', default = false }"), R"({"a":false})");
}

TEST(ParamsTest, EnumsAndMissingAndUnknownOnes) {
  const char* place = "place = { type = 'string', enum = { 'berlin', 'lab' }, help = 'where' }";
  EXPECT_EQ(params(place, {{"place", "lab"}}), R"({"place":"lab"})");
  EXPECT_THAT(params(place, {{"place", "paris"}}), HasSubstr("one of berlin, lab is expected"));
  EXPECT_THAT(
      params(place),
      HasSubstr("runbook.missing_parameter: dr.lua:1: the parameter 'place' is missing: where"));
  EXPECT_THAT(params(place, {{"place", "lab"}, {"plaec", "x"}}),
              HasSubstr("runbook.unknown_parameter: dr.lua:1: there is no parameter 'plaec'; this "
                        "runbook takes place"));
}

TEST(ParamsTest, ADeclarationItselfIsChecked) {
  EXPECT_THAT(params("a = {}"), HasSubstr("needs a type, one of string, integer"));
  EXPECT_THAT(params("a = { type = 'text' }"), HasSubstr("needs a type"));
  EXPECT_THAT(params("a = 5"), HasSubstr("must be declared as a table"));
  EXPECT_THAT(params("a = { type = 'string', optionl = true }"),
              HasSubstr("unknown member 'optionl'"));
  EXPECT_THAT(params("a = { type = 'string', optional = 'yes' }"),
              HasSubstr("neither true nor false"));
  EXPECT_THAT(params("a = { type = 'string', enum = {} }"), HasSubstr("no list of values"));
  EXPECT_THAT(params("'a'"), HasSubstr("params is a table"));
}

TEST(ParamsTest, TheRunbookSeesThemReadOnlyAndByTheirNamesAlone) {
  const std::string start =
      "local p = runbook { summary = 's', params = { a = { type = 'list', default = { 1 } }, o = { "
      "type = 'time', optional = true } } }\n";
  EXPECT_TRUE(run(start + "assert(p.o == nil and p.a[1] == 1 and #p.a == 1)").result);
  EXPECT_EQ(run(start + "return p.b").code(), "runbook.unknown_field");
  EXPECT_THAT(run(start + "return p.b").message(),
              HasSubstr("dr.lua:2: params has no 'b'; there is a, o"));
  for (const char* attempt : {"p.a = 1", "p.x = 1", "p.a[1] = 2",
                              "setmetatable(p, { __index = {} })", "getmetatable(p).__index = {}",
                              "getmetatable(p.a).__newindex = nil", "table.insert(p.a, 1)"}) {
    EXPECT_FALSE(run(start + attempt).result) << attempt;
  }
}

}  // namespace
}  // namespace snapcore::test
