// A line is judged by its text. What decides whether that is right is the plain way: parse it, dump
// it again and compare.
#include <gtest/gtest.h>

#include <random>
#include <snapcore/support/digest.hpp>

#include "journal/canonical_text.hpp"
#include "journal/record_line.hpp"

namespace snapcore {
namespace {

const std::string kPrevious = genesis_hash();
constexpr std::uint64_t kSeq = 7;

// As core/journal/FORMAT.md says it.
bool is_record_by_tree(const std::string& line) {
  auto value = Value::parse(line);
  if (!value || value->dump() != line) return false;
  const std::string hash = value->at("hash").text();
  value->erase("hash");
  return sha256_hex(kPrevious + value->dump()) == hash && value->at("seq").is_integer() &&
         value->at("seq").uint_or(0) == kSeq && parse_time(value->at("at").text());
}

bool canonical_by_tree(const std::string& text) {
  const auto value = Value::parse(text);
  return value && value->dump() == text;
}

bool canonical_by_text(const std::string& text) { return end_of_canonical(text) == text.size(); }

// A line with the hash that its text has, in whatever form that is.
std::string hashed(const std::string& before, const std::string& behind) {
  return before + R"(,"hash":")" + sha256_hex(kPrevious + before + behind) + '"' + behind;
}

class Dice {
 public:
  std::size_t below(std::size_t end) { return generator_() % end; }

  std::string text() {
    static const std::vector<std::string> kPieces = {
        "a",      "Z",         "0",      "/",      "\"",         "\\",
        "\n",     "\r",        "\t",     "\b",     "\f",         std::string(1, '\0'),
        "\x1f",   "\x7f",      "\u00e9", "\u20ac", "\U0001f600", "\ufffd",
        "\u0800", "\U0010ffff"};
    std::string all;
    for (std::size_t count = below(6); count > 0; --count) all += kPieces[below(kPieces.size())];
    return all;
  }

  Value value(int depth = 0) {
    switch (below(depth < 4 ? 10 : 7)) {
      case 0: return {};
      case 1: return below(2) == 0;
      case 2: return static_cast<std::int64_t>(generator_());
      case 3: return static_cast<std::uint64_t>(generator_());
      case 4: return static_cast<int>(below(200)) - 100;
      case 5: return static_cast<double>(below(1000)) / 8;
      case 6: return text();
      case 7: {
        Value::Array items;
        for (std::size_t count = below(4); count > 0; --count) items.push_back(value(depth + 1));
        return items;
      }
      default: {
        Value members = Value::object();
        for (std::size_t count = below(4); count > 0; --count) members[text()] = value(depth + 1);
        return members;
      }
    }
  }

  // One byte of it another, one more or one less; most often one that means something in JSON.
  std::string changed(std::string text) {
    static constexpr std::string_view kBytes = "{}[],:\"\\ \n0019-+.eEuntrbf/a\x7f\xc3\xa9\xed\xf4";
    const std::size_t at = below(text.size());
    const char byte = below(4) == 0 ? static_cast<char>(below(256)) : kBytes[below(kBytes.size())];
    switch (below(4)) {
      case 0: text[at] = byte; break;
      case 1: text[at] = static_cast<char>(text[at] ^ (1 << below(8))); break;
      case 2: text.insert(at, 1, byte); break;
      default: text.erase(at, 1); break;
    }
    return text;
  }

 private:
  std::mt19937_64 generator_{20260102};
};

TEST(JournalLineTest, TextTakenForCanonicalIsWhatComesBackFromATree) {
  Dice dice;
  int canonical = 0;
  for (int round = 0; round < 10000; ++round) {
    std::string text = dice.value().dump();
    for (int change = 0; change < 3 && !text.empty(); ++change) {
      if (canonical_by_text(text)) {
        ++canonical;
        ASSERT_TRUE(canonical_by_tree(text)) << text;
      }
      text = dice.changed(text);
    }
  }
  EXPECT_GT(canonical, 2500);
}

TEST(JournalLineTest, EveryByteAndEveryEscapeInATextIsJudgedAsATreeJudgesIt) {
  for (unsigned first = 0; first < 256; ++first) {
    for (unsigned second = 0; second < 256; ++second) {
      for (const std::string_view rest : {"", "\x80", "\xbf\x80", "\x80\x80"}) {
        if (first < 0xc0 && !rest.empty()) continue;  // it does not begin a character
        std::string text = "\"";
        text += static_cast<char>(first);
        text += static_cast<char>(second);
        text += rest;
        text += '"';
        ASSERT_EQ(canonical_by_text(text), canonical_by_tree(text)) << first << " " << second;
      }
    }
    static constexpr char kHex[] = "0123456789abcdef0123456789ABCDEF";
    for (const std::size_t letters : {0U, 16U}) {
      const std::string text = std::string("\"\\u00") + kHex[letters + (first >> 4)] +
                               kHex[letters + (first & 15)] + '"';
      EXPECT_EQ(canonical_by_text(text), canonical_by_tree(text)) << text;
    }
  }
}

TEST(JournalLineTest, WhatRunsWriteIsJudgedByItsTextAlone) {
  for (const std::string text :
       {R"({"a":{},"b":[],"c":[1,-2,{"d":null}],"e":"\u001f\n\"é"})", "999999999999999999", "0",
        "true", "false", R"("")", R"({"":0,"A":1,"a":2,"é":3})"}) {
    EXPECT_TRUE(canonical_by_text(text)) << text;
  }
}

