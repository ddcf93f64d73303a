#include "catalog/artifact_manifest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <snapcore/support/digest.hpp>

namespace snapcore {
namespace {

using testing::HasSubstr;

ArtifactManifest plain() {
  const ByteIdentity bytes{.size = 5, .sha256 = sha256_hex("hello")};
  return {.kind = "example-note",
          .stored = bytes,
          .content = bytes,
          .created = *parse_time("2026-01-02T03:04:05Z")};
}

ArtifactManifest full() {
  ArtifactManifest manifest = plain();
  manifest.content = {.size = 9000000000, .sha256 = sha256_hex("content")};
  manifest.encoding = {"zstd", "age"};
  manifest.base = ArtifactPart{"monday", {.size = 1, .sha256 = sha256_hex("m")}};
  manifest.parts = {{"index", {.size = 2, .sha256 = sha256_hex("i")}},
                    {"rest", {.size = 0, .sha256 = sha256_hex("")}}};
  manifest.identity = Value::object({{"peers", Value::array({"a", "b"})}});
  manifest.made_by = "snapcore 0.1.0";
  manifest.consistent_set = "nightly-2026-01-02";
  manifest.previous = sha256_hex("before");
  return manifest;
}

TEST(ArtifactManifestTest, WhatIsWrittenReadsBackTheSame) {
  for (const ArtifactManifest& manifest : {plain(), full()}) {
    const auto value = to_value(manifest);
    ASSERT_TRUE(value) << value.error().message;
    const auto back = parse_artifact_manifest(value->pretty(), "a");
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(*back, manifest);
  }
}

TEST(ArtifactManifestTest, WithoutContentTheContentIsWhatIsStored) {
  Value value = to_value(plain()).value();
  value.erase("content");
  value.erase("encoding");
  EXPECT_EQ(manifest_from(value, "a").value(), plain());
}

TEST(ArtifactManifestTest, MembersThisVersionDoesNotKnowAreIgnored) {
  Value value = to_value(full()).value();
  value["colour"] = "green";
  value["stored"]["colour"] = 7;
  EXPECT_EQ(manifest_from(value, "a").value(), full());
}

TEST(ArtifactManifestTest, AMissingMemberIsNamedUnlessItMayBeMissing) {
  const Value whole = to_value(full()).value();
  for (const auto& [member, unused] : whole.members()) {
    Value value = whole;
    value.erase(member);
    const auto read = manifest_from(value, "monday.db");
    if (member == "format") {
      EXPECT_EQ(read.error().code, "manifest.malformed");
    } else if (member == "kind" || member == "stored" || member == "created" ||
               member == "version") {
      ASSERT_FALSE(read) << member;
      EXPECT_EQ(read.error().code, "manifest.invalid");
      EXPECT_EQ(read.error().category, Category::kCorrupt);
      EXPECT_THAT(read.error().message, HasSubstr("'" + member + "'"));
      EXPECT_THAT(read.error().message, HasSubstr("monday.db"));
    } else if (member == "encoding") {
      EXPECT_FALSE(read);  // then stored and content would have to be the same bytes
    } else {
      EXPECT_TRUE(read) << member << ": " << read.error().message;
    }
  }
}

TEST(ArtifactManifestTest, AMemberOfAnotherTypeIsNamed) {
  const Value whole = to_value(full()).value();
  const std::vector<Value> others = {
      true, 7, -1, 1.5, "text", Value(Value::Array{1}), Value::object({{"x", 1}})};
  for (const auto& [member, right] : whole.members()) {
    for (const Value& wrong : others) {
      if (wrong.type_name() == right.type_name() && wrong != Value(-1) && member != "previous")
        continue;
      Value value = whole;
      value[member] = wrong;
      const auto read = manifest_from(value, "a");
      if (read) {
        ADD_FAILURE() << member << " = " << wrong.dump() << " was taken";
      } else if (read.error().code == "manifest.invalid") {
        EXPECT_THAT(read.error().message, HasSubstr(member));
      }
    }
  }
}

TEST(ArtifactManifestTest, DigestsAndSizesAreExact) {
  const std::string digest = sha256_hex("x");
  for (const Value& sha256 : {Value(), Value(""), Value(digest.substr(1)), Value(digest + "0"),
                              Value("G" + digest.substr(1)), Value(std::string(64, 'A'))}) {
    Value value = to_value(full()).value();
    value["stored"]["sha256"] = sha256;
    EXPECT_THAT(manifest_from(value, "a").error().message, HasSubstr("'stored.sha256'"));
  }
  for (const Value& size : {Value(), Value(-1), Value(1.0), Value("5"), Value(UINT64_MAX)}) {
    Value value = to_value(full()).value();
    value["parts"] =
        Value::array({Value::object({{"name", "a"}, {"sha256", digest}, {"size", size}})});
    EXPECT_THAT(manifest_from(value, "a").error().message, HasSubstr("'parts[0].size'"));
  }
}

TEST(ArtifactManifestTest, UnencodedBytesCannotDifferFromTheirContent) {
  ArtifactManifest manifest = full();
  manifest.encoding.clear();
  EXPECT_EQ(to_value(manifest).error().code, "manifest.invalid");
}

TEST(ArtifactManifestTest, ANewerVersionAndWhatIsNoManifestAreTold) {
  Value value = to_value(plain()).value();
  value["version"] = 2;
  value["stored"] = "something new";
  EXPECT_EQ(manifest_from(value, "a").error().code, "manifest.newer");
  for (const char* text : {"", "{", "[]", "7", "{}", "{\"format\":\"other\"}", "not json"}) {
    EXPECT_EQ(parse_artifact_manifest(text, "a").error().code, "manifest.malformed") << text;
  }
  const std::string huge(kMaxManifestBytes + 1, ' ');
  EXPECT_EQ(parse_artifact_manifest(huge, "a").error().code, "manifest.malformed");
}

TEST(ArtifactManifestTest, CutAtAnyByteItIsMalformed) {
  const std::string text = to_value(full()).value().dump();
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_EQ(parse_artifact_manifest(text.substr(0, size), "a").error().code,
              "manifest.malformed");
  }
}

TEST(ArtifactManifestTest, TheCompanionIsALineThatSha256sumChecks) {
  EXPECT_EQ(sha256sum_companion(plain(), "monday.db").value(),
            sha256_hex("hello") + "  monday.db\n");
  for (const char* name : {"", "a\nb", "a\\b", "a\rb"}) {
    EXPECT_EQ(sha256sum_companion(plain(), name).error().code, "artifact.invalid_name");
  }
}

}  // namespace
}  // namespace snapcore
