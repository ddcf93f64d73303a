// CRC-32C, protobuf, revision keys and the messages in etcd's buckets.
#include <gtest/gtest.h>

#include <format/crc32c.hpp>
#include <format/go_json.hpp>
#include <format/key_value.hpp>
#include <format/protobuf.hpp>
#include <format/revision.hpp>

namespace etcd {
namespace {

using protobuf::append_field;
using protobuf::FieldReader;

TEST(Crc32c, GivesThePublishedValues) {
  EXPECT_EQ(crc32c(0, bytes_of("123456789")), 0xE3069283u);
  EXPECT_EQ(crc32c(0, bytes_of(std::string(32, '\0'))), 0x8A9136AAu);
  EXPECT_EQ(crc32c(0, {}), 0u);
}

TEST(Crc32c, IsTheSameWithAndWithoutTheInstructionAndInPieces) {
  std::string text;
  for (int i = 0; i < 70; ++i) {
    const auto whole = crc32c(0, bytes_of(text));
    EXPECT_EQ(whole, crc32c_portable(0, bytes_of(text)));
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
      const std::string_view view = text;
      EXPECT_EQ(whole,
                crc32c(crc32c(0, bytes_of(view.substr(0, cut))), bytes_of(view.substr(cut))));
    }
    text += static_cast<char>(i * 37);
  }
}

std::string problem_of(const std::string& message) {
  FieldReader fields(bytes_of(message));
  while (fields.next()) {
    if (fields.number() == 1) (void)fields.varint();
    if (fields.number() == 2) (void)fields.bytes();
  }
  return std::string(fields.problem());
}

TEST(Protobuf, ReadsWhatItWrote) {
  for (const std::uint64_t number : {0ULL, 1ULL, 127ULL, 128ULL, 1ULL << 35, ~0ULL}) {
    std::string message;
    append_field(message, 1, number);
    append_field(message, 2, "text");
    FieldReader fields(bytes_of(message));
    ASSERT_TRUE(fields.next());
    EXPECT_EQ(fields.varint(), number);
    ASSERT_TRUE(fields.next());
    EXPECT_EQ(fields.text(), "text");
    EXPECT_FALSE(fields.next());
    EXPECT_EQ(fields.problem(), "");
  }
}

TEST(Protobuf, EveryTruncationIsEitherAWholeFieldOrAnError) {
  std::string message;
  append_field(message, 1, std::uint64_t{300});
  const std::size_t first = message.size();
  append_field(message, 2, "text");
  for (std::size_t length = 1; length < message.size(); ++length) {
    EXPECT_EQ(problem_of(message.substr(0, length)).empty(), length == first) << length;
  }
}

TEST(Protobuf, RefusesWhatNoEncoderWrites) {
  EXPECT_NE(problem_of(std::string("\x08") + std::string(9, '\xff') + '\x02'), "");  // 65 bits
  EXPECT_NE(problem_of(std::string("\x08") + std::string(20, '\x80')), "");          // endless
  EXPECT_NE(problem_of(std::string("\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11)), "");
  EXPECT_NE(problem_of(std::string("\x00\x01", 2)), "");   // field 0
  EXPECT_NE(problem_of("\x0b"), "");                       // group
  EXPECT_NE(problem_of("\x0f"), "");                       // wire type 7
  EXPECT_NE(problem_of(std::string("\x0a\x01x", 3)), "");  // field 1 is a number
  EXPECT_NE(problem_of(std::string("\x10\x01", 2)), "");   // field 2 is bytes
  EXPECT_EQ(problem_of(std::string("\x08") + std::string(9, '\xff') + '\x01'), "");
}

TEST(RevisionKey, SurvivesTheWayThroughBytes) {
  for (const Revision revision : {Revision{2, 0}, Revision{300, 7}, Revision{INT64_MAX, 1}}) {
    const auto decoded = decode_revision(bytes_of(encode_revision(revision)));
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->revision, revision);
    EXPECT_FALSE(decoded->tombstone);
    EXPECT_TRUE(decode_revision(bytes_of(encode_revision(revision) + "t"))->tombstone);
  }
}

TEST(RevisionKey, OrderOfBytesIsOrderOfTime) {
  const std::vector<Revision> ascending = {{1, 0}, {2, 0}, {2, 1}, {2, 256}, {256, 0}, {65536, 3}};
  for (std::size_t i = 1; i < ascending.size(); ++i) {
    EXPECT_LT(ascending[i - 1], ascending[i]);
    EXPECT_LT(encode_revision(ascending[i - 1]), encode_revision(ascending[i]));
  }
}

TEST(RevisionKey, RefusesEverythingElse) {
  const std::string good = encode_revision({5, 1});
  for (std::size_t length = 0; length < good.size(); ++length) {
    EXPECT_FALSE(decode_revision(bytes_of(good.substr(0, length))));
  }
  EXPECT_FALSE(decode_revision(bytes_of(good + "x")));
  EXPECT_FALSE(decode_revision(bytes_of(good + "tt")));
  std::string separator = good;
  separator[8] = '-';
  EXPECT_FALSE(decode_revision(bytes_of(separator)));
  EXPECT_FALSE(decode_revision(bytes_of(encode_revision({0, 0}))));
  EXPECT_FALSE(decode_revision(bytes_of(encode_revision({-1, 0}))));
  EXPECT_FALSE(decode_revision(bytes_of(encode_revision({1, -1}))));
}

TEST(KeyValue, TakesAllFieldsAndNoOthers) {
  std::string message;
  append_field(message, 1, "k");
  append_field(message, 2, std::uint64_t{3});
  append_field(message, 3, std::uint64_t{4});
  append_field(message, 4, std::uint64_t{2});
  append_field(message, 5, "v");
  append_field(message, 6, std::uint64_t{9});
  const auto decoded = decode_key_value(bytes_of(message));
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(decoded->key, "k");
  EXPECT_EQ(decoded->create_revision, 3);
  EXPECT_EQ(decoded->mod_revision, 4);
  EXPECT_EQ(decoded->version, 2);
  EXPECT_EQ(decoded->value, "v");
  EXPECT_EQ(decoded->lease, 9);

  std::string unknown = message;
  append_field(unknown, 7, std::uint64_t{1});
  EXPECT_FALSE(decode_key_value(bytes_of(unknown)));
  std::string twice = message;
  append_field(twice, 6, std::uint64_t{9});
  EXPECT_FALSE(decode_key_value(bytes_of(twice)));
}

TEST(LeaseAndAlarm, DecodeOrSayWhy) {
  std::string lease;
  append_field(lease, 1, std::uint64_t{7});
  append_field(lease, 2, std::uint64_t{60});
  EXPECT_EQ(decode_lease(bytes_of(lease))->ttl_seconds, 60);
  EXPECT_EQ(decode_lease(bytes_of("\x0a")).error().code, "etcd.malformed_message");
  std::string alarm;
  append_field(alarm, 1, ~std::uint64_t{0});
  append_field(alarm, 2, std::uint64_t{2});
  const auto decoded = decode_alarm(bytes_of(alarm));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->member_id, ~std::uint64_t{0});
  EXPECT_EQ(to_text(decoded->kind), "CORRUPT");
  alarm.back() = 3;
  EXPECT_FALSE(decode_alarm(bytes_of(alarm)));
}

TEST(GoJson, EscapesWhatGoEscapes) {
  const auto json = [](std::string_view text) {
    std::string out;
    append_go_json(out, text);
    return out;
  };
  EXPECT_EQ(json("a<b>&\"\\\n\x01"), R"("a\u003cb\u003e\u0026\"\\\n\u0001")");
  EXPECT_EQ(json("\xc3\xa4\xe2\x80\xa8\xf0\x9f\x98\x80"), "\"\xc3\xa4\\u2028\xf0\x9f\x98\x80\"");
  EXPECT_EQ(json("\xff\xc3"), R"("\ufffd\ufffd")");
  EXPECT_EQ(json("\xed\xa0\x80"), R"("\ufffd\ufffd\ufffd")");  // half of a surrogate pair
}

}  // namespace
}  // namespace etcd
