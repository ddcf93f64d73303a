// What stands in each of etcd's buckets, entry by entry. Part of snapshot.hpp's examine().
#pragma once

#include <format/bolt.hpp>
#include <format/key_table.hpp>
#include <format/snapshot.hpp>
#include <string_view>

namespace etcd {

// Takes the entries of one bucket, in order. The answer is empty, or says what is wrong with the
// entry.
class BucketReader {
 public:
  explicit BucketReader(Examined& examined) : examined_(&examined) {}

  void begin(std::string_view bucket);
  std::string take(const bolt::LeafElement& entry);

 private:
  using Taker = std::string (BucketReader::*)(Bytes key, Bytes value);

  std::string take_revision(Bytes key, Bytes value);
  std::string take_meta(Bytes key, Bytes value);
  std::string take_member(Bytes key, Bytes value);
  std::string take_removed_member(Bytes key, Bytes value);
  std::string take_cluster(Bytes key, Bytes value);
  std::string take_lease(Bytes key, Bytes value);
  std::string take_alarm(Bytes key, Bytes value);
  std::string take_auth(Bytes key, Bytes value);
  std::string take_user(Bytes key, Bytes value);
  std::string take_role(Bytes key, Bytes value);
  std::string take_any(Bytes key, Bytes value);
  void count_key(std::string_view key, bool alive);

  Examined* examined_;
  Taker taker_ = &BucketReader::take_any;
  Revision last_;
  KeyTable keys_;
};

}  // namespace etcd
