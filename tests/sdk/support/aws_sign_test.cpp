// The expected signatures are those that Amazon's documentation works out step by step.
#include <gtest/gtest.h>

#include <snapcore/support/aws_sign.hpp>
#include <snapcore/support/digest.hpp>
#include <span>

namespace snapcore::aws {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::sys_days;

const Seconds kDay2013 = sys_days(std::chrono::year(2013) / 5 / 24);
const Seconds kNoon2015 = sys_days(std::chrono::year(2015) / 8 / 30) + hours(12) + minutes(36);
const Credentials kOfS3 = {"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""};
const Credentials kOfOthers = {"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""};
const Scope kS3 = {"us-east-1", "s3"};
const Options kOtherService = {.path = kPathOfOthers, .payload_header = false};
constexpr char kBucketHost[] = "examplebucket.s3.amazonaws.com";

std::string authorization(const Request& request, const Credentials& credentials,
                          const Scope& scope, Seconds now, const Options& options = {}) {
  SigningKeys keys;
  return sign(request, credentials, scope, now, keys, options).back().second;
}

std::string s3_signature(const Request& request) {
  const std::string text = authorization(request, kOfS3, kS3, kDay2013);
  return text.substr(text.find("Signature=") + 10);
}

TEST(AwsSignTest, TheExamplesOfS3AreSignedAsDocumented) {
  EXPECT_EQ(authorization(
                {.path = "/test.txt", .headers = {{"Host", kBucketHost}, {"Range", "bytes=0-9"}}},
                kOfS3, kS3, kDay2013),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
            "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
            "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  EXPECT_EQ(s3_signature({.method = "PUT",
                          .path = encode_path("/test$file.text"),
                          .headers = {{"Host", kBucketHost},
                                      {"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                                      {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                          .payload_hash = sha256_hex("Welcome to Amazon S3.")}),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
  EXPECT_EQ(s3_signature({.query = {{"lifecycle", ""}}, .headers = {{"Host", kBucketHost}}}),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  EXPECT_EQ(s3_signature({.query = {{"prefix", "J"}, {"max-keys", "2"}},
                          .headers = {{"Host", kBucketHost}}}),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(AwsSignTest, ThePresignedExampleIsSignedAsDocumented) {
  SigningKeys keys;
  const std::string query = presign({.path = "/test.txt",
                                     .headers = {{"Host", kBucketHost}},
                                     .payload_hash = std::string(kUnsignedPayload)},
                                    kOfS3, kS3, kDay2013, std::chrono::seconds(86400), keys);
  EXPECT_EQ(query,
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2F"
            "us-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&"
            "X-Amz-SignedHeaders=host&X-Amz-Signature="
            "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
}

TEST(AwsSignTest, OtherServicesAreSignedAsDocumented) {
  const Request list_users = {
      .query = {{"Action", "ListUsers"}, {"Version", "2010-05-08"}},
      .headers = {{"content-type", "application/x-www-form-urlencoded; charset=utf-8"},
                  {"host", "iam.amazonaws.com"}}};
  EXPECT_EQ(authorization(list_users, kOfOthers, {"us-east-1", "iam"}, kNoon2015, kOtherService),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
  EXPECT_EQ(authorization({.headers = {{"Host", "example.amazonaws.com"}}}, kOfOthers,
                          {"us-east-1", "service"}, kNoon2015, kOtherService),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
            "SignedHeaders=host;x-amz-date, "
            "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
}

TEST(AwsSignTest, AKeyIsMadeAsDocumentedAndFoundAgain) {
  SigningKeys keys;
  const auto hex = [&](const char* date, const Scope& scope) {
    const auto key = keys.get(kOfOthers.secret_key, date, scope);
    return to_hex(std::as_bytes(std::span(key)));
  };
  constexpr char kDocumented[] = "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9";
  EXPECT_EQ(hex("20150830", {"us-east-1", "iam"}), kDocumented);
  for (int day = 10; day < 40; ++day) {
    EXPECT_NE(hex(("201601" + std::to_string(day)).c_str(), {"us-east-1", "iam"}), kDocumented);
  }
  EXPECT_NE(hex("20150830", {"us-east-2", "iam"}), kDocumented);
  EXPECT_NE(hex("20150830", {"us-east-1", "s3"}), kDocumented);
  EXPECT_EQ(hex("20150830", {"us-east-1", "iam"}), kDocumented);
}

TEST(AwsSignTest, AnotherSecretNeverGetsTheKeyOfTheFirst) {
  SigningKeys keys;
  const auto first = keys.get("one", "20150830", kS3);
  EXPECT_NE(keys.get("two", "20150830", kS3), first);
  EXPECT_EQ(keys.get("one", "20150830", kS3), first);
}

TEST(AwsSignTest, APathIsEncodedOnceAndLeftAsItIs) {
  EXPECT_EQ(encode_path("dir/\xC3\xA4 +%2F~*()!'//x/../y"),
            "dir/%C3%A4%20%2B%252F~%2A%28%29%21%27//x/../y");
  EXPECT_EQ(encode("a/b c"), "a%2Fb%20c");
  const std::string path = encode_path("/b//a/./b/../c d");
  EXPECT_TRUE(canonical_request({.path = path}).starts_with("GET\n/b//a/./b/../c%20d\n"));
}

TEST(AwsSignTest, OtherServicesResolveAndEncodeThePathAgain) {
  const auto path_of = [](const char* path) {
    const std::string text = canonical_request({.path = path}, kPathOfOthers);
    return text.substr(4, text.find('\n', 4) - 4);
  };
  EXPECT_EQ(path_of("/"), "/");
  EXPECT_EQ(path_of("//"), "/");
  EXPECT_EQ(path_of("/./"), "/");
  EXPECT_EQ(path_of("/example/.."), "/");
  EXPECT_EQ(path_of("/example1/example2/../.."), "/");
  EXPECT_EQ(path_of("/../../a"), "/a");
  EXPECT_EQ(path_of("//example//"), "/example/");
  EXPECT_EQ(path_of("/./example"), "/example");
  EXPECT_EQ(path_of("/a%20b"), "/a%2520b");
}

TEST(AwsSignTest, AQueryIsSortedByEncodedNameAndThenByValue) {
  EXPECT_EQ(query_text({{"b", "2"}, {"a-", ""}, {"a", "z"}, {"a", "A"}, {"\xE1\x88\xB4", "x/y"}}),
            "%E1%88%B4=x%2Fy&a=A&a=z&a-=&b=2");
  EXPECT_EQ(query_text({}), "");
}

TEST(AwsSignTest, HeadersAreJoinedTrimmedAndSorted) {
  const std::string text = canonical_request({.headers = {{"My-Header", " b  \t c "},
                                                          {"Host", "h"},
                                                          {"my-header", "a"},
                                                          {"MY-HEADER", ""},
                                                          {"Authorization", "old"},
                                                          {"Accept-Encoding", "identity"},
                                                          {"User-Agent", "x"},
                                                          {"Expect", "100-continue"}}});
  EXPECT_EQ(text,
            "GET\n/\n\nhost:h\nmy-header:b c,a,\n\nhost;my-header\n" + std::string(kEmptyPayload));
}

TEST(AwsSignTest, ATokenIsAHeaderThatIsSignedOrAPartOfTheQuery) {
  const Credentials with_token = {"AKID", "secret", "to/ken"};
  SigningKeys keys;
  const Pairs added = sign({.headers = {{"host", "h"}}}, with_token, kS3, kNoon2015, keys);
  ASSERT_EQ(added.size(), 4u);
  EXPECT_EQ(added[0], (std::pair<std::string, std::string>("x-amz-date", "20150830T123600Z")));
  EXPECT_EQ(added[1].second, kEmptyPayload);
  EXPECT_EQ(added[2], (std::pair<std::string, std::string>("x-amz-security-token", "to/ken")));
  EXPECT_NE(added[3].second.find(
                "SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token,"),
            std::string::npos);
  const std::string query = presign({.headers = {{"host", "h"}}}, with_token, kS3, kNoon2015,
                                    std::chrono::seconds(60), keys);
  EXPECT_NE(query.find("&X-Amz-Security-Token=to%2Fken&"), std::string::npos);
}

TEST(AwsSignTest, ATokenMayBeAddedToWhatWasSigned) {
  const Credentials with_token = {"AKID", "secret", "token"};
  const Request request = {.headers = {{"host", "h"}}};
  const Options after = {.sign_token = false};
  SigningKeys keys;
  const Pairs added = sign(request, with_token, kS3, kNoon2015, keys, after);
  ASSERT_EQ(added.size(), 4u);
  EXPECT_EQ(added[2].first, "x-amz-security-token");
  EXPECT_EQ(added[3].second, authorization(request, {"AKID", "secret", ""}, kS3, kNoon2015));
  const auto seconds = std::chrono::seconds(60);
  const std::string query = presign(request, with_token, kS3, kNoon2015, seconds, keys, after);
  const std::string without =
      presign(request, {"AKID", "secret", ""}, kS3, kNoon2015, seconds, keys);
  EXPECT_NE(query.find("&X-Amz-Security-Token=token&"), std::string::npos);
  EXPECT_TRUE(query.ends_with(without.substr(without.find("&X-Amz-Signature="))));
}

TEST(AwsSignTest, NoSecretStandsInWhatIsAdded) {
  SigningKeys keys;
  for (const auto& [name, value] :
       sign({.headers = {{"host", "h"}}}, kOfS3, kS3, kNoon2015, keys)) {
    EXPECT_EQ(value.find(kOfS3.secret_key), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace snapcore::aws
