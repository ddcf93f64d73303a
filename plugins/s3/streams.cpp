#include "streams.hpp"

#include <chrono>
#include <cstring>
#include <snapcore/support/http_headers.hpp>

#include "answer.hpp"

namespace s3 {

using snapcore::fail;
using snapcore::Result;

namespace {

constexpr std::chrono::milliseconds kGlance(50);

snapcore::Error ended_early() { return {.code = "s3.ended", .message = "the piece ends here"}; }

}  // namespace

void Stream::start(Ask ask, Session::Signing signing, std::uint64_t from, std::uint64_t to,
                   Pin pin) {
  work_.reset();
  from_ = from;
  to_ = to;
  filled_ = taken_ = 0;
  too_much_ = ended_ = false;
  work_.emplace([this, ask = std::move(ask), signing = std::move(signing),
                 pin = std::move(pin)](const Work::Stopped& stopped) mutable {
    bring(std::move(ask), std::move(signing), pin, stopped);
  });
  if (!work_->runs()) end(false);
}

// On the thread.
void Stream::bring(Ask ask, Session::Signing signing, const Pin& pin,
                   const Work::Stopped& stopped) {
  bool too_much = false;
  try {
    ask.on_head = [&](const http::Response& head) -> Result<> {
      if (!fits(head, pin)) return fail(ended_early());
      return {};
    };
    ask.on_body = [&](std::string_view piece) -> Result<> {
      if (stopped() || !take(piece)) return fail(ended_early());
      return {};
    };
    const auto tried = session_.try_once(ask, std::move(signing), stopped);
    too_much = tried.answer && !tried.answer->ok() && may_pass(refusal_of(*tried.answer));
  } catch (const std::exception&) {
    // No memory: what is there is there.
  }
  end(too_much);
}

void Stream::end(bool too_much) {
  {
    const std::lock_guard lock(mutex_);
    too_much_ = too_much;
    ended_ = true;
  }
  changed_.notify_one();
}

bool Stream::fits(const http::Response& head, const Pin& pin) const {
  const auto extent = http::extent(head.header("content-range"));
  return head.status == 206 && extent && extent->first == from_ && extent->total == pin.total &&
         head.header("etag") == pin.etag.value_or("");
}

bool Stream::take(std::string_view piece) {
  const std::size_t at = filled_;  // which this thread alone changes
  if (piece.size() > to_ - from_ - at) return false;
  std::memcpy(room_.get() + at, piece.data(), piece.size());
  {
    const std::lock_guard lock(mutex_);
    filled_ += piece.size();
  }
  changed_.notify_one();
  return true;
}

Result<std::string_view> Stream::next(const std::function<Result<>()>& going) {
  for (;;) {
    if (auto go_on = going(); !go_on) return fail(go_on.error());
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, kGlance, [&] { return filled_ > taken_ || ended_; })) {
      const std::string_view piece(room_.get() + taken_, filled_ - taken_);
      taken_ = filled_;
      return piece;
    }
  }
}

}  // namespace s3
