#include "site/member_lines.hpp"

#include <gtest/gtest.h>

namespace snapcore::test {
namespace {

TEST(MemberLinesTest, MembersAreFoundByTheirPath) {
  const auto lines = member_lines(
      "-- return { not = 1 }\n"
      "local other = { instances = 5 }\n"
      "--[[ return {\n"
      "instances = 1 } ]]\n"
      "return {\n"
      "  policy = { max_age = '26h', text = \"}, {\" },  -- } }\n"
      "  instances = {\n"
      "    a = { plugin = 'x', list = {\n"
      "        { name = 'n1' },\n"
      "        { name = [==[ ]] } ]==], more = f(1, { 2 }, 3),\n"
      "          after = 1 } } },\n"
      "    [\"b c\"] = { x = a == b, y = 1 };\n"
      "    [1 + 1] = 5,\n"
      "    last = 'a\\'b', },\n"
      "}\n");
  const std::pair<const char*, int> kExpected[] = {{"policy", 6},
                                                   {"policy.max_age", 6},
                                                   {"policy.text", 6},
                                                   {"instances", 7},
                                                   {"instances.a", 8},
                                                   {"instances.a.list", 8},
                                                   {"instances.a.list[1]", 9},
                                                   {"instances.a.list[1].name", 9},
                                                   {"instances.a.list[2].name", 10},
                                                   {"instances.a.list[2].more", 10},
                                                   {"instances.a.list[2].after", 11},
                                                   {"instances.b c", 12},
                                                   {"instances.b c.y", 12},
                                                   {"instances.last", 14}};
  for (const auto& [path, line] : kExpected) {
    const auto found = lines.find(path);
    ASSERT_NE(found, lines.end()) << path;
    EXPECT_EQ(found->second, line) << path;
  }
  EXPECT_EQ(lines.count("not"), 0u);
  EXPECT_EQ(line_of(lines, "instances.a.list[2].name.deeper[7]"), 10);
  EXPECT_EQ(line_of(lines, "nothing.of.this"), 0);
}

TEST(MemberLinesTest, TornTextIsReadToItsEnd) {
  const std::string text =
      "return { a = { b = \"x\\\"\", [ 'c' ] = { 1, 2, [[ y ]] } }, --[==[ z ]==]\n d = f { "
      "g(h[1]) }, e }";
  for (std::size_t size = 0; size <= text.size(); ++size) member_lines(text.substr(0, size));
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (const char c : {'{', '}', '"', '[', ']', '=', '\n', '-', '\\', '\0'}) {
      std::string changed = text;
      changed[at] = c;
      member_lines(changed);
    }
  }
  EXPECT_LE(member_lines("return " + std::string(100000, '{')).size(), 200u);
  EXPECT_TRUE(member_lines("").empty());
}

}  // namespace
}  // namespace snapcore::test
