#include "staging.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <format/mapped_file.hpp>
#include <format/member_dir.hpp>
#include <format/snapshot.hpp>
#include <future>
#include <snapcore/support/files.hpp>

#include "examination.hpp"
#include "inspection.hpp"
#include "observe.hpp"
#include "place.hpp"
#include "raising.hpp"
#include "swap.hpp"
#include "trailer.hpp"
#include "versions.hpp"

namespace etcd {
namespace {

namespace fs = std::filesystem;
namespace files = snapcore::files;
using snapcore::Category;
using snapcore::fail;

constexpr std::size_t kPiece = std::size_t{1} << 20;
// A larger write is given memory in larger pieces, which a guest of KVM has to wait longer for.
constexpr std::size_t kWrite = std::size_t{256} << 10;
constexpr std::size_t kWorthAThread = 256 * 1024;
constexpr const char* kInterrupted = "etcd.interrupted";

StagedMember name_member(const Place& place, const Cluster& cluster, const std::string& suffix) {
  const auto beside = [&](const fs::path& dir, bool is_mount, const char* inner) {
    fs::path staged = is_mount ? dir / inner : dir;
    staged += suffix;
    return staged.string();
  };
  StagedMember member{.name = place.member,
                      .id = id_text(find_member(cluster, place.member)->id),
                      .live = place.data_dir.string(),
                      .staged = beside(place.data_dir, place.data_is_mount, "member"),
                      .live_wal = {},
                      .staged_wal = {},
                      .wal_within = {},
                      .mount_point = place.data_is_mount,
                      .wal_mount_point = place.wal_is_mount,
                      .user = place.owner.user,
                      .group = place.owner.group,
                      .live_inode = {},
                      .live_born = {}};
  if (place.wal_dir) {
    member.live_wal = place.wal_dir->string();
    member.staged_wal = beside(*place.wal_dir, place.wal_is_mount, "wal");
  }
  if (place.wal_within) member.wal_within = place.wal_within->string();
  const LiveThing live = live_thing(member);
  member.live_inode = live.inode;
  member.live_born = live.born;
  return member;
}

MemberDirectory directory_of(const StagedMember& member) {
  MemberDirectory directory{.data_dir = member.staged,
                            .wal_dir = {},
                            .owner = Owner{.user = member.user, .group = member.group}};
  if (member.staged_wal) directory.wal_dir = *member.staged_wal;
  if (member.wal_within) directory.wal_dir = fs::path(member.staged) / *member.wal_within;
  return directory;
}

Result<Cluster> new_cluster(const Target& target, const std::string& token) {
  std::vector<InitialMember> members;
  for (const TargetMember& member : target.members)
    members.push_back({.name = member.name, .peer_urls = member.peer_urls()});
  return make_cluster(token, members);
}

// The databases of all members while they are written.
class Copies {
 public:
  Result<> open(const std::vector<MemberDirectory>& directories) {
    for (const MemberDirectory& directory : directories) {
      const fs::path path = database_path(directory);
      auto file = files::create_file(path, 0600);
      if (!file) return fail(file.error());
      files_.push_back({std::move(*file), path});
    }
    return {};
  }

  // What an earlier attempt left, cut to `size` bytes.
  Result<> reopen(const std::vector<MemberDirectory>& directories, std::uint64_t size) {
    for (const MemberDirectory& directory : directories) {
      const fs::path path = database_path(directory);
      auto file = files::open_for_writing(path);
      if (!file) return fail(file.error());
      if (::ftruncate(file->get(), static_cast<off_t>(size)) != 0 ||
          ::lseek(file->get(), 0, SEEK_END) < 0)
        return fail(files::system_error(errno, "cut", path));
      files_.push_back({std::move(*file), path});
    }
    return {};
  }

