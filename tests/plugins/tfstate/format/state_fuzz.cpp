// Whatever bytes stand where a state is expected: read in pieces or whole it is the same, a serial
// that is put into it is read from it, and it does not differ from itself. Behind a zero byte
// stands a second one to compare it with.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <format/diff.hpp>
#include <format/lock_info.hpp>
#include <format/serial.hpp>
#include <snapcore/utf8.hpp>
#include <string>

#include "states.hpp"

namespace {

using namespace tfstate;

void must(bool so) {
  if (!so) std::abort();
}

void look_at(const std::string& text) {
  const auto whole = test::read(text);
  JsonReader bytewise(test::in_pieces(text, 1));
  const auto pieces = read_state(bytewise, "it");
  must(whole.has_value() == pieces.has_value());
  if (!whole) {
    must(whole.error().message == pieces.error().message);
    must(snapcore::is_utf8(whole.error().message));
    return;
  }
  must(whole->serial == pieces->serial && whole->counts.instances == pieces->counts.instances);
  if (whole->form != Form::kState) return;
  const Edit edit = serial_edit(*whole, 18446744073709551615u);
  std::string edited = text;
  edited.replace(edit.offset, edit.removed, edit.text);
  const auto again = test::read(edited);
  must(again && again->serial == UINT64_MAX && again->lineage == whole->lineage);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  const auto zero = input.find('\0');
  const std::string first = input.substr(0, zero);
  const std::string second = zero == std::string::npos ? "" : input.substr(zero + 1);
  look_at(first);
  if (const auto told = test::diff(first, first); told.problem.empty()) must(told.lines.empty());
  for (const auto& told : {test::diff(first, second), test::diff(second, first)}) {
    for (const std::string& line : told.lines) must(snapcore::is_utf8(line));
  }
  if (const auto info = LockInfo::from_json(first))
    must(LockInfo::from_json(info->to_json()).has_value());
  return 0;
}
