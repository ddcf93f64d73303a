#include "cli/last_line.hpp"

#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <thread>

namespace snapcore {
namespace {

// A lock that a signal handler may try, which a mutex is not.
std::atomic<bool> writing = false;
std::atomic<bool> owed = false;
static_assert(std::atomic<bool>::is_always_lock_free);

constexpr int kTries = 100;  // of a millisecond

bool claimed() { return !writing.exchange(true, std::memory_order_acquire); }

}  // namespace

WholeLine::WholeLine() {
  while (!claimed()) std::this_thread::yield();
}
WholeLine::~WholeLine() { writing.store(false, std::memory_order_release); }

void owe_last_line() { owed = true; }
void last_line_is_told() { owed = false; }

void tell_last_line(int descriptor, std::string_view line) {
  if (!owed) return;
  int tries = kTries;
  while (!claimed()) {
    if (--tries == 0) return;
    poll(nullptr, 0, 1);
  }
  // Never given back: the process ends, and what others still want to say has nobody to hear it.
  pollfd ready{.fd = descriptor, .events = POLLOUT, .revents = 0};
  if (!owed || poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0) return;
  owed = false;
  [[maybe_unused]] const auto told = write(descriptor, line.data(), line.size());
}

}  // namespace snapcore
