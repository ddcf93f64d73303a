// The matcher finds what Lua's own finds: both are asked the same, over many texts and patterns.
#include <gtest/gtest.h>

#include <random>

#include "run_script.hpp"

namespace snapcore::test {
namespace {

// What find, match, gmatch and gsub of the table on top of the stack say, as one text. Pops the
// table.
const char* const kAsk = R"(
local string, text, pattern, with = ...
local function show(...)
  local all = {}
  for i = 1, select('#', ...) do all[i] = tostring((select(i, ...))) end
  return table.concat(all, '|')
end
local function try(f, ...)
  local all = table.pack(pcall(f, ...))
  if all[1] then return show(table.unpack(all, 2, all.n)) end
  return 'error'
end
local out = {}
for start = -2, 3 do
  out[#out + 1] = try(string.find, text, pattern, start)
  out[#out + 1] = try(string.match, text, pattern, start)
end
out[#out + 1] = try(string.find, text, pattern, 1, true)
out[#out + 1] = try(string.gsub, text, pattern, with)
out[#out + 1] = try(string.gsub, text, pattern, with, 1)
out[#out + 1] = try(string.gsub, text, pattern, {a = 'A', [''] = '-', b = false})
out[#out + 1] = try(string.gsub, text, pattern, function(x, y) return y and x .. y end)
out[#out + 1] = try(function()
  local found = {}
  for a, b in string.gmatch(text, pattern) do
    found[#found + 1] = show(a, b)
    if #found > 50 then break end
  end
  return table.concat(found, ';')
end)
return table.concat(out, '\n')
)";

struct Question {
  std::string text, pattern, with;
  std::string ours, theirs;
};

std::string ask(lua_State* state, const Question& question) {
  luaL_loadbufferx(state, kAsk, std::char_traits<char>::length(kAsk), "=ask", "t");
  lua_insert(state, -2);
  lua_pushlstring(state, question.text.data(), question.text.size());
  lua_pushlstring(state, question.pattern.data(), question.pattern.size());
  lua_pushlstring(state, question.with.data(), question.with.size());
  lua_call(state, 4, 1);
  std::size_t size = 0;
  const char* answer = lua_tolstring(state, -1, &size);
  std::string copy(answer, size);
  lua_pop(state, 1);
  return copy;
}

int ask_ours(lua_State* state) {
  auto& question = *static_cast<Question*>(lua_touserdata(state, 1));
  lua_getglobal(state, "string");
  question.ours = ask(state, question);
  return 0;
}

class PatternTest : public ::testing::Test {
 protected:
  PatternTest() : lua_(luaL_newstate()), sandbox_({.work = 2'000'000'000}) { luaL_openlibs(lua_); }
  ~PatternTest() override { lua_close(lua_); }

  void expect_same(Question question) {
    const auto ran = sandbox_.protect(ask_ours, &question);
    ASSERT_TRUE(ran) << ran.error().message << " for " << question.pattern;
    lua_getglobal(lua_, "string");
    question.theirs = ask(lua_, question);
    EXPECT_EQ(question.ours, question.theirs)
        << "text '" << question.text << "' pattern '" << question.pattern << "' with '"
        << question.with << "'";
  }

  lua_State* lua_;
  Sandbox sandbox_;
};

TEST_F(PatternTest, HandPickedPatternsMatchAsInLua) {
  const std::vector<std::string> texts = {"",
                                          "a",
                                          "aab",
                                          "hello world",
                                          "  key = value ",
                                          "(a(b)c)",
                                          "THE (quick) fox",
                                          std::string("a\0b\0", 4),
                                          "2026-01-31T04:05:06Z",
                                          "[]]%-^$",
                                          "\xff\x80 \xc3\xa9"};
  const std::vector<std::string> patterns = {"",
                                             ".",
                                             "a",
                                             "a*",
                                             "a-",
                                             "a+b",
                                             "a?b",
                                             "^a",
                                             "b$",
                                             "^$",
                                             "^",
                                             "$",
                                             "(a)(b)",
                                             "()a()",
                                             "(a*)(b*)",
                                             "%a+",
                                             "%s*(%S+)%s*=",
                                             "%b()",
                                             "%b",
                                             "%f[%w]%w+",
                                             "%f",
                                             "%f[a",
                                             "[^%s]+",
                                             "[a-c]",
                                             "[]]",
                                             "[^]]",
                                             "[]",
                                             "[a",
                                             "[%",
                                             "[a-]",
                                             "[-a]",
                                             "[%a-z]",
                                             "[^^]",
                                             "[%]]",
                                             "%",
                                             "%%",
                                             "(a",
                                             "a)",
                                             "(()",
                                             "%1",
                                             "(a)%1",
                                             "(.)%1",
                                             "()%1",
                                             "%0",
                                             "((((a))))",
                                             "^(%d+)-(%d+)-(%d+)T",
                                             "%d%d:%d%d",
                                             ".-$",
                                             ".*b",
                                             "%x+",
                                             "%u%l*",
                                             "%P+",
                                             "%g+",
                                             "%c",
                                             "a**",
                                             "a*?",
                                             "^*",
                                             "[a-%%]",
                                             "[%a_][%w_]*",
                                             "%z",
                                             std::string("\0", 1),
                                             std::string("[\0-\x1f]", 5),
                                             "x*",
                                             "%-",
                                             "%^%$",
                                             "[^%W]+",
                                             "%D",
                                             "(h)(e)(l)%3"};
  for (const auto& text : texts) {
    for (const auto& pattern : patterns) expect_same({text, pattern, "<%0>", "", ""});
  }
}

TEST_F(PatternTest, ReplacementsAreMadeAsInLua) {
  for (const char* with :
       {"", "x", "%0", "%1", "%1%2", "%%", "%", "%9", "%a", "<%0>", "%2%1", "a%"}) {
    for (const char* pattern : {"a", "(a)(b)", "()b", "(.)", "x*", "^a", "b$"}) {
      for (const char* text : {"", "aab", "abab", "b"}) expect_same({text, pattern, with, "", ""});
    }
  }
}

TEST_F(PatternTest, RandomPatternsMatchAsInLua) {
  std::mt19937 random(20260301);
  const std::string alphabet = "ab(()).%%[]^$*+-?fb1 a";
  const std::string letters = "aabb (c)";
  const auto text_of = [&](const std::string& from, std::size_t size) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) text += from[random() % from.size()];
    return text;
  };
  for (int i = 0; i < 3000; ++i) {
    expect_same(
        {text_of(letters, random() % 12), text_of(alphabet, 1 + random() % 8), "<%0>", "", ""});
  }
}

}  // namespace
}  // namespace snapcore::test
