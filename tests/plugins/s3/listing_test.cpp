// Pages, versions, and objects as artifacts.
#include "artifacts.hpp"
#include "fixture.hpp"

namespace s3 {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

std::string item(const std::string& key, int size = 3) {
  return "<Contents><Key>" + key + "</Key><Size>" + std::to_string(size) +
         "</Size><LastModified>2026-01-02T03:04:05.678Z</LastModified><ETag>&quot;e&quot;</ETag>"
         "</Contents>";
}
std::string page(const std::string& items, const std::string& next = {}) {
  return answer(
      200, {},
      "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>" +
          std::string(next.empty() ? "false" : "true") + "</IsTruncated>" +
          (next.empty() ? "" : "<NextContinuationToken>" + next + "</NextContinuationToken>") +
          items + "</ListBucketResult>");
}

class S3ListingTest : public S3Test {
 protected:
  fakes::Answer list(const std::string& prefix = {}) {
    host_.items.clear();
    return ask([&](sdk::Call& call) { return source_->list(call, {.prefix = prefix}); });
  }
  fakes::Answer versions(const objects::VersionsArgs& args) {
    host_.items.clear();
    return ask([&](sdk::Call& call) { return source_->objects_versions(call, args); });
  }
  std::vector<std::string> members(const char* name) {
    std::vector<std::string> texts;
    for (const Value& each : host_.items) texts.push_back(each.at(name).text());
    return texts;
  }
};

TEST_F(S3ListingTest, PagesFollowEachOtherAndKeysAreDecoded) {
  serve({page(item("db/a%2Bb") + item("db/c+d"), "t/1"), page(item("db/e%0Af"))});
  ASSERT_EQ(list().status, SC_OK);
  EXPECT_THAT(members("ref"), ElementsAre("a+b", "c d", "e\nf"));
  EXPECT_EQ(host_.items[0].at("modified").text(), "2026-01-02T03:04:05Z");
  EXPECT_EQ(host_.items[0].at("etag").text(), "\"e\"");
  EXPECT_THAT(asked(),
              ElementsAre("GET /bucket?encoding-type=url&list-type=2&prefix=db%2F",
                          "GET /bucket?continuation-token=t%2F1&encoding-type=url&list-type=2&"
                          "prefix=db%2F"));
}

TEST_F(S3ListingTest, OnlyCompanionsThatAreThereAreAskedFor) {
  const std::string digest(64, 'a');
  serve({page(item("db/.hidden") + item("db/a") + item("db/a-1") + item("db/a.sha256") +
              item("db/a.snapcore.json") + item("db/b") + item("db/folder/") +
              item("db/gone.sha256")),
         answer(200, "ETag: \"m\"\r\n",
                R"({"kind": "note", "created": "2026-01-01T00:00:00Z", "stored": {"sha256": ")" +
                    std::string(64, 'b') + "\"}}"),
         answer(200, "ETag: \"d\"\r\n", digest + "  a\n")});
  ASSERT_EQ(list().status, SC_OK);
  EXPECT_THAT(members("ref"), ElementsAre("a-1", "a", "b"));
  EXPECT_THAT(asked(), SizeIs(3));
  EXPECT_EQ(host_.items[1].at("kind").text(), "note");
  EXPECT_EQ(host_.items[1].at("created").text(), "2026-01-01T00:00:00Z");
  EXPECT_EQ(host_.items[1].at("sha256").text(), digest) << "the core sees that they disagree";
}

TEST_F(S3ListingTest, ACompanionThatIsBrokenIsAWarningAndTheArtifactStays) {
  serve({page(item("db/a") + item("db/a.sha256") + item("db/a.snapcore.json")),
         answer(200, "ETag: \"m\"\r\n", "{"), answer(200, "ETag: \"d\"\r\n", "x\n")});
  ASSERT_EQ(list().status, SC_OK);
  EXPECT_THAT(members("ref"), ElementsAre("a"));
  EXPECT_EQ(host_.items[0].at("manifest").text(), "(not JSON)");
  EXPECT_THAT(host_.logs, SizeIs(2));
}

TEST_F(S3ListingTest, APageThatLeadsNowhereIsAnError) {
  serve({page(item("db/a"), "t"), page(item("db/b"), "t")});
  EXPECT_EQ(list().error->code, "s3.bad_listing");
  serve({answer(200, {}, "<html/>")});
  EXPECT_EQ(list().error->code, "s3.bad_listing");
  serve({answer(200, {}, "<ListBucketResult><Contents>")});
  EXPECT_EQ(list().error->code, "s3.bad_xml");
}

TEST_F(S3ListingTest, VersionsAndMarkersStayInTheOrderOfTheStore) {
  const std::string first =
      "<ListVersionsResult><IsTruncated>true</IsTruncated><NextKeyMarker>db/s</NextKeyMarker>"
      "<NextVersionIdMarker>v2</NextVersionIdMarker>"
      "<DeleteMarker><Key>db/s</Key><VersionId>v3</VersionId><IsLatest>true</IsLatest>"
      "</DeleteMarker><Version><Key>db/s</Key><VersionId>v2</VersionId><Size>7</Size></Version>"
      "</ListVersionsResult>";
  const std::string second =
      "<ListVersionsResult><IsTruncated>false</IsTruncated>"
      "<Version><Key>db/s</Key><VersionId>null</VersionId><Size>5</Size></Version>"
      "<Version><Key>db/s.tflock</Key><VersionId>v9</VersionId><Size>1</Size></Version>"
      "</ListVersionsResult>";
  serve({answer(200, {}, first), answer(200, {}, second)});
  ASSERT_EQ(versions({.key = "s"}).status, SC_OK);
  EXPECT_THAT(members("version_id"), ElementsAre("v3", "v2", "null"));
  EXPECT_THAT(members("key"), ElementsAre("s", "s", "s"));
  EXPECT_TRUE(host_.items[0].at("marker").bool_or(false));
  EXPECT_TRUE(host_.items[0].at("newest").bool_or(false));
  EXPECT_FALSE(host_.items[0].has("size")) << "a marker has none, which is not 0";
  EXPECT_EQ(host_.items[1].at("size").int_or(0), 7);
  EXPECT_THAT(asked()[1], HasSubstr("key-marker=db%2Fs&prefix=db%2Fs&version-id-marker=v2"));
}

TEST_F(S3ListingTest, AStoreWithoutVersionsSaysSo) {
  serve({refusal(501, "NotImplemented")});
  EXPECT_EQ(versions({.prefix = "s"}).error->code, "s3.unsupported");
}

}  // namespace
}  // namespace s3
