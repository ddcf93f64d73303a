// Whose turn it is. Of all the threads that work for a run, one at a time runs Lua or the code of
// the engine. It gives its turn away where it only waits: for a plugin, in a sleep, for others to
// end. So what the engine remembers needs no other locks.
#pragma once

#include <condition_variable>
#include <mutex>

namespace snapcore {

class Turns {
 public:
  // `ready` is asked while nobody has the turn, whenever somebody gave it away.
  template <class Ready>
  void take_when(Ready ready) {
    std::unique_lock lock(mutex_);
    given_.wait(lock, [&] { return !taken_ && ready(); });
    taken_ = true;
  }
  void take() {
    take_when([] { return true; });
  }
  void give() {
    {
      const std::lock_guard lock(mutex_);
      taken_ = false;
    }
    given_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable given_;
  bool taken_ = false;
};

// The turn as one line of work has it; the threads that work for it share it.
class Turn {
 public:
  virtual ~Turn() = default;
  virtual void give() = 0;
  virtual void take() = 0;
};

// For as long as it lives others may go on. Of a null turn there are no others.
class TurnGiven {
 public:
  explicit TurnGiven(Turn* turn) : turn_(turn) {
    if (turn_) turn_->give();
  }
  ~TurnGiven() {
    if (turn_) turn_->take();
  }
  TurnGiven(const TurnGiven&) = delete;
  TurnGiven& operator=(const TurnGiven&) = delete;

 private:
  Turn* turn_;
};

// The other way round, for a thread that was started to work for somebody.
class TurnTaken {
 public:
  explicit TurnTaken(Turn* turn) : turn_(turn) {
    if (turn_) turn_->take();
  }
  ~TurnTaken() {
    if (turn_) turn_->give();
  }
  TurnTaken(const TurnTaken&) = delete;
  TurnTaken& operator=(const TurnTaken&) = delete;

 private:
  Turn* turn_;
};

}  // namespace snapcore
