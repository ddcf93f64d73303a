// Who is asked, how often, and who gets the credentials.
#include "fixture.hpp"

namespace web {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

const std::string kWhole = answer(200, "ETag: \"e\"\r\n", "0123456789");

std::string moved(const std::string& to, int status = 302) {
  return answer(status, "Location: " + to + "\r\n");
}

class WebRequestsTest : public WebTest {
 protected:
  void SetUp() override {
    host_.secrets = {{"/password", "the-password"}, {"/token", "the-token"}};
  }
  Value with_token(const std::string& origin) {
    return Value::object({{"token", "env:T"}, {"send_to", Value::array({origin})}});
  }
};

TEST_F(WebRequestsTest, WhatMayPassIsTriedAgainWithGrowingPauses) {
  serve({answer(503), answer(500), answer(429), kWhole});
  ASSERT_EQ(open({}).status, SC_OK);
  EXPECT_EQ(slept_, std::chrono::milliseconds(100 + 200 + 400));
}

TEST_F(WebRequestsTest, AServerMayWishForALongerPauseWithinReason) {
  serve({answer(503, "Retry-After: 3\r\n"), answer(503, "Retry-After: 86400\r\n"), kWhole});
  ASSERT_EQ(open({}).status, SC_OK);
  EXPECT_EQ(slept_, std::chrono::seconds(3 + 60));
}

TEST_F(WebRequestsTest, ItIsGivenUpAfterAsManyTriesAsWereSet) {
  serve(std::vector<std::string>(9, answer(503)), Value::object({{"attempts", 3}}));
  const auto got = open({});
  EXPECT_EQ(got.error->code, "http.status");
  EXPECT_EQ(got.error->category, snapcore::Category::kTransient);
  EXPECT_THAT(asked(), SizeIs(3));
}

TEST_F(WebRequestsTest, WhatWillFailAgainIsNotTriedAgain) {
  const std::pair<int, const char*> cases[] = {
      {401, "http.denied"}, {403, "http.denied"}, {404, "http.not_found"}, {410, "http.not_found"}};
  for (const auto& [status, code] : cases) {
    serve({answer(status), kWhole});
    EXPECT_EQ(open({}).error->code, code);
    EXPECT_THAT(asked(), SizeIs(1)) << status;
  }
}

TEST_F(WebRequestsTest, RedirectsAreFollowedAFewTimesAndNotForEver) {
  for (const int status : {301, 302, 303, 307, 308}) {
    serve({moved("/b", status), moved("c?d=1"), kWhole});
    ASSERT_EQ(open({}).status, SC_OK) << status;
    EXPECT_THAT(asked(), ElementsAre("GET /a/snap.db", "GET /b", "GET /c?d=1"));
    EXPECT_EQ(host_.outputs[0], "0123456789");
  }
  serve(std::vector<std::string>(9, moved("/again")));
  EXPECT_EQ(open({}).error->code, "http.bad_redirect");
  EXPECT_THAT(asked(), SizeIs(6));
}

TEST_F(WebRequestsTest, ARedirectLeadsNowhereButToTheWeb) {
  for (const char* to : {"file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "",
                         "http://user:hidden@127.0.0.1/"}) {
    serve({moved(to), kWhole});
    const auto got = open({});
    EXPECT_EQ(got.error->code, "http.bad_redirect") << to;
    EXPECT_THAT(got.error->message, Not(HasSubstr("hidden")));
    EXPECT_THAT(asked(), SizeIs(1));
  }
}

TEST_F(WebRequestsTest, CredentialsGoToTheirOriginAlone) {
  listen({kWhole, kWhole});
  make(with_token(server_->url("")));
  ASSERT_EQ(open({}).status, SC_OK);
  EXPECT_EQ(header(0, "authorization"), "Bearer the-token");
  make(with_token("https://elsewhere.example"));
  ASSERT_EQ(open({}).status, SC_OK);
  EXPECT_EQ(header(1, "authorization"), "(none)");
}

TEST_F(WebRequestsTest, ARedirectTakesNoCredentialsElsewhereAndBringsThemBack) {
  fakes::HttpServer other({kWhole});
  listen({moved(other.url("/there")), moved("/home"), kWhole});
  make(with_token(server_->url("")));
  ASSERT_EQ(open({}).status, SC_OK);
  EXPECT_EQ(header(0, "authorization"), "Bearer the-token");
  ASSERT_EQ(other.requests(), 1u);
  EXPECT_THAT(other.request(0), Not(HasSubstr("the-token")));
  EXPECT_THAT(other.request(0), Not(HasSubstr("uthorization")));
  ASSERT_EQ(open({}).status, SC_OK);
  EXPECT_EQ(header(2, "authorization"), "Bearer the-token");
}

TEST_F(WebRequestsTest, BasicAuthenticationIsWrittenAsItShouldBe) {
  const std::pair<const char*, const char*> cases[] = {{"Aladdin", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
                                                       {"A", "QTpvcGVuIHNlc2FtZQ=="},
                                                       {"Al", "QWw6b3BlbiBzZXNhbWU="},
                                                       {"Ala", "QWxhOm9wZW4gc2VzYW1l"}};
  host_.secrets["/password"] = "open sesame";
  for (const auto& [user, text] : cases) {
    listen({kWhole});
    make(Value::object(
        {{"user", user}, {"password", "env:P"}, {"send_to", Value::array({server_->url("")})}}));
    ASSERT_EQ(open({}).status, SC_OK);
    EXPECT_EQ(header(0, "authorization"), std::string("Basic ") + text);
  }
}

TEST_F(WebRequestsTest, ASecretIsInNoErrorAndNoLog) {
  for (const std::string& bad : {answer(401), answer(500), moved("file:///x"), std::string()}) {
    listen({bad});
    Value config = with_token(server_->url(""));
    config["attempts"] = 1;
    make(config);
    const auto got = open({});
    ASSERT_NE(got.status, SC_OK);
    EXPECT_THAT(got.error_json, Not(HasSubstr("the-token")));
    EXPECT_EQ(header(0, "authorization"), "Bearer the-token");
  }
  EXPECT_THAT(host_.logs, IsEmpty());
}

TEST_F(WebRequestsTest, AUrlWithAUserOrASignatureIsNoName) {
  serve({});
  for (const char* ref : {"https://user:hidden@127.0.0.1/a", "https://127.0.0.1/a?sig=hidden"}) {
    const auto got = open({.ref = ref});
    EXPECT_EQ(got.error->code, "http.bad_url") << ref;
    EXPECT_THAT(got.error_json, Not(HasSubstr("hidden")));
  }
  EXPECT_EQ(open({.ref = "snap.db"}).error->code, "http.not_found");
}

TEST_F(WebRequestsTest, ASecretUrlIsNamedInTheSiteAndItsQueryNeverShown) {
  listen({kWhole, answer(403)});
  host_.secrets["/artifacts/0/secret_url"] = server_->url("/b/snap.db?X-Amz-Signature=hidden");
  make(*Value::parse(R"({"artifacts": [{"name": "snap", "secret_url": "env:U"}]})"));
  ASSERT_EQ(open({.ref = "snap"}).status, SC_OK);
  EXPECT_THAT(asked(), ElementsAre("GET /b/snap.db?X-Amz-Signature=hidden"));
  const auto got = open({.ref = "snap"});
  EXPECT_EQ(got.error->code, "http.denied");
  EXPECT_THAT(got.error_json, Not(HasSubstr("hidden")));
}

TEST_F(WebRequestsTest, ACancelledCallEndsBetweenTries) {
  serve(std::vector<std::string>(9, answer(503)));
  host_.cancel_when = [this] { return server_->requests() > 0; };
  EXPECT_EQ(open({}).status, SC_CANCELLED);
  EXPECT_THAT(asked(), SizeIs(1));
}

}  // namespace
}  // namespace web
