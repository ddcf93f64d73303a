// Makes the bucket `key` of a store by what a client does to it.
#pragma once

#include <cstdint>
#include <format/protobuf.hpp>
#include <format/revision.hpp>
#include <map>
#include <string>
#include <utility>

#include "bolt_file.hpp"

namespace etcd::test {

class History {
 public:
  std::int64_t put(const std::string& key, const std::string& value, std::uint64_t lease = 0) {
    KeyState& state = keys_[key];
    ++revision_;
    if (state.version == 0) state.created = revision_;
    ++state.version;
    std::string message;
    protobuf::append_field(message, 1, key);
    protobuf::append_field(message, 2, static_cast<std::uint64_t>(state.created));
    protobuf::append_field(message, 3, static_cast<std::uint64_t>(revision_));
    protobuf::append_field(message, 4, static_cast<std::uint64_t>(state.version));
    if (!value.empty()) protobuf::append_field(message, 5, value);
    if (lease != 0) protobuf::append_field(message, 6, lease);
    entries_.push_back({encode_revision({revision_, 0}), message, false});
    return revision_;
  }

  std::int64_t remove(const std::string& key) {
    keys_.erase(key);
    ++revision_;
    std::string message;
    protobuf::append_field(message, 1, key);
    entries_.push_back({encode_revision({revision_, 0}) + "t", message, false});
    return revision_;
  }

  // What a revision bump of a restore leaves.
  std::int64_t bump(std::int64_t by) {
    revision_ += by;
    entries_.push_back({encode_revision({revision_, 0}), "", false});
    return revision_;
  }

  EtcdContent content(std::int64_t compacted = 0) const {
    EtcdContent content = etcd_content(0);
    content.alarm.clear();
    content.key = entries_;
    for (bolt::NewEntry& entry : content.meta) {
      if (entry.key.ends_with("CompactRev")) entry.value = encode_revision({compacted, 0});
    }
    if (compacted == 0) {
      std::erase_if(content.meta, [](const auto& entry) { return entry.key.ends_with("Rev"); });
    }
    return content;
  }

 private:
  struct KeyState {
    std::int64_t created = 0;
    std::int64_t version = 0;
  };
  std::map<std::string, KeyState> keys_;
  std::vector<bolt::NewEntry> entries_;
  std::int64_t revision_ = 1;
};

// A Kubernetes object in its envelope; the rest of it is `status`.
inline std::string envelope(const std::string& api_version, const std::string& kind,
                            const std::string& name_space, const std::string& name,
                            const std::string& status = "") {
  std::string type, metadata, object, unknown;
  protobuf::append_field(type, 1, api_version);
  protobuf::append_field(type, 2, kind);
  protobuf::append_field(metadata, 1, name);
  protobuf::append_field(metadata, 3, name_space);
  protobuf::append_field(object, 1, metadata);
  protobuf::append_field(object, 3, status);
  protobuf::append_field(unknown, 1, type);
  protobuf::append_field(unknown, 2, object);
  return std::string("k8s\0", 4) + unknown;
}

}  // namespace etcd::test
