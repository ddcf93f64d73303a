// What is known of a URL before it is read.
#include "fixture.hpp"

namespace web {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string kHead =
    head(10, "ETag: \"e\"\r\nLast-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n");
const std::string kHex(64, 'a');

class WebArtifactsTest : public WebTest {};

TEST_F(WebArtifactsTest, SizeTimeAndVersionComeFromTheServer) {
  serve({kHead, answer(404), answer(404)});
  ASSERT_EQ(stat(url()).status, SC_OK);
  EXPECT_EQ(artifact_.ref, url());
  EXPECT_EQ(artifact_.name, "snap.db");
  EXPECT_EQ(artifact_.size, 10u);
  EXPECT_EQ(artifact_.version_id, "\"e\"");
  EXPECT_EQ(artifact_.modified->text(), "2026-01-01T00:00:00Z");
  EXPECT_FALSE(artifact_.sha256);
  EXPECT_THAT(asked(), ElementsAre("HEAD /a/snap.db", "GET /a/snap.db.snapcore.json",
                                   "GET /a/snap.db.sha256"));
}

TEST_F(WebArtifactsTest, WithoutAnEtagTheTimeIsTheVersion) {
  serve({head(10, "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n"), answer(404), answer(404)});
  ASSERT_EQ(stat(url()).status, SC_OK);
  EXPECT_EQ(artifact_.version_id, "Thu, 01 Jan 2026 00:00:00 GMT");
}

TEST_F(WebArtifactsTest, AServerThatRefusesHeadIsAskedForOneByte) {
  for (const int status : {400, 403, 405, 501}) {
    serve({answer(status), answer(206, "Content-Range: bytes 0-0/10\r\n", "0"), answer(404),
           answer(404)});
    ASSERT_EQ(stat(url()).status, SC_OK) << status;
    EXPECT_EQ(artifact_.size, 10u);
    EXPECT_EQ(header(1, "range"), "bytes=0-0");
  }
  serve({answer(405), answer(416, "Content-Range: bytes */0\r\n"), answer(404), answer(404)});
  ASSERT_EQ(stat(url()).status, SC_OK);
  EXPECT_EQ(artifact_.size, 0u);
  serve({answer(403), answer(403)});
  EXPECT_EQ(stat(url()).error->code, "http.denied");
  serve({answer(404)});
  EXPECT_EQ(stat(url()).error->code, "http.not_found");
}

TEST_F(WebArtifactsTest, DigestAndKindComeFromWhatLiesBesideIt) {
  serve({kHead,
         answer(200, {},
                R"({"kind": "etcd-snapshot", "created": "2026-01-01T00:00:00Z",
                            "stored": {"size": 10, "sha256": ")" +
                    kHex + R"("}})"),
         answer(200, {}, std::string(64, 'B') + "  snap.db\n")});
  ASSERT_EQ(stat(url()).status, SC_OK);
  EXPECT_EQ(artifact_.kind, "etcd-snapshot");
  EXPECT_EQ(artifact_.manifest.at("stored").at("sha256").text(), kHex);
  EXPECT_EQ(artifact_.sha256, std::string(64, 'b')) << "the core sees that they disagree";
  EXPECT_THAT(host_.logs, IsEmpty());
}

// A server that answers everything with its start page has neither.
TEST_F(WebArtifactsTest, ACompanionThatIsNoneIsAWarning) {
  serve({kHead, answer(200, {}, "<html>"), answer(200, {}, "<html>")});
  ASSERT_EQ(stat(url()).status, SC_OK);
  EXPECT_FALSE(artifact_.sha256);
  EXPECT_TRUE(artifact_.manifest.is_null());
  EXPECT_THAT(host_.logs, SizeIs(2));
}

TEST_F(WebArtifactsTest, AServerThatDoesNotSayWhetherThereIsACompanionFailsTheLook) {
  serve({kHead, answer(404), answer(500)}, Value::object({{"attempts", 1}}));
  EXPECT_EQ(stat(url()).error->code, "http.status");
}

TEST_F(WebArtifactsTest, AUrlWithAQueryHasNothingBesideIt) {
  serve({kHead});
  ASSERT_EQ(stat(url("/a/snap.db?version=3")).status, SC_OK);
  EXPECT_THAT(asked(), SizeIs(1));
}

TEST_F(WebArtifactsTest, TheSiteListsArtifactsAndItsDigestGoesFirst) {
  listen({kHead, answer(404), answer(200, {}, kHex), answer(404), kHead, answer(404), answer(404)});
  make(Value::object(
      {{"artifacts", Value::array({Value::object({{"url", url("/one.db")},
                                                  {"sha256", std::string(64, 'C')},
                                                  {"kind", "note"}}),
                                   Value::object({{"url", url("/gone.db")}}),
                                   Value::object({{"url", url("/two.db")}, {"name", "two"}})})}}));
  ASSERT_EQ(ask([&](sdk::Call& call) { return source_->list(call, {}); }).status, SC_OK);
  ASSERT_THAT(host_.items, SizeIs(2));
  EXPECT_EQ(host_.items[0].at("ref").text(), url("/one.db"));
  EXPECT_EQ(host_.items[0].at("sha256").text(), std::string(64, 'c'));
  EXPECT_EQ(host_.items[0].at("kind").text(), "note");
  EXPECT_EQ(host_.items[1].at("ref").text(), "two");
  ASSERT_THAT(host_.logs, SizeIs(1));
  EXPECT_THAT(host_.logs[0].second, HasSubstr("gone.db"));
}

TEST_F(WebArtifactsTest, AListingIsNotShortenedByAServerThatDoesNotAnswer) {
  listen({answer(503)});
  make(Value::object(
      {{"attempts", 1}, {"artifacts", Value::array({Value::object({{"url", url("/one.db")}})})}}));
  EXPECT_NE(ask([&](sdk::Call& call) { return source_->list(call, {}); }).status, SC_OK);
}

TEST_F(WebArtifactsTest, ThePluginIsASourceThatIsOnlyRead) {
  const sc_plugin* plugin = fakes::load_plugin("http");
  ASSERT_NE(plugin, nullptr);
  EXPECT_EQ(fakes::index_of(plugin, "store"), UINT32_MAX);
  EXPECT_NE(fakes::index_of(plugin, "tls"), UINT32_MAX);
}

}  // namespace
}  // namespace web
