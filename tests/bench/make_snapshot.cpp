// Makes a snapshot as a cluster of Kubernetes leaves it: objects of several kinds and sizes, some
// of them changed a few times, some deleted.
//
//   make_snapshot FILE MEGABYTES [CHANGED_PER_MILLE]
//
// The same arguments make the same file. With CHANGED_PER_MILLE that share of the objects differs
// from the file made without it: half changed, a quarter gone, a quarter new.
#include <algorithm>
#include <cstdlib>
#include <format/bolt_build.hpp>
#include <format/membership.hpp>
#include <format/protobuf.hpp>
#include <format/revision.hpp>
#include <fstream>
#include <iostream>
#include <snapcore/support/digest.hpp>

namespace etcd {
namespace {

using bolt::NewChild;
using bolt::NewEntry;
using protobuf::append_field;

constexpr std::size_t kPageSize = 4096;

// SplitMix64: the same numbers everywhere.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  std::uint64_t roll() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }
  std::uint64_t below(std::uint64_t limit) { return roll() % limit; }

 private:
  std::uint64_t state_;
};

struct Kind {
  const char* resource;
  const char* version;
  const char* kind;
  std::size_t least, most;  // bytes of an object
  int changes;              // revisions of an object that are still in the file, at most
};
constexpr Kind kKinds[] = {
    {"pods", "v1", "Pod", 2500, 7000, 3},
    {"configmaps", "v1", "ConfigMap", 300, 9000, 2},
    {"secrets", "v1", "Secret", 400, 4000, 1},
    {"events", "v1", "Event", 500, 900, 1},
    {"leases", "coordination.k8s.io/v1", "Lease", 250, 350, 8},
    {"replicasets", "apps/v1", "ReplicaSet", 1500, 3000, 2},
    {"endpointslices", "discovery.k8s.io/v1", "EndpointSlice", 600, 2500, 2},
};

std::string filler(Dice& dice, std::size_t size) {
  static constexpr char kLetters[] = "abcdefghijklmnopqrstuvwxyz0123456789-./:{}\" ";
  std::string text(size, '\0');
  for (char& c : text) c = kLetters[dice.below(sizeof kLetters - 1)];
  return text;
}

std::string object(const Kind& kind, const std::string& space, const std::string& name,
                   std::size_t size, Dice& dice) {
  std::string metadata;
  append_field(metadata, 1, name);
  append_field(metadata, 3, space);
  std::string raw;
  append_field(raw, 1, metadata);
  append_field(raw, 2, filler(dice, size));
  std::string type;
  append_field(type, 1, kind.version);
  append_field(type, 2, kind.kind);
  std::string unknown;
  append_field(unknown, 1, type);
  append_field(unknown, 2, raw);
  append_field(unknown, 3, "");
  append_field(unknown, 4, "");
  return std::string("k8s\0", 4) + unknown;
}

// Writes pages in their order and remembers what the pages above need.
class Writer {
 public:
  explicit Writer(const char* path) : out_(path, std::ios::binary | std::ios::trunc) {
    put(std::string(2 * kPageSize, '\0'));
  }

  void append(NewEntry entry) {
    const std::size_t size = bolt::kElementSize + entry.key.size() + entry.value.size();
    if (!entries_.empty() && used_ + size > kPageSize) flush();
    used_ += size;
    entries_.push_back(std::move(entry));
  }

  // The root page of everything appended.
  std::uint64_t finish_tree() {
    flush();
    while (level_.size() > 1) {
      std::vector<NewChild> above;
      constexpr std::size_t kPerPage = 120;
      for (std::size_t i = 0; i < level_.size(); i += kPerPage) {
        const std::span children =
            std::span(level_).subspan(i, std::min(kPerPage, level_.size() - i));
        above.push_back({children.front().key, next_});
        put(bolt::build_branch(next_, children, kPageSize));
      }
      level_ = std::move(above);
    }
    return level_.front().page;
  }

  void finish_file(const std::vector<NewEntry>& root) {
    const std::uint64_t root_page = next_;
    put(bolt::build_leaf(root_page, root, kPageSize));
    bolt::Meta meta{.page_size = kPageSize,
                    .flags = 0,
                    .root = root_page,
                    .sequence = 0,
                    .freelist = bolt::kNoFreelist,
                    .high_water_mark = next_,
                    .transaction = 8};
    out_.seekp(0);
    out_ << bolt::write_meta_page(0, meta);
    meta.transaction = 7;
    out_ << bolt::write_meta_page(1, meta);
    out_.close();
  }

  std::uint64_t bytes() const { return next_ * kPageSize; }

 private:
  void put(const std::string& pages) {
    out_ << pages;
    next_ += pages.size() / kPageSize;
  }

  void flush() {
    if (entries_.empty()) return;
    level_.push_back({entries_.front().key, next_});
    put(bolt::build_leaf(next_, entries_, kPageSize));
    entries_.clear();
    used_ = bolt::kPageHeaderSize;
  }

