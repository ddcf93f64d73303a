#include "format/protobuf.hpp"

namespace etcd::protobuf {

void FieldReader::refuse(std::string_view problem) {
  if (problem_.empty()) problem_ = problem;
  left_ = {};
}

bool FieldReader::take_varint(std::uint64_t& value) {
  value = 0;
  for (std::size_t i = 0; i < left_.size(); ++i) {
    const auto byte = std::to_integer<std::uint64_t>(left_[i]);
    if (i == 9 && byte > 1) {
      refuse("a number of more than 64 bits");
      return false;
    }
    value |= (byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      left_ = left_.subspan(i + 1);
      return true;
    }
  }
  refuse("the message ends inside a number");
  return false;
}

bool FieldReader::next() {
  if (left_.empty()) return false;
  std::uint64_t tag = 0;
  if (!take_varint(tag)) return false;
  if (tag >> 3 == 0 || tag >> 3 > 0x1fffffff) {
    refuse("a field number out of range");
    return false;
  }
  number_ = static_cast<std::uint32_t>(tag >> 3);
  wire_ = static_cast<Wire>(tag & 7);
  std::uint64_t length = 0;
  switch (wire_) {
    case Wire::kVarint: return take_varint(value_);
    case Wire::kFixed64: length = 8; break;
    case Wire::kFixed32: length = 4; break;
    case Wire::kBytes:
      if (!take_varint(length)) return false;
      break;
    default: refuse("an unknown wire type"); return false;
  }
  if (length > left_.size()) {
    refuse("a field longer than the message");
    return false;
  }
  content_ = left_.first(length);
  left_ = left_.subspan(length);
  return true;
}

std::uint64_t FieldReader::varint() {
  if (wire_ == Wire::kVarint) return value_;
  refuse("a field of another type than expected");
  return 0;
}

Bytes FieldReader::bytes() {
  if (wire_ == Wire::kBytes) return content_;
  refuse("a field of another type than expected");
  return {};
}

void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7f) | 0x80);
  out += static_cast<char>(value);
}

void append_field(std::string& out, std::uint32_t number, std::uint64_t value) {
  append_varint(out, std::uint64_t{number} << 3);
  append_varint(out, value);
}

void append_field(std::string& out, std::uint32_t number, std::string_view content) {
  append_varint(out, (std::uint64_t{number} << 3) | 2);
  append_varint(out, content.size());
  out += content;
}

}  // namespace etcd::protobuf
