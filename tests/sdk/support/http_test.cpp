#include <gtest/gtest.h>
#include <sys/socket.h>

#include <snapcore/support/http.hpp>

#include "../../fakes/http_server.hpp"

namespace snapcore::http {
namespace {

using fakes::HttpServer;

constexpr char kHello[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Note:  seen \r\n\r\nhello";

TEST(HttpTest, AnAnswerIsStatusHeadersAndBody) {
  HttpServer server({kHello});
  const auto answer = Client().send({.url = server.url("/a?b=c"), .headers = {{"X-Ask", "1"}}});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "hello");
  EXPECT_EQ(answer->header("x-note"), "seen");
  EXPECT_EQ(answer->header("absent"), "");
  EXPECT_TRUE(server.request(0).starts_with("GET /a?b=c HTTP/1.1\r\n"));
  EXPECT_NE(server.request(0).find("X-Ask: 1\r\n"), std::string::npos);
}

TEST(HttpTest, ABodyIsSentAsItIs) {
  HttpServer server({kHello});
  const std::string body("{\"a\":\0}", 7);
  const auto answer = Client().send({.method = "POST", .url = server.url("/"), .body = body});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_TRUE(server.request(0).ends_with("\r\n\r\n" + body));
  EXPECT_EQ(server.request(0).find("Expect"), std::string::npos);
}

TEST(HttpTest, OnlyWhatTheCallerSaysOfTheContentIsSaid) {
  HttpServer server({kHello, kHello});
  ASSERT_TRUE(Client().send({.method = "PUT", .url = server.url("/"), .body = "x"}));
  EXPECT_EQ(server.request(0).find("Content-Type"), std::string::npos);
  const Headers given = {{"content-type", "text/plain"}};
  ASSERT_TRUE(
      Client().send({.method = "PUT", .url = server.url("/"), .headers = given, .body = "x"}));
  EXPECT_NE(server.request(1).find("content-type: text/plain\r\n"), std::string::npos);
}

TEST(HttpTest, APathIsSentAsItStands) {
  HttpServer server({kHello});
  ASSERT_TRUE(Client().send({.url = server.url("/a//b/../c/./d%2Fe")}));
  EXPECT_TRUE(server.request(0).starts_with("GET /a//b/../c/./d%2Fe HTTP/1.1\r\n"));
}

TEST(HttpTest, TheHeadOfAnAnswerIsSeenBeforeItsBodyAndMayEndIt) {
  HttpServer server({kHello, kHello, "HTTP/1.1 404 X\r\nContent-Length: 2\r\n\r\nno",
                     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"
                     "X-Trailer: 1\r\n\r\n"});
  std::string seen;
  Request request{.url = server.url("/")};
  request.on_head = [&](const Response& head) -> Result<> {
    seen += std::to_string(head.status) + std::string(head.header("x-note")) + "|";
    return {};
  };
  request.on_body = [&](std::string_view piece) -> Result<> {
    seen += piece;
    return {};
  };
  ASSERT_TRUE(Client().send(request));
  EXPECT_EQ(seen, "200seen|hello");
  Request refusing = request;
  refusing.on_head = [](const Response&) { return fail({.code = "x.no", .message = "no"}); };
  seen.clear();
  EXPECT_EQ(Client().send(refusing).error().code, "x.no");
  EXPECT_EQ(Client().send(request)->body, "no") << "what is no success is not looked at";
  EXPECT_EQ(seen, "");
  ASSERT_TRUE(Client().send(request));
  EXPECT_EQ(seen, "200|a") << "trailers are no second head";
}

TEST(HttpTest, AnyStatusIsAnAnswer) {
  for (const int status : {204, 301, 403, 404, 500, 503}) {
    HttpServer server({"HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: 0\r\n\r\n"});
    const auto answer = Client().send({.url = server.url("/")});
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->status, status);
    EXPECT_EQ(answer->ok(), status == 204);
  }
}

TEST(HttpTest, ARedirectIsFollowedOnlyWhenAsked) {
  const std::string moved = "HTTP/1.1 302 X\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n";
  HttpServer server({moved, moved, kHello});
  EXPECT_EQ(Client().send({.url = server.url("/here")})->status, 302);
  EXPECT_EQ(Client().send({.url = server.url("/here"), .follow_redirects = true})->body, "hello");
  EXPECT_TRUE(server.request(2).starts_with("GET /there "));
}

TEST(HttpTest, ARefusedConnectionIsToldApartAndNothingHappened) {
  std::string url;
  { url = HttpServer({}).url("/"); }
  for (const char* method : {"GET", "POST"}) {
    const auto answer = Client().send({.method = method, .url = url});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, "http.refused");
    EXPECT_EQ(answer.error().outcome, Outcome::kNothingHappened);
  }
}