  // Bytes of the first copy; the others are made to agree, wherever they do not.
  Result<std::span<const std::byte>> agreed_at(std::uint64_t offset, std::span<std::byte> into) {
    const auto got = read_at(files_.front().path, offset, into);
    if (!got) return fail(got.error());
    const auto bytes = std::span<const std::byte>(into).first(*got);
    std::vector<std::byte> theirs(bytes.size());
    for (std::size_t i = 1; i < files_.size(); ++i) {
      const auto same = read_at(files_[i].path, offset, theirs);
      if (!same) return fail(same.error());
      if (*same == bytes.size() && std::equal(bytes.begin(), bytes.end(), theirs.begin())) continue;
      if (auto put = files::write_all_at(files_[i].fd, offset, bytes, files_[i].path); !put)
        return fail(put.error());
    }
    return bytes;
  }

  Result<> sync() {
    for (const Copy& copy : files_) {
      if (auto synced = files::fsync_file(copy.fd, copy.path); !synced) return synced;
    }
    return {};
  }

  // Behind what is there, which has `size` bytes.
  Result<> write(std::uint64_t size, std::span<const std::byte> bytes) {
    for (const Copy& copy : files_) {
      for (auto left = bytes; !left.empty(); left = left.subspan(std::min(kWrite, left.size()))) {
        const auto piece = left.first(std::min(kWrite, left.size()));
        if (auto put = files::write_all(copy.fd, piece, copy.path); !put) return put;
      }
      files::begin_writing_back(copy.fd, size, bytes.size());
    }
    return {};
  }

 private:
  struct Copy {
    files::UniqueFd fd;
    fs::path path;
  };

  // The copies themselves are open for writing alone.
  static Result<std::size_t> read_at(const fs::path& path, std::uint64_t offset,
                                     std::span<std::byte> into) {
    const auto file = files::open_for_reading(path);
    if (!file) return fail(file.error());
    return files::read_some_at(*file, offset, into, path);
  }

  std::vector<Copy> files_;
};

class Staging {
 public:
  Staging(const Target& target, const StagingOptions& options, const StagingWork& work)
      : target_(target), options_(options), work_(work) {}

  Result<StagedData> run() {
    if (auto ok = prepare(); !ok) {
      snapcore::Error error = ok.error();
      if (error.hint.empty()) error.hint = "nothing live was touched";
      return fail(std::move(error));
    }
    auto done = make_all();
    if (done) return done;
    snapcore::Error error = done.error();
    // Stopped in the middle of a long copy, which whoever goes on need not make again.
    if (error.code == kInterrupted && checkpointed_ > 0) return fail(std::move(error));
    const auto removed = discard(data_.handle);
    if (error.hint.empty())
      error.hint = removed ? "nothing live was touched, and what was staged is removed"
                           : "nothing live was touched; " + removed.error().message;
    return fail(std::move(error));
  }

 private:
  Result<> prepare() {
    Staged& handle = data_.handle;
    handle.stamp = work_.stamp;
    handle.mark = work_.key.substr(0, 8);
    handle.token = options_.token  ? *options_.token
                   : target_.token ? *target_.token
                                   : "snapcore-" + work_.key.substr(0, 32);
    auto cluster = new_cluster(target_, handle.token);
    if (!cluster) return fail(cluster.error());
    cluster_ = std::move(*cluster);
    handle.cluster_id = id_text(cluster_.id);
    const std::string suffix = staged_suffix(handle.stamp, handle.mark);
    for (const TargetMember& member : target_.members) {
      auto place = locate(member);
      if (!place) return fail(place.error());
      if (auto ok = check_place(*place); !ok) return ok;
      handle.members.push_back(name_member(*place, cluster_, suffix));
    }
    return work_.record_undo({staged_directories(handle)});
  }