TEST(JournalLineTest, OtherFormsOfTheSameValueAreNotCanonical) {
  for (const std::string text : {"-0",
                                 "01",
                                 "1 ",
                                 " 1",
                                 "+1",
                                 "1e2",
                                 "[1, 2]",
                                 "[1,]",
                                 R"({"b":1,"a":2})",
                                 R"({"a":1,"a":2})",
                                 R"({"a": 1})",
                                 R"("\/")",
                                 R"("\u0041")",
                                 R"("\u000a")",
                                 R"("\u001F")",
                                 R"("\b")",
                                 "\"\x7f\"",
                                 "\"\xc0\xaf\"",
                                 "\"\xed\xa0\x80\"",
                                 "\xef\xbb\xbf{}",
                                 "nul",
                                 ""}) {
    EXPECT_FALSE(canonical_by_text(text)) << text;
    EXPECT_FALSE(canonical_by_tree(text)) << text;
  }
}

TEST(JournalLineTest, ALineIsARecordWhenItIsOneByItsTree) {
  Dice dice;
  int records = 0;
  for (int round = 0; round < 4000; ++round) {
    const std::string body = dice.value().dump();
    std::string before = R"({"at":"2026-01-02T03:04:05Z","body":)" + body;
    std::string behind = R"(,"seq":7,"type":"note"})";
    if (round % 5 == 1) before = dice.changed(before);
    if (round % 5 == 2) behind = dice.changed(behind);
    std::string line = hashed(before, behind);  // so that only its form decides
    if (round % 5 == 3) line = dice.changed(line);
    const ReadLine read = read_line(line, kPrevious, kSeq);
    ASSERT_EQ(read.record.has_value(), is_record_by_tree(line)) << line;
    ASSERT_EQ(read.record.has_value(), read.problem.empty());
    const ReadLine without =
        read_line(line, kPrevious, kSeq, [](std::string_view) { return false; });
    ASSERT_EQ(without.record.has_value(), read.record.has_value()) << line;
    if (!read.record) continue;
    ++records;
    ASSERT_EQ(read.record->body, Value::parse(line)->at("body")) << line;
    ASSERT_EQ(read.record->type, Value::parse(line)->at("type").text()) << line;
    ASSERT_EQ(read.record->hash, without.record->hash);
  }
  EXPECT_GT(records, 1400);
}

TEST(JournalLineTest, WhatIsWrittenIsTheCanonicalFormAndReadsBack) {
  Dice dice;
  for (int round = 0; round < 1000; ++round) {
    Record record{.seq = kSeq, .type = "note", .body = dice.value()};
    const Value body = record.body;
    const auto line = write_line(record, kPrevious);
    ASSERT_TRUE(line);
    ASSERT_TRUE(is_record_by_tree(line->substr(0, line->size() - 1))) << *line;
    const ReadLine read = read_line(line->substr(0, line->size() - 1), kPrevious, kSeq);
    ASSERT_TRUE(read.record);
    ASSERT_EQ(read.record->body, body);
    ASSERT_EQ(read.record->hash, record.hash);
  }
}

TEST(JournalLineTest, ARecordWithMembersOfALaterSnapcoreIsOne) {
  const std::string line =
      hashed(R"({"at":"2026-01-02T03:04:05Z","body":null)", R"(,"later":1,"seq":7,"type":"note"})");
  EXPECT_TRUE(read_line(line, kPrevious, kSeq).record);
  EXPECT_TRUE(is_record_by_tree(line));
}

}  // namespace
}  // namespace snapcore
