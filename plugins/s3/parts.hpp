// The parts of an upload, several of them under way at the same time.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "beside.hpp"
#include "store.hpp"

namespace s3 {

// What is still under way when they go is broken off.
class Parts {
 public:
  Parts(Session& session, std::string key, std::string upload)
      : session_(&session), key_(std::move(key)), upload_(std::move(upload)) {}

  // Of an upload that an earlier attempt began: what the store has is not sent again.
  snapcore::Result<> load();
  // Of a new upload: which digests its parts travel with.
  snapcore::Result<> find_out_about_digests();

  std::size_t under_way() const { return under_way_.size(); }
  // Sends the next part on a thread of its own.
  snapcore::Result<> begin(std::string bytes);
  // Waits for the part that was begun first, and sends it again where that helps: its bytes, which
  // are not needed any more.
  snapcore::Result<std::string> end();
  // True when there was any to break off.
  bool break_off();

  // Of those that were ended, in their order.
  const std::vector<std::string>& etags() const { return etags_; }

 private:
  struct Kept {
    std::uint64_t size = 0;
    std::string etag = {};
  };
  // What a thread made of a part.
  struct Sent {
    Ask ask;
    std::string etag = {};                   // of a part that the store has
    std::optional<Session::Try> tried = {};  // of any other
  };
  Ask ask_for(std::size_t number, std::string bytes) const;
  snapcore::Result<std::string> etag_of(Sent& sent);

  Session* session_;
  std::string key_;
  std::string upload_;
  std::map<std::size_t, Kept> kept_;  // by number
  std::vector<std::string> etags_;
  bool with_md5_ = true;
  std::deque<Beside<Sent>> under_way_;  // those behind etags_
};

}  // namespace s3
