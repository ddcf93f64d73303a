// How an object comes to be: at once, or in parts that become visible together.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "parts.hpp"
#include "reading.hpp"

namespace s3 {

// What is said of the new object beside its bytes.
struct NewObject {
  std::string key = {};
  std::string mark = {};  // by which we know it again
  std::optional<std::string> content_type = {};
  std::map<std::string, std::string> metadata = {};
  std::optional<std::string> if_match = {};
  bool if_absent = false;
};

// As its 16 bytes; empty where a policy of this machine forbids MD5.
std::string md5(std::string_view bytes);

// The answer is the new object as the store has it: exactly the version that was written. When the
// answer to a write is lost, the store is asked whether it happened. "s3.changed" when a condition
// does not hold.
snapcore::Result<Found> put_whole(Session& session, const NewObject& object, std::string bytes);

// An upload in parts. Nothing is visible before complete().
class Upload {
 public:
  static snapcore::Result<Upload> begin(Session& session, const NewObject& object);
  // One that an earlier attempt began.
  static snapcore::Result<Upload> go_on(Session& session, const NewObject& object,
                                        const std::string& id);

  const std::string& id() const { return id_; }
  Parts& parts() { return parts_; }
  // Of the parts that were sent.
  snapcore::Result<Found> complete();
  // What is not there any more is fine.
  static snapcore::Result<> abort(Session& session, const std::string& key, const std::string& id);

 private:
  Upload(Session& session, NewObject object, std::string id)
      : session_(&session),
        object_(std::move(object)),
        id_(std::move(id)),
        parts_(session, object_.key, id_) {}

  Session* session_;
  NewObject object_;
  std::string id_;
  Parts parts_;
};

// Makes a version the newest again. "s3.changed" when it is not the one that was meant.
snapcore::Result<Found> copy_version(Session& session, const NewObject& object,
                                     const Found& version);

// Removes exactly this version; of a store without versions what the key stands for. "s3.protected"
// when the store has to keep it.
snapcore::Result<> remove_version(Session& session, const std::string& key,
                                  const std::optional<std::string>& version_id);

}  // namespace s3
