// Pages, versions, and objects as artifacts.
#include "listing.hpp"

#include <malloc.h>

#include <future>

#include "artifacts.hpp"
#include "fixture.hpp"

#if defined(__SANITIZE_ADDRESS__)
extern "C" std::size_t __sanitizer_get_current_allocated_bytes();
#endif

namespace s3 {
namespace {

// Bytes that are allocated and not given back.
std::size_t memory_in_use() {
#if defined(__SANITIZE_ADDRESS__)
  return __sanitizer_get_current_allocated_bytes();
#else
  return ::mallinfo2().uordblks;
#endif
}

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

std::string version_page(const std::string& key, const std::string& id,
                         const std::string& next_key = {}) {
  return answer(
      200, {},
      "<ListVersionsResult><IsTruncated>" + std::string(next_key.empty() ? "false" : "true") +
          "</IsTruncated><NextKeyMarker>" + next_key + "</NextKeyMarker><NextVersionIdMarker>" +
          id + "</NextVersionIdMarker><Version><Key>" + key + "</Key><VersionId>" + id +
          "</VersionId><Size>1</Size></Version></ListVersionsResult>");
}

TEST_F(S3ListingTest, TheNextPageOfVersionsIsAskedForWhileOneIsTold) {
  std::promise<void> asked_again;
  int requests = 0;
  server_ = std::make_unique<fakes::HttpServer>([&](const std::string&) {
    if (++requests == 1) return version_page("s", "v2", "s");
    asked_again.set_value();
    return version_page("s", "v1");
  });
  std::vector<std::string> seen;
  const auto listed = ask([&](sdk::Call& call) -> Result<> {
    auto store = Store::open(call, {.bucket = "bucket", .endpoint = server_->url("")}, around());
    if (!store) return fail(store.error());
    Session session(*store, call);
    return list_versions(session, "s", [&](objects::Version& version) -> Result<bool> {
      if (seen.empty()) asked_again.get_future().wait();
      seen.push_back(version.version_id);
      return true;
    });
  });
  server_.reset();
  ASSERT_EQ(listed.status, SC_OK) << listed.error_json;
  EXPECT_THAT(seen, ElementsAre("v2", "v1"));
}

TEST_F(S3ListingTest, APageOfVersionsThatDoesNotComeIsAskedForAgain) {
  serve({version_page("db/s", "v3", "db/s"), refusal(503, "SlowDown"),
         version_page("db/s", "v2", "db/s"), "", version_page("db/s", "v1")});
  ASSERT_EQ(versions({.key = "s"}).status, SC_OK);
  EXPECT_THAT(members("version_id"), ElementsAre("v3", "v2", "v1"));
  EXPECT_THAT(asked(), SizeIs(5));
  serve({version_page("db/s", "v3", "db/s"), refusal(403, "AccessDenied")});
  EXPECT_EQ(versions({.key = "s"}).error->code, "s3.denied");
  EXPECT_THAT(members("version_id"), ElementsAre("v3"));
}

TEST_F(S3ListingTest, WhoeverHasEnoughVersionsOrStopsWaitsForNoOtherPage) {
  serve({version_page("db/s", "v2", "db/s"), fakes::HttpServer::kSilence});
  host_.items_wanted = 0;
  EXPECT_NE(versions({.key = "s"}).status, SC_OK);
  host_.items_wanted = 10;
  serve({version_page("db/s", "v2", "db/s"), fakes::HttpServer::kSilence});
  host_.cancel_when = [&] { return server_->requests() == 2; };
  EXPECT_EQ(versions({.key = "s"}).status, SC_CANCELLED);
}

TEST_F(S3ListingTest, PagesOfOtherKeysAreNotAskedFor) {
  serve({version_page("db/s", "v2", "db/s.tflock"), version_page("db/s.tflock", "v1")});
  ASSERT_EQ(versions({.key = "s"}).status, SC_OK);
  EXPECT_THAT(members("version_id"), ElementsAre("v2"));
}

// Of a million objects never more than a page is in memory.
TEST_F(S3ListingTest, AMillionObjectsAreListedInConstantMemory) {
  constexpr std::uint64_t kPages = 1000;
  constexpr std::uint64_t kKeys = 1000;
  std::uint64_t page = 0;
  server_ = std::make_unique<fakes::HttpServer>([&page](const std::string& request) {
    std::string body = "<ListBucketResult><IsTruncated>";
    body += page + 1 < kPages ? "true</IsTruncated><NextContinuationToken>" + std::to_string(page) +
                                    "</NextContinuationToken>"
                              : "false</IsTruncated>";
    const bool right = page == 0 || request.find("continuation-token=" + std::to_string(page - 1) +
                                                 "&") != std::string::npos;
    for (std::uint64_t i = 0; right && i < kKeys; ++i) {
      body += "<Contents><Key>" + std::to_string(1'000'000 + page * kKeys + i) +
              "</Key><Size>1</Size></Contents>";
    }
    ++page;
    return answer(200, {}, body + "</ListBucketResult>");
  });
  std::uint64_t seen = 0;
  std::size_t early = 0;
  std::size_t late = 0;
  const auto listed = ask([&](sdk::Call& call) -> Result<> {
    auto store = Store::open(call, {.bucket = "bucket", .endpoint = server_->url("")}, around());
    if (!store) return fail(store.error());
    Session session(*store, call);
    return list_objects(session, "", [&](objects::Object&) -> Result<bool> {
      if (++seen == 10 * kKeys) early = memory_in_use();
      if (seen == kPages * kKeys) late = memory_in_use();
      return true;
    });
  });
  server_.reset();
  ASSERT_EQ(listed.status, SC_OK) << listed.error_json;
  EXPECT_EQ(seen, kPages * kKeys);
  // The server of the test remembers what it was asked.
  EXPECT_LT(late, early + (2u << 20));
}

TEST_F(S3ListingTest, AStoreWithoutVersionsSaysSo) {
  serve({refusal(501, "NotImplemented")});
  EXPECT_EQ(versions({.prefix = "s"}).error->code, "s3.unsupported");
}

}  // namespace
}  // namespace s3
