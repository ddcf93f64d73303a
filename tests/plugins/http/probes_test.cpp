// What a probe accepts, and what it says of the rest.
#include "probes.hpp"

#include "../../fakes/scratch.hpp"
#include "../../fakes/tls_server.hpp"
#include "fixture.hpp"

namespace web {
namespace {

using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

class WebProbesTest : public WebTest {
 protected:
  std::string status(std::uint32_t code) {
    return look(&Source::status, StatusArgs{.url = url(), .code = code});
  }
  std::string json(const std::string& pointer, const Value& equals) {
    return look(&Source::json, JsonArgs{.url = url(), .pointer = pointer, .equals = equals});
  }
};

TEST_F(WebProbesTest, AStatusIsAsWantedOrWhatItIsStandsInTheError) {
  serve({answer(200), answer(503), answer(204)});
  EXPECT_EQ(status(200), url() + " answers 200");
  EXPECT_EQ(status(200), "http.unexpected: " + url() + " answers 503 and not 200");
  EXPECT_EQ(status(204), url() + " answers 204");
  EXPECT_THAT(asked(), SizeIs(3)) << "a probe asks once";
}

TEST_F(WebProbesTest, ARedirectIsFollowedUnlessItIsWhatIsWanted) {
  serve({answer(301, "Location: /b\r\n"), answer(200), answer(301, "Location: /b\r\n")});
  EXPECT_EQ(status(200), url() + " answers 200");
  EXPECT_EQ(status(301), url() + " answers 301");
}

TEST_F(WebProbesTest, ABodyHoldsTheTextOrNot) {
  serve({answer(200, {}, "all is well"), answer(200, {}, "all is lost"), answer(500, {}, "well")});
  const BodyArgs args{.url = url(), .contains = "well"};
  EXPECT_EQ(look(&Source::body, args), url() + " answers with 'well'");
  EXPECT_EQ(look(&Source::body, args), "http.unexpected: " + url() + " answers without 'well'");
  EXPECT_EQ(look(&Source::body, args), "http.unexpected: " + url() + " answers 500");
}

TEST_F(WebProbesTest, JsonIsComparedAtAPointer) {
  const std::string body = answer(200, {}, R"({"status": {"a/b": [1, {"ok": true}]}, "": 3})");
  serve(std::vector<std::string>(8, body));
  EXPECT_THAT(json("/status/a~1b/1/ok", true), HasSubstr("has true at"));
  EXPECT_THAT(json("/", 3), HasSubstr("has 3 at '/'"));
  EXPECT_THAT(json("/status/a~1b/0", 2), HasSubstr("has 1 at '/status/a~1b/0' and not 2"));
  EXPECT_THAT(json("/status/a~1b/01", 1), HasSubstr("has nothing at"));
  EXPECT_THAT(json("/status/a~1b/2", 1), HasSubstr("has nothing at"));
  EXPECT_THAT(json("/gone", nullptr), HasSubstr("has nothing at '/gone'"));
  serve({answer(200, {}, "<html>")});
  EXPECT_THAT(json("", 1), HasSubstr("answers no JSON"));
}

TEST_F(WebProbesTest, APortAcceptsOrDoesNot) {
  int port = 0;
  {
    serve({});
    port = std::stoi(server_->url("").substr(17));
    const TcpArgs open{.host = "127.0.0.1", .port = static_cast<std::uint16_t>(port)};
    EXPECT_EQ(look(&Source::tcp, open),
              "127.0.0.1:" + std::to_string(port) + " accepts connections");
    server_.reset();
  }
  const TcpArgs closed{.host = "127.0.0.1", .port = static_cast<std::uint16_t>(port)};
  EXPECT_THAT(look(&Source::tcp, closed),
              StartsWith("http.refused: 127.0.0.1:" + std::to_string(port) + ": no connection"));
  EXPECT_THAT(look(&Source::tcp, TcpArgs{.host = "a b", .port = 1}), StartsWith("http.bad_host"));
}

class WebTlsTest : public WebProbesTest {
 protected:
  void SetUp() override {
    authority_.issue("server", "127.0.0.1");
    tls_ = std::make_unique<fakes::TlsServer>(authority_.path("server.pem"),
                                              authority_.path("server.key"));
    now_ = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    make(Value::object({{"ca", authority_.path("root.pem")}}));
  }
  std::string tls(std::uint32_t days, const std::optional<std::string>& name = {}) {
    const std::string url = tls_->url();
    const auto port = std::stoi(url.substr(url.rfind(':') + 1));
    return look(&Source::tls, TlsArgs{.host = "127.0.0.1",
                                      .port = static_cast<std::uint16_t>(port),
                                      .name = name,
                                      .days = days});
  }

  fakes::Scratch folder_;
  fakes::Authority authority_{folder_.path(), "root"};
  std::unique_ptr<fakes::TlsServer> tls_;
};

// The certificate of the test is good for an hour.
TEST_F(WebTlsTest, ACertificateIsGoodForDaysOrEndsTooSoon) {
  EXPECT_THAT(tls(0), HasSubstr("in 0 days"));
  EXPECT_THAT(tls(1), StartsWith("http.expiring: the certificate of 127.0.0.1:"));
  now_ -= std::chrono::days(20);
  EXPECT_THAT(tls(14), HasSubstr("in 20 days"));
}

TEST_F(WebTlsTest, ACertificateForOtherNamesOrOfNobodyWhoIsTrustedIsNone) {
  EXPECT_THAT(tls(0, "other.example"), StartsWith("http.tls: 127.0.0.1:"));
  fakes::Scratch elsewhere;
  const fakes::Authority other(elsewhere.path(), "root");
  make(Value::object({{"ca", other.path("root.pem")}}));
  EXPECT_THAT(tls(0), StartsWith("http.tls: 127.0.0.1:"));
}

}  // namespace
}  // namespace web
