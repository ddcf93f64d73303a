// Findings in runbooks, with a site of one ledger and one place for notes, whose plugins are loaded
// for their manifests and never called.
#include "runbook/check.hpp"

#include <gmock/gmock.h>

#include <fstream>

#include "fakes/scratch.hpp"
#include "plugin_files.hpp"

namespace snapcore::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class CheckTest : public testing::Test {
 protected:
  CheckTest() {
    use_scan_child();
    // Nothing of it is there: an instance that was opened would fail.
    const Value nowhere = Value::object({{"path", "/nowhere/at/all"}});
    site_.path = "/etc/site.lua";
    site_.values = Value::object({{"place", "lab"}});
    site_.instances = {{"book", "ledger", nowhere}, {"store", "plain_c", nowhere}};
  }

  // "FILE:LINE: message; hint" of each finding.
  std::vector<std::string> findings(const std::string& text,
                                    const std::map<std::string, std::string>& set = {}) {
    return check(*Runbook::from_text("dr.lua", text), true, set);
  }
  std::vector<std::string> without_site(const std::string& text) {
    return check(*Runbook::from_text("dr.lua", text), false, {});
  }

  std::vector<std::string> check(const Runbook& runbook, bool with_site,
                                 const std::map<std::string, std::string>& set) {
    Instances instances(site_, {build_folder() / "test_plugins"});
    std::vector<std::string> list;
    for (const auto& finding : check_runbook(runbook, with_site ? &instances : nullptr, set)) {
      list.push_back(to_text(finding.line) + ": " + finding.error.message +
                     (finding.error.hint.empty() ? "" : "; " + finding.error.hint));
    }
    return list;
  }

  Site site_;
};

TEST_F(CheckTest, ASoundRunbookHasNoFindings) {
  EXPECT_THAT(findings("local params = runbook { summary = 'Keep a book' }\n"
                       "local book, store = instance 'book', source 'store'\n"
                       "local newest = store:latest { prefix = site.values.place }\n"
                       "if newest.size == 0 then fail('empty: ' .. newest.ref) end\n"
                       "step('Write ' .. newest.name, function()\n"
                       "  book:add { name = newest.name }\n"
                       "end)\n"),
              IsEmpty());
}

TEST_F(CheckTest, WhatAQuestionLeadsToIsLookedAtForItsFirstAndItsLastChoice) {
  EXPECT_THAT(findings("local book = instance 'book'\n"
                       "local which = ask('Which?', { choices = { 'one', 'two' } })\n"
                       "if which == 'one' then book:ad { name = 'x' } end\n"
                       "if which == 'two' then book:sub { name = 'x' } end\n"
                       "book:add { name = ask 'What name?' }\n"
                       "ask('Which?', { chioces = {} })"),
              ElementsAre(HasSubstr("dr.lua:3:"), HasSubstr("dr.lua:4:"),
                          HasSubstr("dr.lua:6: ask: there is no 'chioces'")));
}

TEST_F(CheckTest, AWaitThatNeverEndsIsFound) {
  EXPECT_THAT(
      findings("local book, store = instance 'book', source 'store'\n"
               "wait_until({}, function()\n"
               "  return #store:list {} > 0\n"
               "end)\n"
               "wait_until({}, function() return book:count {}.count > 0 end)\n"
               "wait_until({}, function() book:expect { name = 'x' } end)\n"),
      ElementsAre("dr.lua:3: store.list is answered while planning, and the same in every look of "
                  "a wait_until; choose before the wait, and wait with verifies and other reads",
                  "dr.lua:6: wait_until: its function gives nothing, and what is waited for is "
                  "never so; return what is to become true; behind verifies, return true"));
}

TEST_F(CheckTest, AnInstanceInTheBoundsOfAPhaseMustBeThere) {
  const std::string text =
      "phase('P', { within = { instances = { 'book', 'bok' }, acts = 1 } }, function()\n"
      "  instance 'book':add { name = 'x' }\n"
      "end)\n";
  EXPECT_THAT(findings(text), ElementsAre("dr.lua:1: the site has no instance 'bok'; did you mean "
                                          "book?"));
  EXPECT_THAT(without_site(text), IsEmpty());
}

