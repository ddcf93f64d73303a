// The keys of a database file as of any revision it still holds.
#pragma once

#include <cstdint>
#include <format/bolt_backward.hpp>
#include <format/key_value.hpp>
#include <format/revision.hpp>
#include <optional>
#include <string>

namespace etcd {

// What stands under one revision. Everything points into the file's bytes or the page that was
// fetched last.
struct Change {
  RevisionKey at;
  std::string_view key;
  Bytes name;     // the entry as it stands in the file: the revision,
  Bytes message;  // and the key with its value
};

class KeySpace {
 public:
  // Reads what the bucket `meta` says of compactions and where the history ends. `name` is what
  // messages call the file. Errors are those of examine(), snapshot.hpp.
  static Result<KeySpace> open(const FileBytes& file, std::string name);

  const std::string& name() const { return name_; }
  const bolt::Database& database() const { return database_; }
  const bolt::Bucket& bucket() const { return bucket_; }

  // A server that starts from this file is at this revision.
  std::int64_t revision() const { return revision_; }
  // History before it is gone, or may be; 0 when nothing was ever compacted.
  std::int64_t compacted() const { return compacted_; }

  // The wanted revision, or the last one. "etcd.revision_compacted" or "etcd.revision_in_future",
  // with what the file holds.
  Result<std::int64_t> choose(std::optional<std::int64_t> wanted) const;

  // Splits an entry of bucket `key`. "etcd.snapshot_damaged".
  Result<> read(const bolt::LeafElement& entry, Change& change) const;
  // All of its message; a deletion has a key alone. "etcd.snapshot_damaged".
  Result<KeyValue> decode(const Change& change) const;
  // "etcd.snapshot_damaged" of this file; `where` says what and where.
  snapcore::Error damaged(const std::string& where) const;
  // The same of what ended a walk through one of its buckets.
  snapcore::Error damaged_in(std::string_view bucket, const snapcore::Error& page) const;

 private:
  KeySpace(bolt::Database database, std::string name)
      : database_(std::move(database)), name_(std::move(name)) {}
  Result<> read_compactions();
  Result<> find_revision();

  bolt::Database database_;
  std::string name_;
  bolt::Bucket bucket_;
  std::int64_t revision_ = 1;
  std::int64_t compacted_ = 0;
};

// Goes through the changes up to a revision, the newest first.
//
//   NewestFirst changes(space, revision);
//   for (Change change; changes.next(change);) ...
//   if (changes.problem()) return fail(*changes.problem());
class NewestFirst {
 public:
  NewestFirst(const KeySpace& space, std::int64_t revision);
  bool next(Change& change);
  const std::optional<snapcore::Error>& problem() const { return problem_; }

 private:
  const KeySpace& space_;
  bolt::BackwardCursor cursor_;
  std::optional<snapcore::Error> problem_;
};

}  // namespace etcd
