// The journal as a local file.
#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>

#include "journal/journal.hpp"
#include "journal/reader.hpp"
#include "journal/record_line.hpp"

namespace snapcore {
namespace {

class FileJournal final : public Journal {
 public:
  FileJournal(FileSystem& fs, Path path, const Clock& clock, std::unique_ptr<File> file,
              JournalExtent extent)
      : fs_(fs),
        path_(std::move(path)),
        clock_(clock),
        file_(std::move(file)),
        extent_(std::move(extent)),
        on_disk_(extent_.head) {}

  Result<std::uint64_t> append(std::string_view type, Value body) override {
    return append(type, std::move(body), Durable::kNow);
  }

  Result<std::uint64_t> append_later(std::string_view type, Value body) override {
    return append(type, std::move(body), Durable::kWithTheNext);
  }

  Result<> write_header() {
    Record record{.type = std::string(record::kHeader),
                  .at = clock_.now(),
                  .body = Value::object({{"format", "snapcore-journal"}, {"version", 1}})};
    return put(record, genesis_hash(), Durable::kNow);
  }

  // After this everything that was read is durable, and the next record follows the last whole one.
  Result<> cut_unfinished() {
    if (extent_.dropped_bytes > 0) {
      if (auto cut = file_->truncate(extent_.whole_bytes); !cut) return cut;
    }
    return file_->sync();
  }

  JournalHead head() const override {
    const std::lock_guard lock(mutex_);
    return on_disk_;
  }

  std::uint64_t dropped_bytes() const override { return extent_.dropped_bytes; }

  Result<> visit(const VisitRecord& visitor) const override {
    const auto read = read_journal(fs_, path_, visitor);
    if (!read) return fail(read.error());
    return {};
  }

 private:
  enum class Durable { kNow, kWithTheNext };
  // What waits in memory may grow to this before it is written, still without a sync.
  static constexpr std::size_t kMostWaiting = std::size_t{1} << 20;

  Result<std::uint64_t> append(std::string_view type, Value body, Durable durable) {
    if (std::find(record::kAll.begin(), record::kAll.end(), type) == record::kAll.end() ||
        type == record::kHeader) {
      return fail({.code = "journal.unknown_type",
                   .message = "'" + std::string(type) + "' is no type of record",
                   .category = Category::kInternal});
    }
    const std::lock_guard lock(mutex_);
    Record record{.seq = extent_.head.seq + 1,
                  .type = std::string(type),
                  .at = clock_.now(),
                  .body = std::move(body)};
    if (auto written = put(record, extent_.head.hash, durable); !written)
      return fail(written.error());
    ++extent_.records;
    return record.seq;
  }

  Result<> put(Record& record, const std::string& previous_hash, Durable durable) {
    if (!file_) {
      return fail({.code = "journal.closed",
                   .message = "the journal " + path_.string() +
                              " takes no more records: an earlier write failed",
                   .category = Category::kPermanent});
    }
    auto line = write_line(record, previous_hash);
    if (!line) return fail(line.error());
    const std::size_t waiting = waiting_.size();
    waiting_ += *line;
    const bool writes = durable == Durable::kNow || waiting_.size() > kMostWaiting;
    if (writes) {
      if (auto written = write(durable); !written) {
        waiting_.resize(waiting);  // the record does not count, those before it still wait
        return written;
      }
    }
    extent_.head = {record.seq, record.hash};
    if (writes) on_disk_ = extent_.head;
    return {};
  }

  // A file without its name takes what is written, and nobody will ever read it.
  Result<> check_is_there() {
    const auto found = fs_.status(path_);
    if (found && *found) {
      const auto is = std::pair((*found)->device, (*found)->inode);
      if (!identity_) identity_ = is;
      if (*identity_ == is) return {};
    }
    file_.reset();
    return fail({.code = "journal.gone",
                 .message = "somebody removed or replaced the journal " + path_.string() +
                            " while the run went on",
                 .hint = "nothing more is done under it; put it back, from a copy of the state "
                         "directory, before the run is gone on with or taken back",
                 .category = Category::kPermanent});
  }

  // All that waits.
  Result<> write(Durable durable) {
    if (auto there = check_is_there(); !there) return there;
    auto done = file_->write_all(as_bytes(waiting_));
    const bool written = done.has_value();
    if (written && durable == Durable::kNow) done = file_->sync();
    if (done) {
      extent_.whole_bytes += waiting_.size();
      waiting_.clear();
      return {};
    }
    // What may be there of a record must not be read as one later, nor stand between two others.
    // A failed sync leaves us blind, so that nothing may be built on this file before it was read
    // again.
    const auto cut = file_->truncate(extent_.whole_bytes);
    const bool clean = cut && file_->sync();
    if (written || !clean) file_.reset();
    return fail(
        caused_by({.code = "journal.write_failed",
                   .message = "a record could not be written to the journal " + path_.string(),
                   .hint = done.error().hint},
                  done.error()));
  }

  FileSystem& fs_;
  const Path path_;
  const Clock& clock_;
  std::unique_ptr<File> file_;  // null once nothing more is taken
  JournalExtent extent_;
  JournalHead on_disk_;  // extent_.head but for what waits
  std::optional<std::pair<std::uint64_t, std::uint64_t>> identity_;  // device and inode
  std::string waiting_;  // lines behind extent_.whole_bytes
  mutable std::mutex mutex_;
};

Path directory_of(const Path& path) {
  return path.has_parent_path() ? path.parent_path() : Path(".");
}

}  // namespace

Result<std::unique_ptr<Journal>> Journal::create(FileSystem& fs, const Path& path,
                                                 const Clock& clock) {
  auto file = fs.open(path, OpenFor::kCreate, kPrivateFile);
  if (!file) return fail(file.error());
  auto journal = std::make_unique<FileJournal>(fs, path, clock, std::move(*file), JournalExtent());
  if (auto written = journal->write_header(); !written) return fail(written.error());
  // Without this a power loss could leave a run directory that never had a journal.
  if (auto synced = fs.sync_directory(directory_of(path)); !synced) return fail(synced.error());
  return journal;
}

Result<std::unique_ptr<Journal>> Journal::open(FileSystem& fs, const Path& path, const Clock& clock,
                                               const VisitRecord& visitor) {
  auto file = fs.open(path, OpenFor::kAppend);
  if (!file) return fail(file.error());
  auto extent = read_journal_from(**file, path, visitor);
  if (!extent) return fail(extent.error());
  auto journal =
      std::make_unique<FileJournal>(fs, path, clock, std::move(*file), std::move(*extent));
  if (auto cut = journal->cut_unfinished(); !cut) return fail(cut.error());
  if (auto synced = fs.sync_directory(directory_of(path)); !synced) return fail(synced.error());
  return journal;
}

Result<std::vector<Record>> Journal::records() const {
  std::vector<Record> all;
  auto read = visit([&](const Record& record) {
    all.push_back(record);
    return Result<>();
  });
  if (!read) return fail(read.error());
  return all;
}

}  // namespace snapcore
