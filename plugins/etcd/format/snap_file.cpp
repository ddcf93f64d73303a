#include "format/snap_file.hpp"

#include <format/crc32c.hpp>
#include <format/go_json.hpp>
#include <format/protobuf.hpp>
#include <format/wal.hpp>
#include <map>

namespace etcd::snap {
namespace {

using protobuf::append_field;
using protobuf::FieldReader;
using snapcore::fail;

constexpr std::size_t kHistory = 1000;  // events the v2 store remembers

std::string hex16(std::uint64_t number) {
  std::string text = id_text(number);
  text.insert(0, 16 - text.size(), '0');
  return text;
}

std::string quoted(std::string_view text) {
  std::string json;
  append_go_json(json, text);
  return json;
}

std::string attributes_path(const Member& member) {
  return "/0/members/" + id_text(member.id) + "/raftAttributes";
}

// {"peerURLs":[...]}, quoted once more: it is the text value of a node.
std::string attributes(const Member& member) {
  std::string json = "{\"peerURLs\":[";
  for (std::size_t i = 0; i < member.peer_urls.size(); ++i) {
    if (i > 0) json += ',';
    append_go_json(json, member.peer_urls[i]);
  }
  json += "]}";
  return quoted(json);
}

std::string node(std::string_view path, std::uint64_t index, std::string_view value,
                 std::string_view children) {
  const std::string number = std::to_string(index);
  return "{\"Path\":" + quoted(path) + ",\"CreatedIndex\":" + number +
         ",\"ModifiedIndex\":" + number +
         ",\"ExpireTime\":\"0001-01-01T00:00:00Z\",\"Value\":" + std::string(value) +
         ",\"Children\":" + std::string(children) + "}";
}

// Nodes created in the order of the ids, listed in the order of their names.
std::string tree(const Cluster& cluster) {
  std::map<std::string, std::string> by_name;
  std::uint64_t index = 0;
  for (const Member& member : cluster.members) {
    ++index;
    const std::string leaf = node(attributes_path(member), index, attributes(member), "null");
    by_name[id_text(member.id)] = node("/0/members/" + id_text(member.id), index, "\"\"",
                                       "{\"raftAttributes\":" + leaf + "}");
  }
  std::string children;
  for (const auto& [name, child] : by_name) {
    children += (children.empty() ? "{" : ",") + quoted(name) + ":" + child;
  }
  const std::string members = node("/0/members", 1, "\"\"", children + "}");
  return node("/", 0, "\"\"",
              "{\"0\":" + node("/0", 0, "\"\"", "{\"members\":" + members + "}") +
                  ",\"1\":" + node("/1", 0, "\"\"", "{}") + "}");
}

std::string history(const Cluster& cluster) {
  const std::size_t count = cluster.members.size();
  std::string events;
  for (std::size_t i = 0; i < kHistory; ++i) {
    if (i > 0) events += ',';
    if (i >= count) {
      events += "null";
      continue;
    }
    const Member& member = cluster.members[i];
    const std::string index = std::to_string(i + 1);
    events += "{\"action\":\"create\",\"node\":{\"key\":" + quoted(attributes_path(member)) +
              ",\"value\":" + attributes(member) + ",\"modifiedIndex\":" + index +
              ",\"createdIndex\":" + index + "}}";
  }
  const std::string size = std::to_string(count);
  return "{\"EventHistory\":{\"Queue\":{\"Events\":[" + events + "],\"Size\":" + size +
         ",\"Front\":0,\"Back\":" + size + ",\"Capacity\":" + std::to_string(kHistory) +
         "},\"StartIndex\":1,\"LastIndex\":" + size + "}}";
}

std::string stats(const Cluster& cluster) {
  return "{\"getsSuccess\":0,\"getsFail\":0,\"setsSuccess\":0,\"setsFail\":0,\"deleteSuccess\":0,"
         "\"deleteFail\":0,\"updateSuccess\":0,\"updateFail\":0,\"createSuccess\":" +
         std::to_string(cluster.members.size()) +
         ",\"createFail\":0,\"compareAndSwapSuccess\":0,\"compareAndSwapFail\":0,"
         "\"compareAndDeleteSuccess\":0,\"compareAndDeleteFail\":0,\"expireCount\":0,"
         "\"watchers\":0}";
}

std::string store(const Cluster& cluster) {
  return "{\"Root\":" + tree(cluster) + ",\"WatcherHub\":" + history(cluster) +
         ",\"CurrentIndex\":" + std::to_string(cluster.members.size()) +
         ",\"Stats\":" + stats(cluster) + ",\"CurrentVersion\":2}";
}

snapcore::Error damaged(std::string_view message) {
  return {.code = "etcd.snap_damaged",
          .message = "snap file: " + std::string(message),
          .category = snapcore::Category::kCorrupt};
}

}  // namespace

std::string file_name(const Cluster& cluster) {
  return hex16(1) + "-" + hex16(cluster.members.size()) + ".snap";
}

std::string file_content(const Cluster& cluster) {
  std::string metadata;
  append_field(metadata, 1, wal::conf_state(cluster));
  append_field(metadata, 2, std::uint64_t{cluster.members.size()});
  append_field(metadata, 3, std::uint64_t{1});
  std::string snapshot;
  append_field(snapshot, 1, store(cluster));
  append_field(snapshot, 2, metadata);
  std::string file;
  append_field(file, 1, std::uint64_t{crc32c(0, bytes_of(snapshot))});
  append_field(file, 2, snapshot);
  return file;
}

Result<SnapFile> read(Bytes file) {
  std::uint64_t crc = 0;
  Bytes snapshot;
  FieldReader outer(file);
  while (outer.next()) {
    if (outer.number() == 1) crc = outer.varint();
    if (outer.number() == 2) snapshot = outer.bytes();
  }
  if (!outer.problem().empty()) return fail(damaged(outer.problem()));
  if (snapshot.empty() || crc != crc32c(0, snapshot)) {
    return fail(damaged("the checksum does not fit"));
  }
  SnapFile read;
  Bytes metadata;
  FieldReader inner(snapshot);
  while (inner.next()) {
    if (inner.number() == 1) read.store = inner.text();
    if (inner.number() == 2) metadata = inner.bytes();
  }
  Bytes state;
  FieldReader about(metadata);
  while (about.next()) {
    if (about.number() == 1) state = about.bytes();
    if (about.number() == 2) read.index = about.varint();
    if (about.number() == 3) read.term = about.varint();
  }
  FieldReader voters(state);
  while (voters.next()) {
    if (voters.number() == 1) read.voters.push_back(voters.varint());
  }
  for (const FieldReader* reader : {&inner, &about, &voters}) {
    if (!reader->problem().empty()) return fail(damaged(reader->problem()));
  }
  return read;
}

}  // namespace etcd::snap
