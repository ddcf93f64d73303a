#include "bolt_file.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <format/protobuf.hpp>
#include <format/revision.hpp>

namespace etcd::test {

TemporaryFile::TemporaryFile(std::string_view bytes) : fd_(::memfd_create("test", MFD_CLOEXEC)) {
  if (fd_ < 0 || ::write(fd_, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
    std::abort();
}

TemporaryFile::~TemporaryFile() { ::close(fd_); }

void TemporaryFile::cut(std::size_t size) const {
  if (::ftruncate(fd_, static_cast<off_t>(size)) != 0) std::abort();
}

namespace {

using bolt::NewEntry;
using protobuf::append_field;

std::string change(std::int64_t revision) {
  std::string message;
  append_field(message, 1, "key/" + std::to_string(revision % 7));
  append_field(message, 2, static_cast<std::uint64_t>(revision));
  append_field(message, 3, static_cast<std::uint64_t>(revision));
  append_field(message, 4, std::uint64_t{1});
  append_field(message, 5, "value " + std::to_string(revision));
  return message;
}

std::string big_endian(std::uint64_t number) {
  std::string bytes;
  append_be(bytes, number);
  return bytes;
}

}  // namespace

EtcdContent etcd_content(int changes, bool later_version) {
  EtcdContent content;
  for (std::int64_t revision = 2; revision < 2 + changes; ++revision) {
    NewEntry entry{encode_revision({revision, 0}), change(revision), false};
    if (revision % 5 == 0) {
      entry.key += 't';
      entry.value.clear();
      append_field(entry.value, 1, "key/" + std::to_string(revision % 7));
    }
    content.key.push_back(entry);
  }
  content.meta.push_back({"consistent_index", big_endian(40), false});
  content.meta.push_back({"finishedCompactRev", encode_revision({1, 0}), false});
  content.meta.push_back({"scheduledCompactRev", encode_revision({1, 0}), false});
  if (later_version) {
    content.meta.insert(content.meta.begin(),
                        {"confState", R"({"voters":[1,2,3],"auto_leave":false})", false});
    content.meta.push_back({"storageVersion", "3.6.0", false});
    content.meta.push_back({"term", big_endian(7), false});
  }
  for (const std::uint64_t id : {std::uint64_t{0xa1}, ~std::uint64_t{0}}) {
    const Member member{.id = id,
                        .name = "old<" + id_text(id) + ">",
                        .peer_urls = {"http://10.0.0.1:" + std::to_string(id % 60000 + 1)},
                        .client_urls = {"http://10.0.0.1:2379"},
                        .is_learner = id == 0xa1};
    content.members.push_back({id_text(id), member_json(member), false});
  }
  content.members_removed.push_back({"b2", "removed", false});
  content.cluster.push_back({"clusterVersion", later_version ? "3.6.0" : "3.4.0", false});
  std::string lease;
  append_field(lease, 1, std::uint64_t{77});
  append_field(lease, 2, std::uint64_t{600});
  content.lease.push_back({big_endian(77), lease, false});
  std::string alarm;
  append_field(alarm, 1, std::uint64_t{0xa1});
  append_field(alarm, 2, std::uint64_t{1});
  content.alarm.push_back({alarm, "", false});
  content.auth.push_back({"authEnabled", std::string(1, '\0'), false});
  content.auth.push_back({"authRevision", big_endian(1), false});
  std::string user;
  append_field(user, 1, "root");
  append_field(user, 2, "$2a$10$secret");
  content.auth_users.push_back({"root", user, false});
  return content;
}

std::string EtcdContent::database() const {
  BoltFile file(page_size);
  std::vector<NewEntry> root;
  const auto add = [&](const char* name, const std::vector<NewEntry>& entries) {
    if (bolt::fits_inline(entries, page_size)) {
      root.push_back({name, bolt::inline_bucket(0, entries), true});
    } else {
      root.push_back({name, bolt::bucket_on_page(file.tree(entries, per_page), 0), true});
    }
  };
  add("alarm", alarm);
  add("auth", auth);
  add("authRoles", auth_roles);
  add("authUsers", auth_users);
  add("cluster", cluster);
  add("key", key);
  file.garbage();
  add("lease", lease);
  add("members", members);
  add("members_removed", members_removed);
  add("meta", meta);
  return file.finish(file.leaf(root));
}

std::string with_digest(std::string database) {
  snapcore::Sha256 hash;
  hash.update(database);
  const auto digest = hash.finish();
  return database.append(text_of(digest));
}

std::string EtcdContent::snapshot() const { return with_digest(database()); }

Cluster example_cluster() {
  const std::vector<InitialMember> members = {{"a", {"http://127.0.0.1:41380"}},
                                              {"b", {"http://127.0.0.1:42380"}},
                                              {"c", {"http://127.0.0.1:43380"}}};
  return make_cluster("newtok", members).value();
}

}  // namespace etcd::test
