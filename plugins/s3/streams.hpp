// A piece of an object that comes in by a stream of its own, while somebody reads what lies before
// it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <snapcore/error.hpp>
#include <string>
#include <string_view>

#include "beside.hpp"
#include "store.hpp"

namespace s3 {

// What every answer must say, so that all pieces are of one object.
struct Pin {
  std::optional<std::string> etag = {};
  std::uint64_t total = 0;
};

// It has neither patience nor words for an error: whatever does not go as it should ends the piece
// early, and whoever reads asks for the rest by the ordinary way.
class Stream {
 public:
  // So much memory does each take.
  static constexpr std::uint64_t kRoom = std::uint64_t{8} << 20;

  explicit Stream(const Session& session) : session_(session), room_(new char[kRoom]) {}

  // `ask` asks for the bytes from `from` up to `to`: no more than kRoom, and all that was asked for
  // before has been taken.
  void start(Ask ask, Session::Signing signing, std::uint64_t from, std::uint64_t to, Pin pin);
  // Breaks off what is on its way; the destructor waits for that, too.
  void stop() {
    if (work_) work_->stop();
  }
  std::uint64_t to() const { return to_; }

  // Waits for bytes behind those that it gave before; none: no more come. `going` is asked before,
  // and now and then while nothing comes.
  snapcore::Result<std::string_view> next(const std::function<snapcore::Result<>()>& going);

  // After the last: the store wants to be asked for less.
  bool was_too_much() const { return too_much_; }

 private:
  using Work = Beside<void>;
  void bring(Ask ask, Session::Signing signing, const Pin& pin, const Work::Stopped& stopped);
  bool fits(const http::Response& head, const Pin& pin) const;
  bool take(std::string_view piece);
  void end(bool too_much);

  const Session& session_;
  const std::unique_ptr<char[]> room_;
  std::uint64_t from_ = 0;
  std::uint64_t to_ = 0;
  std::mutex mutex_;  // of what follows
  std::condition_variable changed_;
  std::size_t filled_ = 0;
  std::size_t taken_ = 0;
  bool ended_ = true;
  bool too_much_ = false;
  std::optional<Work> work_;  // goes first
};

}  // namespace s3
