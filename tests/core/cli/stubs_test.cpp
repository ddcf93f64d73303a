// Where `help --stubs DIR` writes.
#include <gmock/gmock.h>

#include "program_scene.hpp"

namespace snapcore {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using StubsTest = ProgramScene;

TEST_F(StubsTest, ADirectoryThatIsNotThereIsMade) {
  for (const char* name : {"new", "newer/"}) {
    const Ended written = snapcore({"help", "--stubs", path(name)});
    EXPECT_EQ(written.exit, 0) << written.err;
    EXPECT_THAT(names(name), ElementsAre(".luarc.json", "snapcore.lua"));
    // For everybody, as the files in it.
    EXPECT_EQ(
        std::filesystem::status(path(name)).permissions() & std::filesystem::perms::others_exec,
        std::filesystem::perms::others_exec);
  }
  EXPECT_EQ(snapcore({"help", "--stubs", path("new")}).exit, 0);
}

TEST_F(StubsTest, WithoutItsParentItIsSaidWhichDirectoryIsMissing) {
  const Ended refused = snapcore({"help", "--stubs", path("no/such/place")});
  EXPECT_EQ(refused.exit, 4);
  EXPECT_THAT(unbroken(refused.err), HasSubstr("there is no directory " + path("no") + ","));
  EXPECT_THAT(refused.err, HasSubstr("mkdir -p " + path("no/such")));
  EXPECT_THAT(names("no"), IsEmpty());
}

TEST_F(StubsTest, AFileIsNoDirectory) {
  const Ended refused = snapcore({"help", "--stubs", path("site.lua")});
  EXPECT_EQ(refused.exit, 4);
  EXPECT_THAT(unbroken(refused.err), HasSubstr(path("site.lua") + " is not a directory"));
}

}  // namespace
}  // namespace snapcore
