// The core in the middle of every stream.
//
// Source and target run on threads of their own; between them stands a bounded pipe, so that
// neither knows the other and memory stays the same whatever the size. What passes is counted and
// hashed here.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <snapcore/error.hpp>
#include <string>

#include "plugin/host.hpp"

namespace snapcore {

// What has passed through a stream so far: a prefix given by rehash(), then what was read.
struct Passed {
  std::uint64_t bytes = 0;
  std::string sha256;     // hex, of the whole stream once `complete`, else ""
  bool complete = false;  // the producer ended normally and everything was read
  bool borrowed = false;  // the reader has the file itself: what it reads there is not counted
};

// Runs `produce` on a thread of its own, started by the first read(); it writes into the pipe, and
// its error reaches the reader in place of the end. The destructor closes the pipe (further writes
// of the producer fail with "stream.closed") and waits for the thread.
class ProducedStream final : public InputStream {
 public:
  using Produce = std::function<Result<>(OutputStream& out)>;
  // Reads a piece for read_at; may be empty. Gives the bytes it read, less than asked for only at
  // the end.
  using ReadPiece =
      std::function<Result<std::size_t>(std::uint64_t offset, std::span<std::byte> into)>;

  // Asks the source for a descriptor of its file, for the caller to close; -1: it offers none.
  using AskFile = std::function<Result<int>()>;

  ProducedStream(Produce produce, std::optional<std::uint64_t> size, ReadPiece read_piece = {},
                 AskFile ask_file = {});
  ~ProducedStream() override;

  Result<std::size_t> read(std::span<std::byte> into) override;
  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) override;
  std::optional<std::uint64_t> size() const override;
  Result<std::optional<SharedFile>> file() override;
  // "stream.already_read" after the first read().
  Result<> rehash(std::span<const std::byte> prefix) override;
  // "stream.already_read" after the first byte.
  Result<bool> keep_digest(std::uint64_t size) override;
  std::optional<StreamDigest> kept_digest() const override;

  // From any thread.
  Passed passed() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace snapcore
