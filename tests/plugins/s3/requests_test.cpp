// How requests are signed, made again and given up.
#include "fixture.hpp"
#include "reading.hpp"

namespace s3 {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

class S3RequestsTest : public S3Test {
 protected:
  // Of one GET of an object through a session.
  fakes::Answer get(bool once = false) {
    return ask([this, once](sdk::Call& call) -> Result<> {
      auto store = Store::open(
          call, {.bucket = "bucket", .endpoint = server_->url(""), .attempts = attempts_},
          around());
      if (!store) return fail(store.error());
      Session session(*store, call);
      auto got = session.demand({.key = "k", .once = once}, "cannot get it");
      if (!got) return fail(got.error());
      body_ = got->body;
      return {};
    });
  }
  std::uint32_t attempts_ = 4;
  std::string body_;
};

TEST_F(S3RequestsTest, ARequestIsSignedWithThePathThatIsSent) {
  serve({answer(200, {}, "x")});
  ASSERT_EQ(open({.ref = "a b//c+d"}).status, SC_OK);
  EXPECT_THAT(asked(), ElementsAre("GET /bucket/db/a%20b//c%2Bd"));
  EXPECT_THAT(header(0, "authorization"),
              HasSubstr("Credential=AKID/20260102/us-east-1/s3/aws4_request, "
                        "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "));
  EXPECT_EQ(header(0, "accept-encoding"), "identity");
  EXPECT_THAT(server_->request(0), Not(HasSubstr("the-secret")));
}

TEST_F(S3RequestsTest, WhatMayPassIsTriedAgainWithGrowingPauses) {
  serve({refusal(503, "SlowDown"), answer(500), refusal(400, "RequestTimeout"),
         answer(200, {}, "x")});
  ASSERT_EQ(get().status, SC_OK);
  EXPECT_EQ(body_, "x");
  EXPECT_EQ(slept_, std::chrono::milliseconds(100 + 200 + 400));
}

TEST_F(S3RequestsTest, ItIsGivenUpAfterAsManyTriesAsWereSet) {
  serve(std::vector<std::string>(9, refusal(503, "SlowDown")));
  const auto got = get();
  EXPECT_EQ(got.error->code, "s3.refused");
  EXPECT_EQ(got.error->category, snapcore::Category::kTransient);
  EXPECT_THAT(got.error->message, HasSubstr("503 SlowDown"));
  EXPECT_THAT(asked(), SizeIs(4));
}

TEST_F(S3RequestsTest, WhatWillFailAgainIsNotTriedAgain) {
  for (const char* code : {"AccessDenied", "NoSuchKey", "SignatureDoesNotMatch", "NoSuchBucket"}) {
    serve({refusal(403, code), answer(200)});
    EXPECT_NE(get().status, SC_OK);
    EXPECT_THAT(asked(), SizeIs(1)) << code;
  }
}

TEST_F(S3RequestsTest, AnErrorShowsCodeAndRequestWithoutAnyMessage) {
  serve({refusal(403, "AccessDenied", "<RequestId>R1</RequestId>")});
  const auto got = get();
  EXPECT_EQ(got.error->code, "s3.denied");
  EXPECT_EQ(got.error->message, "cannot get it: the store answers 403 AccessDenied (request R1)");
}

TEST_F(S3RequestsTest, TheRegionIsCorrectedOnceAndRemembered) {
  serve({refusal(400, "AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>"),
         answer(200, {}, "x"), answer(200, {}, "y")});
  ASSERT_EQ(open({.ref = "a"}).status, SC_OK);
  ASSERT_EQ(open({.ref = "a"}).status, SC_OK);
  EXPECT_THAT(header(0, "authorization"), HasSubstr("/us-east-1/s3/"));
  EXPECT_THAT(header(1, "authorization"), HasSubstr("/eu-west-1/s3/"));
  EXPECT_THAT(header(2, "authorization"), HasSubstr("/eu-west-1/s3/"));
}

TEST_F(S3RequestsTest, AStoreThatSendsUsInCirclesIsLeft) {
  const auto to = [](const std::string& region) {
    return answer(301, "x-amz-bucket-region: " + region + "\r\n");
  };
  serve({to("eu-west-1"), to("us-east-1"), to("eu-west-1")});
  EXPECT_EQ(get().error->code, "s3.refused");
  EXPECT_THAT(asked(), SizeIs(2));
}

TEST_F(S3RequestsTest, WhatIsNoRegionIsNotFollowed) {
  serve({refusal(400, "AuthorizationHeaderMalformed", "<Region>evil.example/</Region>")});
  EXPECT_EQ(get().error->code, "s3.refused");
  EXPECT_THAT(asked(), SizeIs(1));
}

TEST_F(S3RequestsTest, ABareRefusalOfHeadIsAskedAboutByListing) {
  serve({answer(400), refusal(400, "AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>"),
         head(3)});
  const auto answered = ask([this](sdk::Call& call) -> Result<> {
    auto found = source_->objects_stat(call, {.key = "a"});
    if (!found) return fail(found.error());
    EXPECT_EQ(found->size, 3u);
    return {};
  });
  EXPECT_EQ(answered.status, SC_OK) << answered.error_json;
  EXPECT_THAT(asked(), ElementsAre("HEAD /bucket/db/a", "GET /bucket?list-type=2&max-keys=1",
                                   "HEAD /bucket/db/a"));
  EXPECT_THAT(header(2, "authorization"), HasSubstr("/eu-west-1/s3/"));
}

TEST_F(S3RequestsTest, AWrongClockIsCorrectedOnceAndSaid) {
  const std::string skewed = answer(403, "Date: Fri, 02 Jan 2026 03:20:00 GMT\r\n",
                                    "<Error><Code>RequestTimeTooSkewed</Code></Error>");
  serve({skewed, answer(200, {}, "x")});
  ASSERT_EQ(get().status, SC_OK);
  EXPECT_EQ(header(0, "x-amz-date"), "20260102T030000Z");
  EXPECT_EQ(header(1, "x-amz-date"), "20260102T032000Z");
  ASSERT_THAT(host_.logs, SizeIs(1));
  EXPECT_THAT(host_.logs[0].second, HasSubstr("differ by 1200 s"));
  serve({skewed, skewed, skewed});
  EXPECT_EQ(get().error->code, "s3.clock");
  EXPECT_THAT(asked(), SizeIs(2));
}

TEST_F(S3RequestsTest, AStoreThatIsGoneIsNamed) {
  serve({});
  const std::string gone = server_->url("");
  server_.reset();
  source_ = std::make_unique<Source>(Config{.bucket = "bucket", .endpoint = gone, .attempts = 3},
                                     around());
  const auto got = open({.ref = "a"});
  EXPECT_EQ(got.error->code, "s3.unreachable");
  EXPECT_EQ(got.error->outcome, snapcore::Outcome::kNothingHappened);
  EXPECT_EQ(slept_, std::chrono::milliseconds(100 + 200));
}

TEST_F(S3RequestsTest, ACancelledCallDoesNotWaitOnItsWay) {
  serve(std::vector<std::string>(9, refusal(503, "SlowDown")));
  host_.cancel_when = [this] { return slept_ > std::chrono::milliseconds(250); };
  EXPECT_EQ(get().status, SC_CANCELLED);
  EXPECT_THAT(asked(), SizeIs(2));
}

}  // namespace
}  // namespace s3
