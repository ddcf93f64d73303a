// Random access over something that is read in pieces: whole blocks are fetched and the latest are
// kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <snapcore/error.hpp>
#include <span>
#include <vector>

namespace snapcore {

class PieceCache {
 public:
  static constexpr std::size_t kBlock = std::size_t{1} << 20;
  static constexpr std::size_t kBlocks = 16;
  using ReadPiece =
      std::function<Result<std::size_t>(std::uint64_t offset, std::span<std::byte> into)>;

  explicit PieceCache(ReadPiece read_piece) : read_piece_(std::move(read_piece)) {}

  // 0 at and after the end; may give less than asked for.
  Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> into);

 private:
  struct Block {
    std::uint64_t number = 0;
    std::vector<std::byte> bytes;  // shorter than kBlock only at the end
  };
  Result<const Block*> fetch(std::uint64_t number);

  ReadPiece read_piece_;
  std::list<Block> latest_first_;
};

}  // namespace snapcore
