// Credentials that programs, containers, machines and the token service lend.
#include "credentials.hpp"

#include <algorithm>

#include "fixture.hpp"
#include "roles.hpp"

namespace s3 {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

// What they lend in most tests; now is 2026-01-02T03:00:00Z.
std::string keys(const std::string& access, const std::string& end,
                 const std::string& token_name = "Token") {
  return R"({"Version": 1, "Code": "Success", "AccessKeyId": ")" + access +
         R"(", "SecretAccessKey": "lent-secret", ")" + token_name + R"(": "lent-token")" +
         (end.empty() ? "" : R"(, "Expiration": ")" + end + "\"") + "}";
}
const std::string kIn1Hour = "2026-01-02T04:00:00Z";

std::string role_answer(const std::string& action, const std::string& access,
                        const std::string& end = kIn1Hour) {
  return answer(200, {},
                "<" + action + "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><" +
                    action + "Result><Credentials><AccessKeyId>" + access +
                    "</AccessKeyId><SecretAccessKey>lent-secret</SecretAccessKey><SessionToken>"
                    "lent-token</SessionToken><Expiration>" +
                    end + "</Expiration></Credentials></" + action + "Result></" + action +
                    "Response>");
}

class S3CredentialsTest : public S3Test {
 protected:
  void SetUp() override {
    environment_ = {{"HOME", home_.path().string()}, {"AWS_EC2_METADATA_DISABLED", "true"}};
  }
  std::string write(const std::string& name, const std::string& text) {
    const auto path = home_.path() / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path.string();
  }
  // The access key that is found, or what went wrong.
  std::string find(const Config& config = {.bucket = "bucket"}) {
    std::string found;
    ask([&](sdk::Call& call) -> Result<> {
      auto profile = read_profile(config, around());
      auto lent = profile
                      ? find_credentials(call, config, *profile, {.region = "eu-west-1"}, around())
                      : fail(profile.error());
      found = lent ? lent->keys.access_key : lent.error().code + ": " + lent.error().message;
      if (lent) lent_ = *lent;
      EXPECT_THAT(found, Not(HasSubstr("lent-secret")));
      EXPECT_THAT(found, Not(HasSubstr("lent-token")));
      return {};
    });
    return found;
  }
  void use_container(std::vector<std::string> answers) {
    listen(std::move(answers));
    environment_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = server_->url("/creds?id=1");
  }
  void use_machine(std::vector<std::string> answers) {
    listen(std::move(answers));
    environment_.erase("AWS_EC2_METADATA_DISABLED");
    environment_["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = server_->url("/");
  }
  void use_token_service(std::vector<std::string> answers) {
    listen(std::move(answers));
    environment_["AWS_ENDPOINT_URL_STS"] = server_->url("");
  }
  // A program that answers with `text`.
  std::string program(const std::string& text, const std::string& more = {}) {
    const std::string path = write("lender", "#!/bin/sh\n" + more + "cat <<'X'\n" + text + "\nX\n");
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path;
  }

  fakes::Scratch home_;
  Lent lent_;
};

// --- by a program

TEST_F(S3CredentialsTest, AProgramOfTheProfileLends) {
  const std::string path = program(keys("PROGRAM", kIn1Hour, "SessionToken"),
                                   "[ \"$1\" = 'a b' ] && [ \"$2\" = c ] || exit 3\n");
  write(".aws/config", "[default]\ncredential_process = " + path + " \"a b\" c\n");
  EXPECT_EQ(find(), "PROGRAM");
  EXPECT_EQ(lent_.keys.session_token, "lent-token");
  EXPECT_EQ(sdk::Time{*lent_.end}.text(), kIn1Hour);
}

TEST_F(S3CredentialsTest, AProgramThatAnswersBadlyIsToldWithoutItsAnswer) {
  const std::pair<std::string, const char*> cases[] = {
      {"no JSON, lent-secret", "answers no JSON object"},
      {"[]", "answers no JSON object"},
      {R"({"AccessKeyId": "A", "SecretAccessKey": "lent-secret"})", "another version than 1"},
      {R"({"Version": 1, "SecretAccessKey": "lent-secret"})", "gives no AccessKeyId"},
      {R"({"Version": 1, "AccessKeyId": "A"})", "gives no SecretAccessKey"},
      {keys("A", "tomorrow"), "an Expiration that is no time"},
      {keys("A B", kIn1Hour), "a blank or a line break"},
      {keys("A", "2026-01-02T02:59:59Z"), "ended on 2026-01-02T02:59:59Z"}};
  for (const auto& [text, why] : cases) {
    write(".aws/config", "[default]\ncredential_process = " + program(text) + "\n");
    const std::string found = find();
    EXPECT_THAT(found, StartsWith("s3.bad_credentials: the credential_process of the profile"));
    EXPECT_THAT(found, HasSubstr(why));
  }
}

TEST_F(S3CredentialsTest, AProgramThatFailsOrIsNotThereIsAnErrorOfItsOwn) {
  write(".aws/config", "[default]\ncredential_process = " +
                           program("{}", "echo lent-secret >&2\nexit 3\n") + "\n");
  EXPECT_EQ(find(), "s3.credential_process: the credential_process of the profile exited with 3");
  write(".aws/config", "[default]\ncredential_process = /nowhere/at/all\n");
  EXPECT_THAT(find(), StartsWith("s3.credential_process: the credential_process of the profile "
                                 "cannot be started"));
  write(".aws/config", "[default]\ncredential_process = \"open\n");
  EXPECT_THAT(find(), StartsWith("s3.bad_setting"));
}

TEST(S3ProgramTest, ALineIsTakenApartAsAShellWould) {
  EXPECT_THAT(*words_of_line(R"( a  'b c' "d \"e\" \x" f\ g '' h"i"'j' )"),
              ElementsAre("a", "b c", "d \"e\" \\x", "f g", "", "hij"));
  EXPECT_THAT(*words_of_line("a; rm -rf $HOME `b`"),
              ElementsAre("a;", "rm", "-rf", "$HOME", "`b`"));
  for (const char* line : {"'a", "\"a", "a\\"}) EXPECT_FALSE(words_of_line(line)) << line;
}

// --- by a container

TEST_F(S3CredentialsTest, AContainerLendsForTheTokenInItsFile) {
  use_container({answer(200, {}, keys("CONTAINER", kIn1Hour))});
  environment_["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "of the environment";
  environment_["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = write("token", "of the file\n");
  EXPECT_EQ(find(), "CONTAINER");
  EXPECT_THAT(asked(), ElementsAre("GET /creds?id=1"));
  EXPECT_EQ(header(0, "authorization"), "of the file");
}

TEST_F(S3CredentialsTest, AContainerIsAskedAFewTimes) {
  use_container({answer(500), answer(429), answer(200, {}, keys("CONTAINER", ""))});
  EXPECT_EQ(find(), "CONTAINER");
  EXPECT_FALSE(lent_.end);
  use_container(std::vector<std::string>(9, answer(503)));
  EXPECT_EQ(find(), "s3.unreachable: the container's credential service answers 503");
  EXPECT_THAT(asked(), SizeIs(3));
  use_container({answer(403, {}, "lent-secret")});
  EXPECT_EQ(find(), "s3.bad_credentials: the container's credential service answers 403");
  use_container({answer(200, {}, "<html>")});
  EXPECT_THAT(find(), HasSubstr("answers no JSON object"));
}

TEST_F(S3CredentialsTest, AContainerTokenThatCannotBeSentIsAnError) {
  use_container({});
  environment_["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "a\r\nx-more: b";
  EXPECT_THAT(find(), StartsWith("s3.bad_credentials"));
  environment_["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = (home_.path() / "gone").string();
  EXPECT_THAT(find(), StartsWith("s3.bad_credentials"));
  EXPECT_THAT(asked(), SizeIs(0));
}

TEST_F(S3CredentialsTest, ThePlaceOfAContainersServiceFollowsItsRules) {
  environment_["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/v2/credentials/x";
  EXPECT_EQ(**container_url(around()), "http://169.254.170.2/v2/credentials/x");
  environment_.erase("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  EXPECT_FALSE(*container_url(around()));
  for (const char* good :
       {"http://localhost/c", "http://127.0.0.1:8080/c", "http://127.3.2.1/c", "http://[::1]:80/c",
        "http://169.254.170.2/c", "http://169.254.170.23/v1/c", "http://[fd00:ec2::23]/v1/c",
        "https://anywhere.example/c"}) {
    environment_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = good;
    EXPECT_TRUE(container_url(around())) << good;
  }
  for (const char* bad :
       {"http://anywhere.example/c", "http://10.0.0.1/c", "http://169.254.169.254/c",
        "http://localhost.example/c", "http://127.0.0.1.example/c",
        "http://localhost@evil.example/", "ftp://localhost/", "localhost/c",
        "http://evil.example?http://localhost/"}) {
    environment_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = bad;
    const auto url = container_url(around());
    ASSERT_FALSE(url) << bad;
    EXPECT_EQ(url.error().code, "s3.bad_setting");
  }
}

// --- by the machine

TEST_F(S3CredentialsTest, AMachineLendsThroughTheSecondVersionOfItsServiceAlone) {
  use_machine({answer(200, {}, "imds-token"), answer(200, {}, "my role\n"),
               answer(200, {}, keys("MACHINE", kIn1Hour))});
  EXPECT_EQ(find(), "MACHINE");
  EXPECT_THAT(asked(), ElementsAre("PUT /latest/api/token",
                                   "GET /latest/meta-data/iam/security-credentials/",
                                   "GET /latest/meta-data/iam/security-credentials/my%20role"));
  EXPECT_EQ(header(0, "x-aws-ec2-metadata-token-ttl-seconds"), "21600");
  EXPECT_EQ(header(2, "x-aws-ec2-metadata-token"), "imds-token");
}

TEST_F(S3CredentialsTest, AMachineWithoutAServiceOrARoleHasNone) {
  use_machine({answer(403)});
  EXPECT_THAT(find(), StartsWith("s3.no_credentials"));
  use_machine({answer(200, {}, "t"), answer(404)});
  EXPECT_THAT(find(), StartsWith("s3.no_credentials"));
  use_machine({});
  server_ = nullptr;
  EXPECT_THAT(find(), StartsWith("s3.no_credentials"));
  use_machine({});
  environment_["AWS_EC2_METADATA_DISABLED"] = "true";
  EXPECT_THAT(find(), StartsWith("s3.no_credentials"));
  EXPECT_THAT(asked(), SizeIs(0));
}

TEST_F(S3CredentialsTest, AMachineThatAnswersBadlyIsAnError) {
  const std::string token = answer(200, {}, "t");
  const std::string role = answer(200, {}, "r");
  use_machine({token, answer(401)});
  EXPECT_EQ(find(), "s3.bad_credentials: the metadata service of this machine answers 401");
  use_machine({token, role, answer(200, {}, R"({"Code": "AssumeRoleUnauthorizedAccess"})")});
  EXPECT_THAT(find(), HasSubstr("has no credentials for the role"));
  use_machine({token, role, answer(200, {}, "{}")});
  EXPECT_THAT(find(), HasSubstr("gives no AccessKeyId"));
}

// --- by the token service

TEST_F(S3CredentialsTest, AWebIdentityIsExchangedUnsigned) {
  use_token_service({role_answer("AssumeRoleWithWebIdentity", "WEB")});
  environment_["AWS_WEB_IDENTITY_TOKEN_FILE"] = write("token", "web&token\n");
  environment_["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/r";
  environment_["AWS_ROLE_SESSION_NAME"] = "me";
  EXPECT_EQ(find(), "WEB");
  EXPECT_EQ(lent_.keys.session_token, "lent-token");
  EXPECT_EQ(sdk::Time{*lent_.end}.text(), kIn1Hour);
  EXPECT_THAT(asked(), ElementsAre("POST /"));
  const std::string request = server_->request(0);
  for (const char* part : {"Action=AssumeRoleWithWebIdentity", "Version=2011-06-15",
                           "RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr", "RoleSessionName=me",
                           "WebIdentityToken=web%26token"}) {
    EXPECT_THAT(request, HasSubstr(part));
  }
  EXPECT_EQ(header(0, "authorization"), "(none)");
}

TEST_F(S3CredentialsTest, ARefusalOfTheTokenServiceIsToldWithoutTheToken) {
  environment_["AWS_WEB_IDENTITY_TOKEN_FILE"] = write("token", "web-token");
  environment_["AWS_ROLE_ARN"] = "arn:r";
  use_token_service({answer(403, {},
                            "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not "
                            "yours</Message></Error></ErrorResponse>")});
  EXPECT_EQ(find(),
            "s3.bad_credentials: the token service does not lend arn:r: it answers 403 "
            "AccessDenied, not yours");
  use_token_service({answer(500), answer(200, {}, "<html></html>")});
  EXPECT_THAT(find(), HasSubstr("something else than XML with credentials"));
  use_token_service({role_answer("AssumeRole", "WRONG")});
  EXPECT_THAT(find(), StartsWith("s3.bad_credentials"));
  use_token_service(std::vector<std::string>(9, answer(503)));
  EXPECT_THAT(find(), HasSubstr("it answers 503"));
  EXPECT_THAT(asked(), SizeIs(3));
  environment_["AWS_WEB_IDENTITY_TOKEN_FILE"] = write("token", "\n");
  EXPECT_THAT(find(), HasSubstr("the web identity token is empty"));
  environment_.erase("AWS_ROLE_ARN");
  EXPECT_THAT(find(), StartsWith("s3.bad_setting"));
}

TEST_F(S3CredentialsTest, ARoleIsTakenWithTheKeysOfAnotherProfile) {
  use_token_service({role_answer("AssumeRole", "ROLE")});
  write(".aws/config",
        "[profile work]\nrole_arn = arn:r\nsource_profile = base\nexternal_id = x1\n"
        "role_session_name = me\nduration_seconds = 900\n[profile base]\nregion = x\n");
  write(".aws/credentials", "[base]\naws_access_key_id = BASE\naws_secret_access_key = b\n");
  EXPECT_EQ(find({.bucket = "bucket", .profile = "work"}), "ROLE");
  EXPECT_THAT(header(0, "authorization"),
              HasSubstr("Credential=BASE/20260102/eu-west-1/sts/aws4_request"));
  for (const char* part : {"Action=AssumeRole&", "ExternalId=x1", "DurationSeconds=900"}) {
    EXPECT_THAT(server_->request(0), HasSubstr(part));
  }
}

TEST_F(S3CredentialsTest, RolesMayBuildOnRolesButNotInARing) {
  use_token_service({role_answer("AssumeRole", "FIRST"), role_answer("AssumeRole", "SECOND")});
  write(".aws/config",
        "[profile a]\nrole_arn = arn:a\nsource_profile = b\n[profile b]\nrole_arn = arn:b\n"
        "source_profile = base\n[profile base]\naws_access_key_id = B\naws_secret_access_key = b\n"
        "[profile x]\nrole_arn = arn:x\nsource_profile = y\n[profile y]\nrole_arn = arn:y\n"
        "source_profile = x\n[profile own]\nrole_arn = arn:o\nsource_profile = own\n");
  EXPECT_EQ(find({.bucket = "bucket", .profile = "a"}), "SECOND");
  EXPECT_THAT(header(1, "authorization"), HasSubstr("Credential=FIRST/"));
  EXPECT_EQ(header(1, "x-amz-security-token"), "lent-token");
  EXPECT_THAT(find({.bucket = "bucket", .profile = "x"}), StartsWith("s3.bad_setting"));
  EXPECT_THAT(find({.bucket = "bucket", .profile = "own"}), StartsWith("s3.bad_setting"));
}

TEST_F(S3CredentialsTest, ARoleIsTakenWithWhatTheCredentialSourceNames) {
  environment_["AWS_ACCESS_KEY_ID"] = "E";
  environment_["AWS_SECRET_ACCESS_KEY"] = "e";
  for (const char* kind : {"Environment", "Elsewhere"}) {
    use_token_service({role_answer("AssumeRole", "ROLE")});
    write(".aws/config", std::string("[profile p]\nrole_arn = arn:p\ncredential_source = ") + kind);
    const std::string found = find({.bucket = "bucket", .profile = "p"});
    if (kind == std::string("Environment")) {
      EXPECT_EQ(found, "ROLE");
    } else {
      EXPECT_THAT(found, StartsWith("s3.bad_setting"));
    }
  }
  write(".aws/config", "[profile p]\nrole_arn = arn:p\nsource_profile = p\nmfa_serial = m\n");
  EXPECT_THAT(find({.bucket = "bucket", .profile = "p"}), StartsWith("s3.unsupported_credentials"));
}

// --- the order, and the end

TEST_F(S3CredentialsTest, TheFirstThatSaysGoesBeforeTheOthers) {
  use_container(std::vector<std::string>(9, answer(200, {}, keys("CONTAINER", ""))));
  EXPECT_EQ(find(), "CONTAINER");
  write(".aws/config",
        "[default]\ncredential_process = " + program(keys("PROGRAM", "", "SessionToken")) + "\n");
  EXPECT_EQ(find(), "PROGRAM");
  write(".aws/credentials", "[default]\naws_access_key_id = FILE\naws_secret_access_key = f\n");
  EXPECT_EQ(find(), "FILE");
  environment_["AWS_ACCESS_KEY_ID"] = "ENVIRONMENT";
  environment_["AWS_SECRET_ACCESS_KEY"] = "e";
  EXPECT_EQ(find(), "ENVIRONMENT");
}

TEST_F(S3CredentialsTest, TheyAreRenewedFiveMinutesBeforeTheEndOrHalfWayThere) {
  Lent lent{.end = now_ + std::chrono::hours(1)};
  EXPECT_EQ(renewal_of(lent, now_), now_ + std::chrono::minutes(55));
  lent.end = now_ + std::chrono::minutes(4);
  EXPECT_EQ(renewal_of(lent, now_), now_ + std::chrono::minutes(2));
  lent.end.reset();
  EXPECT_FALSE(renewal_of(lent, now_));
}

class S3RenewalTest : public S3CredentialsTest {
 protected:
  // A store whose program lends the keys in the file `keys`, which the test writes anew.
  void SetUp() override {
    S3CredentialsTest::SetUp();
    lend("ONE", kIn1Hour);
    const std::string path = write("lender", "#!/bin/sh\ncat " + (home_.path() / "keys").string());
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    write(".aws/config", "[default]\ncredential_process = " + path + "\n");
  }
  void lend(const std::string& access, const std::string& end) {
    write("keys", keys(access, end, "SessionToken"));
  }
  std::string signed_by(std::size_t request) const {
    const std::string line = header(request, "authorization");
    const auto at = line.find("Credential=");
    return at == std::string::npos ? line : line.substr(at + 11, line.find('/') - at - 11);
  }
};

TEST_F(S3RenewalTest, CredentialsAreFetchedAnewBeforeTheyEnd) {
  serve({answer(200), answer(200), answer(200)});
  ASSERT_EQ(open({.ref = "a"}).status, SC_OK);
  lend("TWO", "2026-01-02T05:00:00Z");
  now_ += std::chrono::minutes(54);
  ASSERT_EQ(open({.ref = "a"}).status, SC_OK);
  now_ += std::chrono::minutes(1);
  ASSERT_EQ(open({.ref = "a"}).status, SC_OK);
  EXPECT_EQ(signed_by(0), "ONE");
  EXPECT_EQ(signed_by(1), "ONE");
  EXPECT_EQ(signed_by(2), "TWO");
}

TEST_F(S3RenewalTest, AsLongAsTheyHoldAFailedRenewalIsAWarning) {
  serve({answer(200), answer(200)});
  ASSERT_EQ(open({.ref = "a"}).status, SC_OK);
  write("keys", "broken");
  now_ += std::chrono::minutes(56);
  ASSERT_EQ(open({.ref = "a"}).status, SC_OK);
  ASSERT_THAT(host_.logs, SizeIs(1));
  EXPECT_THAT(host_.logs[0].second, HasSubstr("cannot be renewed yet"));
  now_ += std::chrono::minutes(4);
  EXPECT_EQ(open({.ref = "a"}).error->code, "s3.bad_credentials");
}

TEST_F(S3RenewalTest, CredentialsThatEndEarlyAreFetchedAnewOnce) {
  serve({refusal(400, "ExpiredToken"), answer(200)});
  const auto got = ask([&](sdk::Call& call) -> Result<> {
    // Others are lent once the first were used.
    auto first = Store::open(call, {.bucket = "bucket", .endpoint = server_->url("")}, around());
    lend("TWO", kIn1Hour);
    Session session(*first, call);
    auto answered = session.demand({.key = "k"}, "cannot");
    return answered ? Result<>() : fail(answered.error());
  });
  ASSERT_EQ(got.status, SC_OK) << got.error_json;
  EXPECT_EQ(signed_by(0), "ONE");
  EXPECT_EQ(signed_by(1), "TWO");
}

TEST_F(S3RenewalTest, TheSameCredentialsOnceMoreAreNotTriedAgain) {
  serve({refusal(400, "ExpiredToken"), answer(200)});
  EXPECT_EQ(open({.ref = "a"}).error->code, "s3.denied");
  EXPECT_THAT(asked(), SizeIs(1));
}

}  // namespace
}  // namespace s3
