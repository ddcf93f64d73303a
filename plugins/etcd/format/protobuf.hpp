// As much of the protobuf wire format as etcd's own messages need, read strictly.
#pragma once

#include <cstdint>
#include <format/bytes.hpp>
#include <string>
#include <string_view>

namespace etcd::protobuf {

// Goes through the fields of one message.
//
//   FieldReader fields(message);
//   while (fields.next()) switch (fields.number()) { case 1: id = fields.varint(); ... }
//   if (!fields.problem().empty()) ...
//
// next() ends at the end of the message or at the first thing that is wrong; problem() tells which.
// A length or varint that passes the end, a varint of more than 64 bits, field number 0 and the
// wire types no etcd message uses are wrong. Asking a field for the other wire type is wrong as
// well and ends the reading.
class FieldReader {
 public:
  explicit FieldReader(Bytes message) : left_(message) {}

  bool next();
  std::uint32_t number() const { return number_; }
  std::uint64_t varint();
  std::int64_t int64() { return static_cast<std::int64_t>(varint()); }
  bool boolean() { return varint() != 0; }
  Bytes bytes();
  std::string_view text() { return text_of(bytes()); }

  // Ends the reading with this problem, for callers that know no such field.
  void refuse(std::string_view problem);
  std::string_view problem() const { return problem_; }  // empty: none

 private:
  enum class Wire : std::uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };
  bool take_varint(std::uint64_t& value);

  Bytes left_;
  Bytes content_;
  std::uint64_t value_ = 0;
  std::uint32_t number_ = 0;
  Wire wire_ = Wire::kVarint;
  std::string_view problem_;
};

void append_varint(std::string& out, std::uint64_t value);
// Written even when zero, as etcd's older messages are.
void append_field(std::string& out, std::uint32_t number, std::uint64_t value);
void append_field(std::string& out, std::uint32_t number, std::string_view content);

}  // namespace etcd::protobuf