TEST_F(CheckTest, ASyntaxErrorIsOneFinding) {
  EXPECT_THAT(findings("local a = 1\nlocal = 2\nwhat()"),
              ElementsAre("dr.lua:2: <name> expected near '='"));
}

TEST_F(CheckTest, GlobalsThatDoNotExistAreFoundAlsoWhereNothingRuns) {
  EXPECT_THAT(findings("local function never()\n  notee 'x'\n  count = 1\nend\n"
                       "if 1 > 2 then print(os) end"),
              ElementsAre("dr.lua:2: there is no global 'notee' here; did you mean note?",
                          "dr.lua:3: 'count' cannot be set: globals are fixed; write 'local count "
                          "= ...'",
                          "dr.lua:5: there is no global 'os' here"));
}

TEST_F(CheckTest, InstancesAndTheirRolesAreComparedWithTheSite) {
  EXPECT_THAT(findings("local a = source 'stroe'\nlocal function f() return target 'gone' end\n"
                       "local b = source 'book'"),
              ElementsAre("dr.lua:1: the site has no instance 'stroe'; did you mean store?",
                          "dr.lua:2: the site has no instance 'gone'; it has book, store",
                          "dr.lua:3: 'book' is not a source: its plugin ledger has no such role"));
}

TEST_F(CheckTest, APluginThatIsNotThereIsFoundWhereItIsNeeded) {
  site_.instances.push_back({"far", "nowhere", Value::object()});
  const auto found = findings("local far = instance 'far'\nfar:anything { a = 1 }");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_THAT(found.front(), HasSubstr("dr.lua:1: instance 'far': "));
}

TEST_F(CheckTest, UnknownOperationsNameTheNearestAndTheCheckGoesOn) {
  const auto found =
      findings("local book = instance 'book'\nbook:ad { name = 'x' }\nbook:expct {}");
  ASSERT_EQ(found.size(), 2u);
  EXPECT_THAT(found[0], HasSubstr("dr.lua:2: book has no operation 'ad'"));
  EXPECT_THAT(found[0], HasSubstr("did you mean book:add?"));
  EXPECT_THAT(found[1], HasSubstr("did you mean book:expect?"));
}

TEST_F(CheckTest, ArgumentsAreComparedWithTheSchema) {
  const auto found = findings(
      "local book = instance 'book'\n"
      "book:add { nam = 'x', name = 'y' }\n"
      "book:add { name = 7 }\n"
      "book:add {}\n"
      "book:add { name = print }\n"
      "book:add { name = 'never' }");
  ASSERT_EQ(found.size(), 4u);
  EXPECT_THAT(found[0], HasSubstr("dr.lua:2: book.add has no argument 'nam'; did you mean name?"));
  EXPECT_THAT(found[1], HasSubstr("dr.lua:3: book.add: name: must be string, not integer"));
  EXPECT_THAT(found[2], HasSubstr("dr.lua:4: book.add: name: is missing"));
  EXPECT_THAT(found[3], HasSubstr("dr.lua:5: book.add: "));
}

TEST_F(CheckTest, FieldsThatNoResultHasAreFound) {
  EXPECT_THAT(findings("local newest = source 'store':latest {}\nprint(newest.sise)"),
              ElementsAre(HasSubstr("did you mean size?")));
}

TEST_F(CheckTest, WhatDependsOnALiveSystemIsNotReported) {
  for (const char* text : {
           "local n = source 'store':latest {}\nif n.size > 5 then fail 'too large' end",
           "local n = source 'store':latest {}\nif n.size <= 5 then fail 'too small' end",
           "local n = source 'store':latest {}\ninstance 'book':add { name = n.ref:match('%d+') }",
           "local n = source 'store':latest {}\nlocal t = {}\nprint(t[n.size].x.y)",
           "local n = source 'store':latest {}\nfor i = 1, n.size do print(i) end",
           "local n = source 'store':latest {}\nerror(n.ref)",
           "for _, a in ipairs(source 'store':list {}) do instance 'book':add { name = a.ref } end",
           "for k, v in pairs(source 'store':latest {}) do print(k, v + 1) end",
           "if now() < '2020-01-01T00:00:00Z' then fail 'long ago' end fail 'today'",
           "while source 'store':latest {}.size < 5 do end",
       }) {
    EXPECT_THAT(findings(text), IsEmpty()) << text;
  }
}

