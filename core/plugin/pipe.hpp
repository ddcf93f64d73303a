// A bounded pipe between two threads: one writes, one reads, and neither knows the other. A third
// may look at what passes before the reader gets it.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <snapcore/error.hpp>
#include <span>

namespace snapcore {

// Memory is one ring, whatever passes. Any function may be called from any thread, but only one
// thread at a time writes, only one looks and only one reads.
class Pipe {
 public:
  static constexpr std::size_t kCapacity = std::size_t{1} << 20;
  static constexpr std::size_t kPiece =
      kCapacity / 4;  // moved at once, so that both sides stay busy

  Pipe();

  // Takes all bytes, or fails: "stream.closed" once the reader has gone. Waits while the ring is
  // full.
  Result<> write(std::span<const std::byte> bytes);
  // Whether the reader gets only what was let through. Before the first byte.
  void hold_back(bool whether);
  // Waits for bytes that are held back, and shows some; none: the writer has said that there are no
  // more, or the reader has gone.
  std::span<const std::byte> held();
  // That many of the bytes that held() showed.
  void let_through(std::size_t size);
  // The writer writes no more, and has not ended yet: what is held back can still fail it.
  void no_more();

  // The writer has ended, well or with an error that the reader gets after the last byte. The first
  // end counts.
  void end(Result<> how);

  // Waits for at least one byte; 0 at a good end, the writer's error after a bad one.
  Result<std::size_t> read(std::span<std::byte> into);
  // The reader has gone.
  void close();

  // The writer ended well and every byte was read.
  bool complete() const;
  std::uint64_t bytes_read() const;

 private:
  std::size_t filled() const { return static_cast<std::size_t>(written_ - read_); }
  std::size_t readable() const { return static_cast<std::size_t>(through_ - read_); }

  void tell_all();

  // Ring positions only move under the mutex; the bytes between them belong to who looks and to the
  // reader, the others to the writer, so that copying needs no lock.
  const std::unique_ptr<std::byte[]> ring_;
  mutable std::mutex mutex_;
  // One for each side: what happens at every piece wakes nobody whom it does not concern.
  std::condition_variable room_;      // the writer waits
  std::condition_variable held_;      // who looks waits
  std::condition_variable readable_;  // the reader waits
  std::uint64_t written_ = 0;
  std::uint64_t through_ = 0;
  std::uint64_t read_ = 0;
  bool holds_back_ = false;
  bool no_more_ = false;
  std::optional<Result<>> ended_;
  bool closed_ = false;
};

}  // namespace snapcore
