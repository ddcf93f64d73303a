#include "snapcore/support/companions.hpp"

#include <gtest/gtest.h>

namespace snapcore::companions {
namespace {

TEST(CompanionsTest, TheDigestOfAFileIsFoundInASumFile) {
  const std::string hex(64, 'a');
  EXPECT_EQ(digest_in(hex + "  a.db\n", "a.db"), hex);
  EXPECT_EQ(digest_in(hex + " *dir/a.db\r\n", "a.db"), hex);
  EXPECT_EQ(digest_in(std::string(64, 'A'), "a.db"), hex);
  EXPECT_EQ(digest_in(hex + "  b.db\n", "a.db"), std::nullopt);
  EXPECT_EQ(digest_in("short  a.db\n", "a.db"), std::nullopt);
}

TEST(CompanionsTest, AManifestThatIsNoneStandsInTheArtifactAsAText) {
  sdk::Artifact artifact;
  EXPECT_FALSE(take_manifest(artifact, "[]"));
  EXPECT_TRUE(artifact.manifest.is_string());
  const std::string hex(64, 'B');
  EXPECT_TRUE(take_manifest(artifact, R"({"kind": "note", "created": "2026-01-02T03:04:05Z",
                                          "stored": {"sha256": ")" +
                                          hex + R"("}})"));
  EXPECT_EQ(artifact.kind, "note");
  EXPECT_EQ(artifact.sha256, std::string(64, 'b'));
  EXPECT_EQ(artifact.created->text(), "2026-01-02T03:04:05Z");
}

}  // namespace
}  // namespace snapcore::companions
