// The right bytes, each once, or an error.
#include "fixture.hpp"

namespace s3 {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

const std::string kBytes = "0123456789";

std::string whole(const std::string& etag = "\"e\"", const std::string& more = {}) {
  return answer(200, "ETag: " + etag + "\r\n" + more, kBytes);
}
// The first `sent` bytes of an answer that promises all of them.
std::string cut(std::size_t sent) {
  const std::string all = whole("\"e\"", "x-amz-version-id: v1\r\n");
  return all.substr(0, all.size() - kBytes.size() + sent);
}
std::string part(std::size_t from, std::size_t to, const std::string& etag = "\"e\"") {
  return answer(206,
                "ETag: " + etag + "\r\nContent-Range: bytes " + std::to_string(from) + "-" +
                    std::to_string(to) + "/" + std::to_string(kBytes.size()) + "\r\n",
                kBytes.substr(from, to - from + 1));
}

class S3ReadingTest : public S3Test {};

TEST_F(S3ReadingTest, AnObjectIsReadWithOneRequestWithoutARange) {
  serve({whole()});
  ASSERT_EQ(open({.ref = "a"}).status, SC_OK);
  EXPECT_EQ(host_.outputs[0], kBytes);
  EXPECT_THAT(asked(), SizeIs(1));
  EXPECT_EQ(header(0, "range"), "(none)");
}

TEST_F(S3ReadingTest, AnEmptyObjectIsEmpty) {
  serve({answer(200, "ETag: \"e\"\r\n")});
  EXPECT_EQ(open({.ref = "a"}).status, SC_OK);
  EXPECT_EQ(host_.outputs[0], "");
}

TEST_F(S3ReadingTest, ABodyThatBreaksOffAnywhereIsGoneOnWithAtThatByte) {
  for (std::size_t at = 0; at < kBytes.size(); ++at) {
    serve({cut(at), at == 0 ? whole() : part(at, 9)});
    const auto got = open({.ref = "a"});
    ASSERT_EQ(got.status, SC_OK) << at << got.error_json;
    EXPECT_EQ(host_.outputs[0], kBytes) << at;
    EXPECT_EQ(header(1, "if-match"), "\"e\"");
    EXPECT_THAT(asked()[1], HasSubstr("?versionId=v1"));
    EXPECT_EQ(header(1, "range"), at == 0 ? "(none)" : "bytes=" + std::to_string(at) + "-");
  }
}

TEST_F(S3ReadingTest, ProgressGivesNewPatience) {
  std::vector<std::string> answers = {cut(1)};
  for (std::size_t at = 1; at < 9; ++at) {
    const std::string all = part(at, 9);
    answers.push_back(all.substr(0, all.size() - (9 - at)));
  }
  answers.push_back(part(9, 9));
  serve(answers);
  source_ = std::make_unique<Source>(
      Config{.bucket = "bucket", .prefix = "db/", .endpoint = server_->url(""), .attempts = 2},
      around());
  ASSERT_EQ(open({.ref = "a"}).status, SC_OK);
  EXPECT_EQ(host_.outputs[0], kBytes);
}

TEST_F(S3ReadingTest, ABodyMayBreakOffAsOftenAsItLikesWhileItGetsFurther) {
  const std::string bytes(150, 'x');
  std::vector<std::string> answers;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const std::string left = bytes.substr(at);
    const std::string all =
        at == 0
            ? answer(200, "ETag: \"e\"\r\n", left)
            : answer(206,
                     "ETag: \"e\"\r\nContent-Range: bytes " + std::to_string(at) + "-149/150\r\n",
                     left);
    answers.push_back(all.substr(0, all.size() - (left.size() - 1)));
  }
  serve(answers);
  const auto got = open({.ref = "a"});
  ASSERT_EQ(got.status, SC_OK) << got.error_json;
  EXPECT_EQ(host_.outputs[0], bytes);
}

