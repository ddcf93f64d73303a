// What a person is told before a run is taken back or accepted.
#include "cli/decision.hpp"

#include <gmock/gmock.h>

#include "journal/reader.hpp"
#include "program_scene.hpp"

namespace snapcore {
namespace {

using testing::HasSubstr;
using testing::Not;

class DecisionTest : public ProgramScene {
 protected:
  DecisionTest() {
    for (const char* name : {"store", "live"}) std::filesystem::create_directory(path(name));
    put("site.lua", "return { instances = {\n  a = { plugin = 'ledger', path = '" + path("a") +
                        "' },\n  store = { plugin = 'plain_c', path = '" + path("store") +
                        "' },\n  note = { plugin = 'plain_c', path = '" + path("live") +
                        "', file = 'note' },\n} }\n");
    put("restore.lua",
        "target('note'):restore { from = source('store'):latest { kind = 'plain-note' } }\n");
    put("live/note", "NOTE berlin\nold\nEND\n");
    put("store/new.note", "NOTE berlin\nnew\nEND\n");
  }

  using Words = std::string (*)(const Plan&, const History&);
  std::string said_of(const std::string& run, Words words) {
    RealFileSystem fs;
    History history;
    const auto read = read_journal(fs, path("state/runs/" + run + "/journal.jsonl"),
                                   [&](const Record& record) -> Result<> {
                                     history.take(record);
                                     return {};
                                   });
    const auto saved = read_plan_file(fs, path("state/runs/" + run + "/plan.json"));
    EXPECT_TRUE(read && saved);
    return saved ? words(saved->plan, history) : "";
  }
  std::string restore() {
    return new_run([&] {
      snapcore({"run", path("restore.lua"), "--yes", "--waive", "healthy=t"});
    });
  }
};

TEST_F(DecisionTest, TakingBackTellsTheWayBack) {
  EXPECT_EQ(said_of(restore(), what_is_taken_back),
            "  note.activate\n    - put the old note back\n"
            "  note.stage\n    - remove the staged note\n");
}

TEST_F(DecisionTest, AcceptingTellsWhatIsGoneForGoodAndWhichWayBackEnds) {
  const std::string live = path("live/note");
  EXPECT_EQ(said_of(restore(), what_is_let_go),
            "  note.activate\n    - removed for good: what it kept (" + live + " stays as " + live +
                ".backup-<time>)\n    - no longer possible then: put the old note back\n");
}

TEST_F(DecisionTest, AcceptingWhatKeptNothingTellsOfTheWayBackAlone) {
  const std::string run = new_run([&] { snapcore({"call", "a.add", "name=one", "--yes"}); });
  const std::string said = said_of(run, what_is_let_go);
  EXPECT_THAT(said, Not(HasSubstr("removed for good")));
  EXPECT_THAT(said, HasSubstr("  a.add\n    - no longer possible then: "));
}

}  // namespace
}  // namespace snapcore
