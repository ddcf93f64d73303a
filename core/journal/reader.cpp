// Reading a journal: whole lines are verified one after the other, and what stands behind the last
// of them is judged. A power loss leaves the beginning of a line, or a line in which sectors never
// reached the disk and read as zeros; such a record was never acknowledged. Everything else that
// does not verify is damage.
#include "journal/reader.hpp"

#include <algorithm>
#include <functional>

#include "base/text.hpp"

namespace snapcore {
namespace {

constexpr std::uint64_t kSector = 512;
constexpr std::size_t kPiece = std::size_t{64} << 10;

// Cuts a file into lines, keeping no more than one.
class Lines {
 public:
  explicit Lines(File& file) : file_(file), piece_(kPiece) {}

  struct Line {
    std::string text = {};     // without the newline; a too long one is not kept whole
    std::uint64_t offset = 0;  // of its first byte
    std::uint64_t size = 0;    // with the newline
    bool finished = false;
    bool kept = true;
  };

  // Nothing at the end of the file.
  Result<std::optional<Line>> next() {
    Line line;
    line.offset = offset_;
    for (;;) {
      if (at_ == filled_) {
        const auto got = file_.read_at(offset_, piece_);
        if (!got) return fail(got.error());
        at_ = 0;
        filled_ = *got;
        if (filled_ == 0) {
          if (line.size == 0) return std::nullopt;
          return line;
        }
      }
      const std::string_view rest(reinterpret_cast<const char*>(piece_.data()) + at_,
                                  filled_ - at_);
      const std::size_t newline = rest.find('\n');
      line.finished = newline != std::string_view::npos;
      const std::size_t taken = line.finished ? newline + 1 : rest.size();
      line.size += taken;
      line.kept = line.size <= kMaxRecordBytes;
      if (line.kept) line.text.append(rest.substr(0, line.finished ? newline : taken));
      at_ += taken;
      offset_ += taken;
      if (line.finished) return line;
    }
  }

 private:
  File& file_;
  std::vector<std::byte> piece_;
  std::size_t at_ = 0, filled_ = 0;
  std::uint64_t offset_ = 0;
};

// True when the line has no byte but zeros in one of the sectors it lies in. No record contains a
// zero byte.
bool has_empty_sector(const Lines::Line& line) {
  std::size_t at = 0;
  while (at < line.text.size()) {
    const auto in_sector = static_cast<std::size_t>(kSector - (line.offset + at) % kSector);
    const auto part = std::string_view(line.text).substr(at, in_sector);
    // In the last sector the newline proves that it reached the disk.
    const bool holds_newline =
        line.finished && at + part.size() == line.text.size() && part.size() < in_sector;
    if (!holds_newline && part.find_first_not_of('\0') == std::string_view::npos) return true;
    at += part.size();
  }
  return false;
}

class JournalReading {
 public:
  JournalReading(File& file, const Path& path, const VisitRecord& visitor,
                 const WantsBody& wants_body)
      : lines_(file), path_(path), visitor_(visitor), wants_body_(wants_body) {}

  Result<JournalExtent> run() {
    auto line = lines_.next();
    while (line && *line) {
      auto following = lines_.next();
      if (!following) return fail(following.error());
      const bool last = !*following;
      if (last && (!(*line)->finished || has_empty_sector(**line))) {
        if (auto torn = drop(**line); !torn) return fail(torn.error());
      } else if (auto taken = take(**line); !taken) {
        return fail(taken.error());
      }
      line = std::move(following);
    }
    if (!line) return fail(line.error());
    if (!started_) return fail(empty());
    extent_.head.hash = previous_;
    return extent_;
  }

 private:
  Result<> take(const Lines::Line& line) {
    if (!line.kept) return fail(corrupt(line, "it is longer than any record"));
    ReadLine read = read_line(line.text, previous_, next_seq(),
                              [&](std::string_view type) { return wants(type); });
    if (!read.record) return fail(corrupt(line, read.problem));
    if (auto known = check_type(*read.record); !known) return known;
    previous_ = read.record->hash;
    extent_.head.seq = read.record->seq;
    extent_.whole_bytes += line.size;
    if (!started_) {
      started_ = true;
      return {};
    }
    ++extent_.records;
    return visitor_ ? visitor_(*read.record) : Result<>();
  }