TEST_F(S3ReadingTest, AStoreThatIgnoresTheRangeStillGivesTheRightBytes) {
  serve({cut(4), whole()});
  ASSERT_EQ(open({.ref = "a"}).status, SC_OK);
  EXPECT_EQ(host_.outputs[0], kBytes);
  serve({whole()});
  ASSERT_EQ(open({.ref = "a", .offset = 3, .length = 4}).status, SC_OK);
  EXPECT_EQ(host_.outputs[0], "3456");
}

TEST_F(S3ReadingTest, AnObjectThatIsReplacedMeanwhileIsAnErrorHoweverItShows) {
  for (const std::string& second :
       {answer(412), whole("\"other\""), part(4, 9, "\"other\""), answer(404)}) {
    serve({cut(4), second});
    const auto got = open({.ref = "a"});
    ASSERT_NE(got.status, SC_OK) << second;
    EXPECT_EQ(got.error->code, "s3.changed") << second;
    EXPECT_EQ(got.error->category, snapcore::Category::kConflict);
    EXPECT_EQ(host_.outputs[0], "0123");
  }
}

TEST_F(S3ReadingTest, OtherBytesThanThoseAskedForAreRefused) {
  serve({part(5, 9)});
  EXPECT_EQ(open({.ref = "a", .offset = 4}).error->code, "s3.bad_answer");
  serve({answer(206, "Content-Range: bytes */10\r\n", "x")});
  EXPECT_EQ(open({.ref = "a", .offset = 4}).error->code, "s3.bad_answer");
}

TEST_F(S3ReadingTest, APartIsReadFromOffsetAndLength) {
  serve({part(2, 4)});
  ASSERT_EQ(open({.ref = "a", .offset = 2, .length = 3}).status, SC_OK);
  EXPECT_EQ(host_.outputs[0], "234");
  EXPECT_EQ(header(0, "range"), "bytes=2-4");
  serve({part(8, 9)});
  ASSERT_EQ(open({.ref = "a", .offset = 8, .length = UINT64_MAX}).status, SC_OK);
  EXPECT_EQ(host_.outputs[0], "89");
}

TEST_F(S3ReadingTest, BehindTheEndThereIsNothingToRead) {
  serve({answer(416), head(10)});
  EXPECT_EQ(open({.ref = "a", .offset = 10}).status, SC_OK);
  EXPECT_EQ(host_.outputs[0], "");
  serve({answer(416), head(10)});
  const auto got = open({.ref = "a", .offset = 11});
  EXPECT_EQ(got.error->code, "s3.bad_offset");
  EXPECT_THAT(got.error->message, HasSubstr("s3://bucket/db/a has 10 bytes, byte 11"));
}

TEST_F(S3ReadingTest, AVersionIsAskedForByItsId) {
  serve({whole()});
  ASSERT_EQ(open({.ref = "a", .version_id = "v 1"}).status, SC_OK);
  EXPECT_THAT(asked(), ElementsAre("GET /bucket/db/a?versionId=v%201"));
}

TEST_F(S3ReadingTest, ADeletedObjectIsToldFromOneThatNeverWas) {
  serve({answer(404, "x-amz-delete-marker: true\r\n")});
  EXPECT_EQ(open({.ref = "a"}).error->code, "s3.deleted");
  serve({answer(404)});
  EXPECT_EQ(open({.ref = "a"}).error->code, "s3.not_found");
}

TEST_F(S3ReadingTest, AReaderWhoHasEnoughEndsIt) {
  host_.break_output = [](std::uint64_t) -> Result<> {
    return fail({.code = "stream.closed", .message = "closed"});
  };
  serve({whole(), whole()});
  EXPECT_NE(open({.ref = "a"}).status, SC_OK);
  EXPECT_THAT(asked(), SizeIs(1));
}

TEST_F(S3ReadingTest, WhatIsNoArtifactIsNotOpened) {
  serve({});
  for (const char* ref : {".hidden", "a/.b", "a.sha256", "a.snapcore.json", "folder/"}) {
    EXPECT_EQ(open({.ref = ref}).error->code, "s3.bad_ref") << ref;
  }
  EXPECT_THAT(asked(), SizeIs(0));
}

}  // namespace
}  // namespace s3