  Result<StagedData> make_all() {
    if (auto begun = work_.resume_at > 0 ? go_on() : begin(); !begun) return fail(begun.error());
    if (auto copied = copy(); !copied) return fail(copied.error());
    // From here on the copies become something else than what was read.
    if (auto noted = checkpoint(0); !noted) return fail(noted.error());
    auto examined = examine_copy();
    if (!examined) return fail(examined.error());
    if (auto fit = check_fitness(*examined); !fit) return fail(fit.error());
    choose_bump(*examined);
    auto restored = finish();
    if (!restored) return fail(restored.error());
    describe(*examined, *restored);
    return std::move(data_);
  }

  void choose_bump(const Examined& examined) {
    const bool raises = options_.bump_revision ? *options_.bump_revision > 0 : examined.kubernetes;
    if (!raises) return;
    const Revisions known{.of_snapshot = examined.current_revision,
                          .newest = newest_revision(target_, sight_)};
    bump_ = options_.bump_revision.value_or(usual_bump(known));
    shortfall_ = shortfall(bump_, known);
  }

  Result<> begin() {
    // An earlier attempt with the same key left what has these names.
    if (auto removed = discard(data_.handle); !removed) return removed;
    for (const StagedMember& member : data_.handle.members) {
      directories_.push_back(directory_of(member));
      if (auto made = make_directories(member); !made) return made;
    }
    return copies_.open(directories_);
  }

  // What the earlier attempt copied passes by once more, from here instead of from the source.
  Result<> go_on() {
    for (const StagedMember& member : data_.handle.members)
      directories_.push_back(directory_of(member));
    if (auto opened = copies_.reopen(directories_, work_.resume_at); !opened) return opened;
    std::vector<std::byte> piece(kPiece);
    while (trailer_.size() < work_.resume_at) {
      const std::uint64_t left = work_.resume_at - trailer_.size();
      const auto room = std::span(piece).first(std::min<std::uint64_t>(left, kPiece));
      const auto bytes = copies_.agreed_at(trailer_.size(), room);
      if (!bytes) return fail(bytes.error());
      if (bytes->empty()) return other_size();
      trailer_.update(*bytes);
      if (auto handed = work_.rehash(*bytes); !handed) return handed;
      work_.progress(trailer_.size());
    }
    checkpointed_ = trailer_.size();
    return {};
  }

  Result<> checkpoint(std::uint64_t bytes) {
    if (bytes == 0 && checkpointed_ == 0) return {};
    if (bytes > 0) {
      if (auto synced = copies_.sync(); !synced) return synced;
    }
    checkpointed_ = bytes;
    return work_.checkpoint(bytes);
  }

  Result<> make_directories(const StagedMember& member) {
    const MemberDirectory& directory = directories_.back();
    if (auto made = make_member_directory(directory); !made) return made;
    if (!member.wal_within) return {};
    fs::path path = member.staged;
    for (const fs::path& part : fs::path(*member.wal_within).parent_path()) {
      path /= part;
      if (auto made = ensure_directory(path, 0700, directory.owner); !made) return made;
    }
    return {};
  }

  Result<> copy() {
    std::vector<std::byte> piece(std::min<std::uint64_t>(kPiece, work_.checkpoint_every));
    for (;;) {
      if (work_.watch.cancelled()) {
        return fail({.code = kInterrupted,
                     .message = "stopped as asked, while staging " + work_.name,
                     .category = Category::kTransient});
      }
      const auto got = read_full(piece);
      if (!got) return fail(got.error());
      if (*got == 0) break;
      const auto bytes = std::span<const std::byte>(piece).first(*got);
      if (work_.size && trailer_.size() + bytes.size() > *work_.size) return other_size();
      if (auto taken = take(bytes); !taken) return taken;
      work_.progress(trailer_.size());
      if (trailer_.size() - checkpointed_ < work_.checkpoint_every) continue;
      if (auto noted = checkpoint(trailer_.size()); !noted) return noted;
    }
    if (work_.size && trailer_.size() != *work_.size) return other_size();
    Result<std::optional<TrailerCheck::Digest>> of_pages;
    if (work_.digest_of_pages) of_pages = work_.digest_of_pages();
    if (!of_pages) return fail(of_pages.error());
    return trailer_.finish(work_.name, options_.accept_no_trailer, *of_pages);
  }