  std::ofstream out_;
  std::uint64_t next_ = 0;
  std::vector<NewEntry> entries_;
  std::size_t used_ = bolt::kPageHeaderSize;
  std::vector<NewChild> level_;
};

enum class Fate { kSame, kChanged, kGone, kNew };

Fate fate_of(std::uint64_t number, std::uint64_t per_mille) {
  Dice dice(number * 31 + 7);
  if (dice.below(1000) >= per_mille) return Fate::kSame;
  const auto roll = dice.below(4);
  return roll < 2 ? Fate::kChanged : roll == 2 ? Fate::kGone : Fate::kNew;
}

class Maker {
 public:
  Maker(const char* path, std::uint64_t bytes, std::uint64_t per_mille)
      : writer_(path), bytes_(bytes), per_mille_(per_mille) {}

  void run() {
    for (std::uint64_t number = 0; writer_.bytes() < bytes_; ++number) make_object(number);
    std::vector<NewEntry> root;
    const std::uint64_t tree = writer_.finish_tree();
    for (const char* name : {"alarm", "auth", "authRoles", "authUsers"})
      root.push_back({name, bolt::inline_bucket(0, {}), true});
    root.push_back({"cluster",
                    bolt::inline_bucket(0, std::vector<NewEntry>{{"clusterVersion", "3.4.0"}}),
                    true});
    root.push_back({"key", bolt::bucket_on_page(tree, 0), true});
    root.push_back({"lease", bolt::inline_bucket(0, {}), true});
    const Member member{.id = 0xa1,
                        .name = "old",
                        .peer_urls = {"http://127.0.0.1:2380"},
                        .client_urls = {"http://127.0.0.1:2379"}};
    root.push_back(
        {"members",
         bolt::inline_bucket(0, std::vector<NewEntry>{{id_text(member.id), member_json(member)}}),
         true});
    root.push_back({"members_removed", bolt::inline_bucket(0, {}), true});
    std::string index;
    append_be(index, static_cast<std::uint64_t>(revision_));
    const std::string compacted = encode_revision({1, 0});
    root.push_back(
        {"meta",
         bolt::inline_bucket(0, std::vector<NewEntry>{{"consistent_index", index},
                                                      {"finishedCompactRev", compacted},
                                                      {"scheduledCompactRev", compacted}}),
         true});
    writer_.finish_file(root);
    std::cout << objects_ << " objects, " << revisions_ << " revisions, " << writer_.bytes()
              << " bytes\n";
  }

 private:
  void make_object(std::uint64_t number) {
    const Fate fate = fate_of(number, per_mille_);
    Dice dice(number);
    const Kind& kind = kKinds[dice.below(std::size(kKinds))];
    const std::string space = "namespace-" + std::to_string(dice.below(40));
    std::string name = std::string(kind.resource) + "-" + std::to_string(number);
    if (fate == Fate::kNew) name += "-new";
    std::string key = "/registry/" + std::string(kind.resource) + "/" + space + "/" + name;
    const auto changes = 1 + dice.below(static_cast<std::uint64_t>(kind.changes));
    std::int64_t created = 0;
    for (std::uint64_t version = 1; version <= changes; ++version) {
      Dice content(number * 97 + version + (fate == Fate::kChanged ? 1000003 : 0));
      const std::size_t size = kind.least + dice.below(kind.most - kind.least);
      ++revision_;
      if (version == 1) created = revision_;
      std::string message;
      append_field(message, 1, key);
      append_field(message, 2, static_cast<std::uint64_t>(created));
      append_field(message, 3, static_cast<std::uint64_t>(revision_));
      append_field(message, 4, version);
      append_field(message, 5, object(kind, space, name, size, content));
      writer_.append({encode_revision({revision_, 0}), std::move(message)});
      ++revisions_;
    }
    ++objects_;
    if (fate == Fate::kGone || dice.below(50) == 0) bury(key);
  }

  void bury(const std::string& key) {
    std::string message;
    append_field(message, 1, key);
    writer_.append({encode_revision({++revision_, 0}) + "t", std::move(message)});
    ++revisions_;
  }

  Writer writer_;
  std::uint64_t bytes_;
  std::uint64_t per_mille_;
  std::int64_t revision_ = 1;
  std::uint64_t objects_ = 0;
  std::uint64_t revisions_ = 0;
};

void append_digest(const char* path) {
  snapcore::Sha256 hash;
  std::ifstream in(path, std::ios::binary);
  std::vector<char> piece(std::size_t{1} << 20);
  while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0)
    hash.update(std::string_view(piece.data(), static_cast<std::size_t>(in.gcount())));
  const auto digest = hash.finish();
  std::ofstream(path, std::ios::binary | std::ios::app) << text_of(digest);
}

}  // namespace
}  // namespace etcd

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "make_snapshot FILE MEGABYTES [CHANGED_PER_MILLE]\n";
    return 2;
  }
  const auto number = [&](int i) { return i < argc ? std::strtoull(argv[i], nullptr, 10) : 0; };
  etcd::Maker(argv[1], number(2) * 1000 * 1000, number(3)).run();
  etcd::append_digest(argv[1]);
}
