#include "lua/compiled.hpp"

#include <cstring>
#include <limits>
#include <utility>

namespace snapcore {
namespace {

constexpr std::string_view kHeader = "\x1bLua\x54";
constexpr std::string_view kData = "\x19\x93\r\n\x1a\n";
constexpr std::int8_t kAbsoluteLine = -0x80;

// Kinds of constants.
constexpr unsigned kInteger = 0x03, kFloat = 0x13, kShortText = 0x04, kLongText = 0x14;

// Beyond the end everything reads as zero, and bad() tells.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : left_(bytes) {}

  bool bad() const { return bad_; }

  std::string_view take(std::size_t count) {
    if (count > left_.size()) {
      bad_ = true;
      left_ = {};
      return {};
    }
    const auto taken = left_.substr(0, count);
    left_.remove_prefix(count);
    return taken;
  }

  unsigned byte() {
    const auto taken = take(1);
    return taken.empty() ? 0 : static_cast<unsigned char>(taken.front());
  }

  // Seven bits a byte, the highest first; the last one is marked.
  std::size_t number() {
    std::size_t number = 0;
    for (;;) {
      const unsigned next = byte();
      if (bad_ || number > (std::numeric_limits<std::size_t>::max() >> 7)) {
        bad_ = true;
        return 0;
      }
      number = number << 7 | (next & 0x7f);
      if ((next & 0x80) != 0) return number;
    }
  }

  // How many things of at least one byte follow.
  std::size_t count() {
    const std::size_t count = number();
    if (count > left_.size()) bad_ = true;
    return bad_ ? 0 : count;
  }

  std::string_view text() {
    const std::size_t size = number();
    return size == 0 ? std::string_view() : take(size - 1);
  }

 private:
  std::string_view left_;
  bool bad_ = false;
};

class ChunkReader {
 public:
  explicit ChunkReader(std::string_view bytes) : from_(bytes) {}

  std::optional<CompiledFunction> read() {
    if (!header()) return std::nullopt;
    CompiledFunction main = function();
    if (from_.bad()) return std::nullopt;
    return main;
  }

 private:
  bool header() {
    if (from_.take(kHeader.size()) != kHeader) return false;
    if (from_.byte() != 0 || from_.take(kData.size()) != kData) return false;
    if (from_.byte() != sizeof(std::uint32_t)) return false;
    integer_size_ = from_.byte();
    float_size_ = from_.byte();
    from_.take(integer_size_ + float_size_);  // a sample of each
    from_.byte();                             // upvalues of the main function
    return !from_.bad();
  }

  CompiledFunction function() {
    CompiledFunction made;
    from_.text();  // the name of the file
    const auto first_line = static_cast<int>(from_.number());
    from_.number();  // the last line
    from_.take(3);   // parameters, whether there are more, size of the stack
    made.code.resize(from_.count());
    for (std::uint32_t& instruction : made.code) {
      const auto bytes = from_.take(sizeof instruction);
      if (!bytes.empty()) std::memcpy(&instruction, bytes.data(), sizeof instruction);
    }
    constants(made);
    for (std::size_t left = from_.count(); left > 0; --left) {
      const bool of_stack = from_.byte() != 0;
      made.upvalues.push_back({of_stack, static_cast<std::uint8_t>(from_.byte())});
      from_.byte();  // its kind
    }
    for (std::size_t left = from_.count(); left > 0 && !from_.bad(); --left)
      made.inner.push_back(function());
    lines(made, first_line);
    names();
    return made;
  }

  void constants(CompiledFunction& made) {
    for (std::size_t left = from_.count(); left > 0 && !from_.bad(); --left) {
      const unsigned kind = from_.byte();
      std::optional<std::string> text;
      if (kind == kShortText || kind == kLongText) text = std::string(from_.text());
      if (kind == kInteger) from_.take(integer_size_);
      if (kind == kFloat) from_.take(float_size_);
      made.constants.push_back(std::move(text));
    }
  }

  // Steps from line to line; now and then, and where a step is too long, the line itself.
  void lines(CompiledFunction& made, int line) {
    const auto steps = from_.take(from_.count());
    std::vector<std::pair<std::size_t, int>> absolute(from_.count());
    for (auto& [at, its_line] : absolute) {
      at = from_.number();
      its_line = static_cast<int>(from_.number());
    }
    auto next = absolute.begin();
    for (std::size_t at = 0; at < made.code.size(); ++at) {
      const auto step = at < steps.size() ? static_cast<std::int8_t>(steps[at]) : std::int8_t{0};
      while (next != absolute.end() && next->first < at) ++next;
      if (step == kAbsoluteLine && next != absolute.end()) {
        line = next->second;
      } else {
        line += step;
      }
      made.lines.push_back(line);
    }
  }

  // Names of local variables and upvalues, for debuggers.
  void names() {
    for (std::size_t left = from_.count(); left > 0 && !from_.bad(); --left) {
      from_.text();
      from_.number();
      from_.number();
    }
    for (std::size_t left = from_.count(); left > 0 && !from_.bad(); --left) from_.text();
  }

  Reader from_;
  std::size_t integer_size_ = 0;
  std::size_t float_size_ = 0;
};

}  // namespace

std::optional<CompiledFunction> read_chunk(std::string_view bytes) {
  return ChunkReader(bytes).read();
}

}  // namespace snapcore