  // Less than asked for at the end alone.
  Result<std::size_t> read_full(std::span<std::byte> into) {
    std::size_t filled = 0;
    while (filled < into.size()) {
      const auto got = work_.read(into.subspan(filled));
      if (!got) return got;
      if (*got == 0) break;
      filled += *got;
    }
    return filled;
  }

  // A digest that is made here is made beside the writing: either takes as long as the other.
  Result<> take(std::span<const std::byte> bytes) {
    const std::uint64_t before = trailer_.size();
    if (work_.digest_of_pages) {
      trailer_.update(bytes);
      return copies_.write(before, bytes);
    }
    const auto digest = [&] { trailer_.update(bytes); };
    const auto policy = bytes.size() >= kWorthAThread ? std::launch::async : std::launch::deferred;
    const auto digested = std::async(policy, digest);
    auto written = copies_.write(before, bytes);
    digested.wait();
    return written;
  }

  Result<> other_size() const {
    return fail({.code = "etcd.snapshot_truncated",
                 .message = work_.name + " does not have the " + std::to_string(*work_.size) +
                            " bytes it had when the restore was planned",
                 .hint = "see whether somebody writes to it; then plan again",
                 .category = Category::kCorrupt});
  }

  // The digest covered the bytes; now their meaning. All copies are the same.
  Result<Examined> examine_copy() {
    const auto mapped = MappedFile::open(database_path(directories_.front()));
    if (!mapped) return fail(mapped.error());
    return examine(mapped->bytes(), work_.name,
                   {.require_trailer = false,
                    .check_hash = false,
                    .sum_entries = false,
                    .canceled = work_.watch.cancelled});
  }

  // What the guards said while planning, if the bytes were at hand then; else it is said here, with
  // nothing live touched yet.
  Result<> check_fitness(const Examined& examined) {
    const auto refuse = [&](const char* code, const std::string& problem, const char* guard) {
      return fail({.code = code,
                   .message = work_.name + ": " + problem,
                   .hint = "use another snapshot; to go on all the same: --waive " +
                           std::string(guard) + "=REASON",
                   .category = Category::kPrecondition});
    };
    if (const std::string problem = corruption_in(examined); !problem.empty()) {
      if (!options_.accept_corrupt_alarm) return refuse("etcd.corrupt_alarm", problem, "hash");
      data_.words.push_back("taken although " + problem);
    }
    const std::string problem_of_user = authentication_in(examined);
    if (!problem_of_user.empty() && target_.login) {
      data_.words.push_back("authentication is on: the members will be asked as user '" +
                            target_.login->user() +
                            "', with the password of the time the snapshot was taken");
    } else if (!problem_of_user.empty()) {
      if (!options_.accept_authentication)
        return refuse("etcd.authentication", problem_of_user, "healthy");
      data_.words.push_back("taken although " + problem_of_user);
    }
    const std::string written = written_version(examined);
    const std::string running = version_to_come(target_, sight_);
    if (const std::string problem = problem_between(written, running); !problem.empty()) {
      const char* code = running.empty() ? "etcd.unknown_server" : "etcd.older_server";
      if (!options_.accept_older_server) return refuse(code, problem, "version");
      data_.words.push_back("taken although " + problem);
    }
    return {};
  }

  void say_what_was_dropped(const Examined& examined) {
    for (const Alarm& alarm : examined.alarms) {
      data_.words.push_back("dropped the alarm " + std::string(to_text(alarm.kind)) +
                            " of the old member " + id_text(alarm.member_id));
    }
    for (const Member& member : zombies_of(examined)) {
      data_.words.push_back("dropped " + id_text(member.id) +
                            ", which the snapshot still named though it was no member any more");
    }
    data_.words.push_back(words_of_bump(examined.kubernetes));
  }

