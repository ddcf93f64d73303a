#include "format/pieces.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <semaphore>
#include <system_error>
#include <thread>

namespace etcd {
namespace {

constexpr std::uint64_t kPiece = std::uint64_t{1} << 20;

struct Range {
  const FileBytes& file;
  std::uint64_t at;
  std::uint64_t to;

  // Nothing at the end.
  std::string_view next(Room& room, Bytes& piece) {
    piece = {};
    if (at >= to) return {};
    const auto problem =
        file.fetch(at, static_cast<std::size_t>(std::min(kPiece, to - at)), room, piece);
    at += piece.size();
    return problem;
  }
};

std::string_view in_turn(Range range, const std::atomic<bool>& stopped,
                         const std::function<void(Bytes)>& take) {
  Room room;
  while (!stopped) {
    Bytes piece;
    if (const auto problem = range.next(room, piece); !problem.empty()) return problem;
    if (piece.empty()) break;
    take(piece);
  }
  return {};
}

// Two pieces go back and forth between the reader and the taker.
class ReadAhead {
 public:
  explicit ReadAhead(Range range) : range_(range), reader_([this] { read(); }) {}
  ~ReadAhead() {
    ended_ = true;
    for (Piece& piece : pieces_) piece.empty.release();
    reader_.join();
  }
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  std::string_view hand_over(const std::atomic<bool>& stopped,
                             const std::function<void(Bytes)>& take) {
    for (std::size_t i = 0; !stopped; i = 1 - i) {
      Piece& piece = pieces_[i];
      piece.full.acquire();
      if (piece.bytes.empty() || !piece.problem.empty()) return piece.problem;
      take(piece.bytes);
      piece.empty.release();
    }
    return {};
  }

 private:
  struct Piece {
    std::counting_semaphore<2> empty{1};  // and once more at the end
    std::binary_semaphore full{0};
    Room room;
    Bytes bytes;
    std::string_view problem;
  };

  void read() {
    for (std::size_t i = 0;; i = 1 - i) {
      Piece& piece = pieces_[i];
      piece.empty.acquire();
      if (ended_) return;
      piece.problem = range_.next(piece.room, piece.bytes);
      const bool last = piece.bytes.empty() || !piece.problem.empty();
      piece.full.release();
      if (last) return;
    }
  }

  Range range_;
  std::array<Piece, 2> pieces_;
  std::atomic<bool> ended_ = false;
  std::thread reader_;
};

}  // namespace

std::string_view in_pieces(const FileBytes& file, std::uint64_t from, std::uint64_t to,
                           const std::atomic<bool>& stopped,
                           const std::function<void(Bytes)>& take) {
  const Range range{file, from, to};
  const bool is_worth_a_thread = file.memory().empty() && to > from && to - from > kPiece;
  if (!is_worth_a_thread) return in_turn(range, stopped, take);
  std::optional<ReadAhead> ahead;
  try {
    ahead.emplace(range);
  } catch (const std::system_error&) {
    return in_turn(range, stopped, take);  // no thread to be had
  }
  return ahead->hand_over(stopped, take);
}

}  // namespace etcd