  // An unfinished record is the beginning of one. A whole one with something else in the place of
  // its newline was finished once, and may have been acted on.
  Result<> drop(const Lines::Line& line) {
    const std::size_t size = line.text.size();
    const bool newline_never_came =
        (line.offset + size - 1) % kSector == 0 && line.text.back() == '\0';
    if (line.kept && !line.finished && size > 1 && !newline_never_came &&
        read_line(std::string_view(line.text).substr(0, size - 1), previous_, next_seq()).record) {
      return fail(corrupt(line, "a whole record is followed by a byte that is no newline"));
    }
    extent_.dropped_bytes = line.size;
    return {};
  }

  Result<> check_type(const Record& record) {
    if (!started_) return check_header(record);
    if (std::find(record::kAll.begin(), record::kAll.end(), record.type) != record::kAll.end() &&
        record.type != record::kHeader) {
      return {};
    }
    return fail(newer("record " + std::to_string(record.seq) + " is of the unknown type '" +
                      printable(record.type, 40) + "'"));
  }

  Result<> check_header(const Record& record) {
    if (record.type != record::kHeader || record.body.at("format").text() != "snapcore-journal") {
      return fail({.code = "journal.not_a_journal",
                   .message = path_.string() + " is not a snapcore journal",
                   .category = Category::kCorrupt});
    }
    if (record.body.at("version").int_or(0) == 1) return {};
    return fail(newer("it has format version " + record.body.at("version").dump() +
                      ", this snapcore knows version 1"));
  }

  Error newer(const std::string& what) const {
    return {.code = "journal.newer",
            .message = "cannot read the journal " + path_.string() + ": " + what,
            .hint = "use the snapcore that wrote it, or a newer one",
            .category = Category::kPrecondition};
  }

  Error corrupt(const Lines::Line& line, const std::string& why) const {
    return {.code = "journal.corrupt",
            .message = "the journal " + path_.string() + " is damaged: the line of record " +
                       std::to_string(next_seq()) + ", at byte " + std::to_string(line.offset) +
                       ", cannot be trusted: " + why,
            .hint =
                "nothing was changed; keep the file, the records before it are readable text and "
                "say what was done",
            .category = Category::kCorrupt};
  }

  Error empty() const {
    return {.code = "journal.empty",
            .message = "the journal " + path_.string() +
                       " ends before its first record: it holds nothing, or never held anything",
            .category = Category::kPrecondition};
  }

  // The header's decides what this file is.
  bool wants(std::string_view type) const {
    return !started_ || (visitor_ && (!wants_body_ || wants_body_(type)));
  }

  std::uint64_t next_seq() const { return started_ ? extent_.head.seq + 1 : 0; }

  Lines lines_;
  const Path& path_;
  const VisitRecord& visitor_;
  const WantsBody& wants_body_;
  JournalExtent extent_;
  std::string previous_ = genesis_hash();
  bool started_ = false;  // the header was read
};

}  // namespace

Result<JournalExtent> read_journal_from(File& file, const Path& path, const VisitRecord& visitor,
                                        const WantsBody& wants_body) {
  return JournalReading(file, path, visitor, wants_body).run();
}

Result<JournalExtent> read_journal(FileSystem& fs, const Path& path, const VisitRecord& visitor,
                                   const WantsBody& wants_body) {
  auto file = fs.open(path, OpenFor::kRead);
  if (!file) return fail(file.error());
  return read_journal_from(**file, path, visitor, wants_body);
}

Result<JournalExtent> read_journal(FileSystem& fs, const Path& path, const VisitRecord& visitor) {
  return read_journal(fs, path, visitor, {});
}

}  // namespace snapcore