TEST_F(CheckTest, BothWaysOfAConditionAreLookedAt) {
  EXPECT_THAT(
      findings("local n = source 'store':latest {}\n"
               "if n.local_ then end\n"
               "if n.size > 5 then instance 'book':ad {} else instance 'book':expct {} end"),
      testing::SizeIs(3));
  const auto found = findings(
      "local n = source 'store':latest {}\n"
      "if n['local'] then return end\n"
      "instance 'book':ad {}");
  EXPECT_THAT(found, testing::SizeIs(1));
}

TEST_F(CheckTest, WithoutAGuessWhatFailsIsReported) {
  EXPECT_THAT(findings("local t = {}\nprint(t.a.b)"),
              ElementsAre("dr.lua:2: attempt to index a nil value (field 'a')"));
  EXPECT_THAT(findings("\nfail 'not written yet'"), ElementsAre("dr.lua:2: not written yet"));
}

TEST_F(CheckTest, ParametersThatAreNotGivenAreUnknown) {
  const std::string start =
      "local params = runbook { summary = 's', params = {\n"
      "  where = { type = 'string' }, count = { type = 'integer', default = 1 },\n"
      "  also = { type = 'string', optional = true } } }\n";
  EXPECT_THAT(findings(start + "local it = instance(params.where)\n"
                               "step('At ' .. it.name, function() it:whatever {} end)\n"
                               "if not params.also then fail 'give also' end"),
              IsEmpty());
  EXPECT_THAT(findings(start + "if params.also then instance 'book':ad {} end"),
              testing::SizeIs(1));
  EXPECT_THAT(findings(start + "print(params.wehre)"),
              ElementsAre(HasSubstr("did you mean where?")));
  EXPECT_THAT(findings(start + "instance(params.where)", {{"where", "bok"}}),
              ElementsAre("dr.lua:4: the site has no instance 'bok'; did you mean book?"));
  EXPECT_THAT(findings("runbook { summary = 's', params = { a = { type = 'text' } } }"),
              ElementsAre(HasSubstr("dr.lua:1: parameter 'a' needs a type")));
}

TEST_F(CheckTest, WithoutASiteOnlyTheTextIsLookedAt) {
  EXPECT_THAT(without_site("local a = source 'anything'\na:whatever { x = site.values.y.z }\n"
                           "for _, v in ipairs(site.values.list) do a:more { v = v } end"),
              IsEmpty());
  EXPECT_THAT(without_site("local a = sorce 'x'"),
              ElementsAre("dr.lua:1: there is no global 'sorce' here; did you mean source?"));
}

TEST_F(CheckTest, ModulesAreCheckedToo) {
  fakes::Scratch scratch;
  std::filesystem::create_directory(scratch.path() / "lib");
  std::ofstream(scratch.path() / "dr.lua")
      << "local lib = require 'lib/a'\nlocal function never() return require 'lib/gone' end\n"
         "require 'lib/broken'";
  std::ofstream(scratch.path() / "lib/a.lua") << "\nlocal function f() return typo end\nreturn {}";
  std::ofstream(scratch.path() / "lib/broken.lua") << "return return";
  const auto runbook = Runbook::load(scratch.path() / "dr.lua");
  ASSERT_TRUE(runbook);
  const auto found = check(*runbook, true, {});
  ASSERT_EQ(found.size(), 3u);
  EXPECT_THAT(found[0], HasSubstr("dr.lua:2: cannot require 'lib/gone'"));
  EXPECT_EQ(found[1], "lib/a.lua:2: there is no global 'typo' here; did you mean type?");
  EXPECT_THAT(found[2], HasSubstr("lib/broken.lua:1: "));
}

TEST_F(CheckTest, ARunbookThatNeverEndsIsFound) {
  EXPECT_THAT(findings("while true do end"), ElementsAre(HasSubstr("does not come to an end")));
}

}  // namespace
}  // namespace snapcore::test