TEST(HttpTest, ABrokenConnectionLeavesAChangeInDoubtButNotARead) {
  // The server takes the request and closes before, or in the middle of, its answer.
  for (const std::string& answer_text :
       {std::string(""), std::string("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf")}) {
    for (const char* method : {"GET", "POST", "PUT", "DELETE"}) {
      HttpServer server({answer_text});
      const auto answer = Client().send({.method = method, .url = server.url("/"), .body = ""});
      ASSERT_FALSE(answer) << method;
      EXPECT_EQ(answer.error().code, "http.broken") << method;
      EXPECT_EQ(answer.error().outcome == Outcome::kMayHaveHappened, std::string(method) != "GET");
    }
  }
}

TEST(HttpTest, AChangeIsNeverSentTwiceOverAKeptConnection) {
  // The second request finds its kept connection closed.
  HttpServer server({kHello, "", kHello});
  Client client;
  ASSERT_TRUE(client.send({.url = server.url("/")}));
  const auto answer = client.send({.method = "POST", .url = server.url("/"), .body = "x"});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().outcome, Outcome::kMayHaveHappened);
  EXPECT_EQ(server.requests(), 2u);
}

TEST(HttpTest, ASilentServerEndsAtTheDeadline) {
  HttpServer server({HttpServer::kSilence});
  const auto answer = Client().send(
      {.method = "POST", .url = server.url("/"), .deadline = std::chrono::milliseconds(200)});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, "http.timeout");
  EXPECT_EQ(answer.error().outcome, Outcome::kMayHaveHappened);
}

TEST(HttpTest, CancelEndsAWaitingRequest) {
  HttpServer server({HttpServer::kSilence});
  const auto answer = Client().send({.url = server.url("/"), .cancelled = [] { return true; }});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, "http.cancelled");
}

TEST(HttpTest, AnswersAreBounded) {
  HttpServer server({kHello, kHello});
  EXPECT_TRUE(Client().send({.url = server.url("/"), .max_response = 5}));
  EXPECT_EQ(Client().send({.url = server.url("/"), .max_response = 4}).error().code,
            "http.too_large");
}

TEST(HttpTest, ABodyCanBeStreamedAndTheReaderCanStop) {
  HttpServer server({kHello, kHello, "HTTP/1.1 500 X\r\nContent-Length: 3\r\n\r\nwhy"});
  std::string seen;
  const auto take = [&](std::string_view piece) -> Result<> {
    seen += piece;
    return {};
  };
  const auto answer = Client().send({.url = server.url("/"), .on_body = take});
  ASSERT_TRUE(answer);
  EXPECT_EQ(seen, "hello");
  EXPECT_EQ(answer->body, "");

  const auto stop = [](std::string_view) -> Result<> {
    return fail({.code = "disk.full", .message = "no"});
  };
  EXPECT_EQ(Client().send({.url = server.url("/"), .on_body = stop}).error().code, "disk.full");

  seen.clear();
  EXPECT_EQ(Client().send({.url = server.url("/"), .on_body = take})->body, "why");
  EXPECT_EQ(seen, "") << "the body of a refusal is no content";
}

TEST(HttpTest, WhatIsNotTlsIsSaid) {
  HttpServer server({"this is no TLS\r\n\r\n"});
  std::string url = server.url("/");
  url.insert(4, "s");
  const auto answer = Client().send({.method = "POST", .url = url, .body = "x"});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, "http.tls");
  EXPECT_EQ(answer.error().outcome, Outcome::kNothingHappened);
}

TEST(HttpTest, AMissingAuthorityFileIsATlsError) {
  HttpServer server({""});
  std::string url = server.url("/");
  url.insert(4, "s");
  EXPECT_EQ(Client({.ca_file = "/no/such/ca.pem"}).send({.url = url}).error().code, "http.tls");
}

TEST(HttpTest, MalformedRequestsAreNotSent) {
  Client client;
  const std::string url = "http://127.0.0.1:9/";
  const Request bad[] = {
      {.url = url + "\r\nX: y"},
      {.url = "file:///etc/passwd"},
      {.url = "gopher://127.0.0.1/"},
      {.url = ""},
      {.url = url, .headers = {{"X", "a\r\nY: b"}}},
      {.url = url, .headers = {{"X: y", "a"}}},
      {.method = "GET /", .url = url},
  };
  for (const Request& request : bad) {
    const auto answer = client.send(request);
    ASSERT_FALSE(answer) << request.url;
    EXPECT_EQ(answer.error().code, "http.bad_request") << request.url;
  }
}

TEST(HttpTest, MessagesShowNoCredentials) {
  EXPECT_EQ(shown_url("https://user:pass@host:1/p@q?token=x#y"), "https://host:1/p@q");
  EXPECT_EQ(shown_url("http://host?token=x"), "http://host");
  const auto answer = Client().send({.url = "http://u:secret@127.0.0.1:1/?token=secret"});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message.find("secret"), std::string::npos);
}

}  // namespace
}  // namespace snapcore::http