  std::string words_of_bump(bool kubernetes) const {
    const std::string why = options_.bump_revision ? "as asked"
                            : kubernetes           ? "since the data is that of Kubernetes"
                                                   : "since none of the data is of Kubernetes";
    if (bump_ == 0) return "left the revision as it is, " + why;
    return "raised the revision by " + std::to_string(bump_) + " and compacted, " + why +
           (shortfall_.empty() ? "" : ": " + shortfall_);
  }

  Result<RestoredDatabase> finish() {
    RestoreOptions options;
    if (bump_ > 0) options.bump = RevisionBump{.by = bump_};
    std::vector<Result<RestoredDatabase>> results(directories_.size(), RestoredDatabase());
    side_by_side(results.size(), [&](std::size_t i) {
      const auto id = find_member(cluster_, data_.handle.members[i].name)->id;
      results[i] = finish_member_directory(directories_[i], cluster_, id, options);
    });
    for (auto& result : results) {
      if (!result) return result;
    }
    for (const std::string& directory : staged_directories(data_.handle)) {
      if (auto synced = files::fsync_directory(fs::path(directory).parent_path()); !synced)
        return fail(synced.error());
    }
    return results.front();
  }

  void describe(const Examined& examined, const RestoredDatabase& restored) {
    Expected& expected = data_.expected;
    expected.cluster_id = data_.handle.cluster_id;
    for (const Member& member : cluster_.members) {
      expected.members.push_back(
          {.id = id_text(member.id), .name = member.name, .peer_urls = member.peer_urls});
    }
    expected.revision = std::max(examined.current_revision, restored.revision);
    expected.compact_revision = bump_ > 0 ? restored.revision : examined.compact_revision;
    for (const StagedMember& member : data_.handle.members)
      data_.words.push_back("staged " + member.name + " in " + member.staged +
                            (member.staged_wal ? " and " + *member.staged_wal : ""));
    say_what_was_dropped(examined);
    data_.words.push_back("new cluster " + expected.cluster_id + " at revision " +
                          std::to_string(expected.revision));
  }

  const Target& target_;
  const StagingOptions& options_;
  const StagingWork& work_;
  Sight sight_{target_, work_.watch.cancelled};
  Cluster cluster_;
  std::vector<MemberDirectory> directories_;
  Copies copies_;
  TrailerCheck trailer_{!work_.digest_of_pages};
  std::uint64_t checkpointed_ = 0;
  StagedData data_;
  std::int64_t bump_ = 0;
  std::string shortfall_;
};

}  // namespace

void fields(snapcore::sdk::Fields& f, StagingUndo& undo) { f("directories", undo.directories); }

Result<StagedData> stage(const Target& target, const StagingOptions& options,
                         const StagingWork& work) {
  return Staging(target, options, work).run();
}

std::uint64_t copied_before(const Target& target, const std::string& stamp, const std::string& key,
                            std::uint64_t checkpoint) {
  if (checkpoint == 0) return 0;
  const auto cluster = new_cluster(target, "for the names alone");
  if (!cluster) return 0;
  for (const TargetMember& member : target.members) {
    const auto place = locate(member);
    if (!place) return 0;
    const StagedMember staged =
        name_member(*place, *cluster, staged_suffix(stamp, key.substr(0, 8)));
    const auto there = files::look_at(database_path(directory_of(staged)));
    const bool enough = there && *there && S_ISREG((*there)->st_mode) &&
                        static_cast<std::uint64_t>((*there)->st_size) >= checkpoint;
    if (!enough) return 0;
  }
  return checkpoint;
}

std::vector<std::string> staged_directories(const Staged& staged) {
  std::vector<std::string> list;
  for (const StagedMember& member : staged.members) {
    list.push_back(member.staged);
    if (member.staged_wal) list.push_back(*member.staged_wal);
  }
  return list;
}

}  // namespace etcd
