#include "plugin/pipe.hpp"

#include <algorithm>
#include <cstring>

namespace snapcore {
namespace {

Error closed() {
  return {.code = "stream.closed",
          .message = "the reader has stopped reading",
          .category = Category::kTransient};
}

}  // namespace

Pipe::Pipe() : ring_(new std::byte[kCapacity]) {}

Result<> Pipe::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    std::size_t at = 0;
    std::size_t size = 0;
    {
      std::unique_lock lock(mutex_);
      room_.wait(lock, [&] { return closed_ || filled() < kCapacity; });
      if (closed_) return fail(closed());
      at = static_cast<std::size_t>(written_ % kCapacity);
      size = std::min({bytes.size(), kCapacity - filled(), kCapacity - at, kPiece});
    }
    std::memcpy(ring_.get() + at, bytes.data(), size);
    bool held = false;
    {
      const std::lock_guard lock(mutex_);
      written_ += size;
      held = holds_back_;
      if (!held) through_ = written_;
    }
    (held ? held_ : readable_).notify_one();
    bytes = bytes.subspan(size);
  }
  return {};
}

void Pipe::hold_back(bool whether) {
  const std::lock_guard lock(mutex_);
  holds_back_ = whether;
}

std::span<const std::byte> Pipe::held() {
  std::unique_lock lock(mutex_);
  held_.wait(lock, [&] { return written_ > through_ || no_more_ || closed_; });
  if (closed_) return {};
  const auto at = static_cast<std::size_t>(through_ % kCapacity);
  const auto size = static_cast<std::size_t>(written_ - through_);
  return std::span(ring_.get() + at, std::min({size, kCapacity - at, kPiece}));
}

void Pipe::let_through(std::size_t size) {
  {
    const std::lock_guard lock(mutex_);
    through_ += size;
  }
  readable_.notify_one();
}

void Pipe::no_more() {
  {
    const std::lock_guard lock(mutex_);
    no_more_ = true;
  }
  tell_all();
}

void Pipe::end(Result<> how) {
  {
    const std::lock_guard lock(mutex_);
    if (!ended_) ended_ = std::move(how);
  }
  tell_all();
}

Result<std::size_t> Pipe::read(std::span<std::byte> into) {
  if (into.empty()) return 0;
  std::size_t at = 0;
  std::size_t size = 0;
  {
    std::unique_lock lock(mutex_);
    readable_.wait(lock, [&] { return readable() > 0 || ended_; });
    if (readable() == 0) {
      if (!*ended_) return fail(ended_->error());
      return 0;
    }
    at = static_cast<std::size_t>(read_ % kCapacity);
    size = std::min({into.size(), readable(), kCapacity - at, kPiece});
  }
  std::memcpy(into.data(), ring_.get() + at, size);
  {
    const std::lock_guard lock(mutex_);
    read_ += size;
  }
  room_.notify_one();
  return size;
}

void Pipe::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  tell_all();
}

void Pipe::tell_all() {
  for (std::condition_variable* waits : {&room_, &held_, &readable_}) waits->notify_all();
}

bool Pipe::complete() const {
  const std::lock_guard lock(mutex_);
  return ended_ && *ended_ && filled() == 0;
}

std::uint64_t Pipe::bytes_read() const {
  const std::lock_guard lock(mutex_);
  return read_;
}

}  // namespace snapcore
