#include <gtest/gtest.h>
#include <signal.h>

#include <snapcore/support/http.hpp>

#include "../../fakes/scratch.hpp"
#include "../../fakes/tls_server.hpp"

namespace snapcore::http {
namespace {

class HttpsTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { ::signal(SIGPIPE, SIG_IGN); }
  void SetUp() override {
    ours_.issue("server", "127.0.0.1");
    ours_.issue("elsewhere", "127.0.0.2");
    ours_.issue("client", "127.0.0.1");
    theirs_.issue("stranger", "127.0.0.1");
  }
  std::string file(const char* name) { return ours_.path(name); }
  static std::string code_of(const Result<Response>& answer) {
    return answer ? "answered " + answer->body : answer.error().code;
  }

  const fakes::Scratch scratch_;
  const fakes::Authority ours_{scratch_.path(), "ours"};
  const fakes::Authority theirs_{scratch_.path(), "theirs"};
};

TEST_F(HttpsTest, OnlyTheGivenAuthorityIsTrusted) {
  fakes::TlsServer server(file("server.pem"), file("server.key"));
  EXPECT_EQ(code_of(Client({.ca_file = file("ours.pem")}).send({.url = server.url()})),
            "answered secret");
  for (const std::string& authority : {file("theirs.pem"), std::string()}) {
    const auto answer =
        Client({.ca_file = authority}).send({.method = "POST", .url = server.url()});
    EXPECT_EQ(code_of(answer), "http.tls") << authority;
    EXPECT_EQ(answer.error().outcome, Outcome::kNothingHappened);
    EXPECT_EQ(answer.error().category, Category::kAuth);
  }
}

TEST_F(HttpsTest, ACertificateOfAnotherHostIsRefused) {
  fakes::TlsServer server(file("elsewhere.pem"), file("elsewhere.key"));
  EXPECT_EQ(code_of(Client({.ca_file = file("ours.pem")}).send({.url = server.url()})), "http.tls");
}

TEST_F(HttpsTest, AServerThatAsksForACertificateGetsTheGivenOne) {
  fakes::TlsServer server(file("server.pem"), file("server.key"), file("ours.pem"));
  const auto ask = [&](const std::string& name) {
    Options options{.ca_file = file("ours.pem")};
    if (!name.empty()) {
      options.certificate_file = file((name + ".pem").c_str());
      options.key_file = file((name + ".key").c_str());
    }
    return Client(options).send({.url = server.url()});
  };
  EXPECT_EQ(code_of(ask("client")), "answered secret");
  EXPECT_FALSE(ask(""));
  EXPECT_FALSE(ask("stranger"));
  EXPECT_EQ(code_of(ask("missing")), "http.tls");
}

}  // namespace
}  // namespace snapcore::http
