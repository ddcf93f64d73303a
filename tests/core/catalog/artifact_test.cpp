#include "catalog/artifact.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <snapcore/support/digest.hpp>

namespace snapcore {
namespace {

using testing::HasSubstr;

Value manifest_value() {
  const ByteIdentity bytes{.size = 5, .sha256 = sha256_hex("hello")};
  return to_value(ArtifactManifest{.kind = "example-note",
                                   .stored = bytes,
                                   .content = bytes,
                                   .identity = Value::object({{"id", "n1"}}),
                                   .created = *parse_time("2026-01-02T03:04:05Z")})
      .value();
}

Value listed() {
  return Value::object(
      {{"ref", "r"}, {"name", "n"}, {"size", 5}, {"modified", "2026-01-05T00:00:00Z"}});
}

TEST(ArtifactTest, EverythingItSaysReadsBackTheSame) {
  Value value = Value::object({{"ref", "a/b"},
                               {"name", "b"},
                               {"size", 9000000000},
                               {"kind", "example-note"},
                               {"sha256", sha256_hex("x")},
                               {"created", "2026-01-02T03:04:05Z"},
                               {"modified", "2026-01-03T03:04:05Z"},
                               {"version_id", "v7"},
                               {"etag", "\"e\""},
                               {"local", true},
                               {"source", "backups"}});
  const auto artifact = Artifact::from(value);
  ASSERT_TRUE(artifact) << artifact.error().message;
  EXPECT_FALSE(artifact->problem);
  EXPECT_EQ(to_value(*artifact), value);
}

TEST(ArtifactTest, TheSourceIsWhoListedItWhateverItSays) {
  Value value = listed();
  value["source"] = "somebody else";
  EXPECT_EQ(Artifact::from(value, "backups").value().source, "backups");
}

TEST(ArtifactTest, WhatTheSourceDoesNotSayComesFromTheManifest) {
  Value value = listed();
  value["manifest"] = manifest_value();
  const auto artifact = Artifact::from(value, "backups").value();
  EXPECT_FALSE(artifact.problem);
  EXPECT_EQ(artifact.kind, "example-note");
  EXPECT_EQ(artifact.sha256, sha256_hex("hello"));
  EXPECT_EQ(to_rfc3339(*artifact.chosen_time()), "2026-01-02T03:04:05Z");
  EXPECT_EQ(artifact.identity, Value::object({{"id", "n1"}}));
}

TEST(ArtifactTest, WithoutACreationTimeItCountsByItsModification) {
  EXPECT_EQ(to_rfc3339(*Artifact::from(listed()).value().chosen_time()), "2026-01-05T00:00:00Z");
  Value value = listed();
  value.erase("modified");
  EXPECT_EQ(Artifact::from(value).value().chosen_time(), std::nullopt);
}

TEST(ArtifactTest, OneThatContradictsItsManifestIsKeptAndSaysSo) {
  const std::vector<std::pair<std::string, Value>> contradictions = {
      {"size", 4}, {"sha256", sha256_hex("other")}, {"kind", "other-kind"}};
  for (const auto& [member, said] : contradictions) {
    Value value = listed();
    value["manifest"] = manifest_value();
    value[member] = said;
    const auto artifact = Artifact::from(value, "backups");
    ASSERT_TRUE(artifact);
    ASSERT_TRUE(artifact->problem) << member;
    EXPECT_EQ(artifact->problem->code, "artifact.mismatched");
    EXPECT_THAT(artifact->problem->message, HasSubstr("'r' in backups"));
  }
}

TEST(ArtifactTest, OneWithABrokenManifestIsKeptAndSaysSo) {
  for (const Value& manifest : {Value("text"), Value::object(),
                                Value::object({{"format", "snapcore-manifest"}, {"version", 1}})}) {
    Value value = listed();
    value["manifest"] = manifest;
    const auto artifact = Artifact::from(value);
    ASSERT_TRUE(artifact);
    EXPECT_TRUE(artifact->problem);
    EXPECT_EQ(artifact->kind, "");
  }
}

TEST(ArtifactTest, WhatNoArtifactCanBeWithoutIsNamed) {
  const std::vector<std::pair<std::string, Value>> wrong = {
      {"ref", Value()},      {"ref", ""},       {"ref", 7},    {"size", Value()},
      {"size", -1},          {"size", "5"},     {"size", 5.0}, {"created", "yesterday"},
      {"modified", 1700000}, {"sha256", "abc"},
  };
  for (const auto& [member, said] : wrong) {
    Value value = listed();
    value[member] = said;
    const auto artifact = Artifact::from(value, "backups");
    ASSERT_FALSE(artifact) << member << " = " << said.dump();
    EXPECT_EQ(artifact.error().code, "artifact.invalid");
    EXPECT_THAT(artifact.error().message, HasSubstr(member));
    EXPECT_THAT(artifact.error().message, HasSubstr("backups"));
  }
  EXPECT_EQ(Artifact::from(Value(7)).error().code, "artifact.invalid");
}

}  // namespace
}  // namespace snapcore
