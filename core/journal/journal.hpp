// The journal of a run: what was intended, done and undone, in order, chained by hashes. FORMAT.md
// is its page.
//
// One writer a run; the lock of runs.hpp guarantees it. A record is durable when append() returned,
// so what was acted on after it cannot be forgotten. An unfinished last record, which a power loss
// leaves behind, was never acknowledged and is cut off; any other damage is "journal.corrupt" and
// stops, wherever it is.
//
// The engine knows this interface alone: a journal need not be a local file.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <snapcore/error.hpp>
#include <snapcore/value.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/file_system.hpp"

namespace snapcore {

// The words for Record::type; their bodies stand in FORMAT.md.
namespace record {
inline constexpr std::string_view kHeader = "header";  // the first record, written by create()
inline constexpr std::string_view kRun = "run";
inline constexpr std::string_view kApproval = "approval";
inline constexpr std::string_view kIntent = "intent";
inline constexpr std::string_view kCheckpoint = "checkpoint";
inline constexpr std::string_view kResult = "result";
inline constexpr std::string_view kError = "error";
inline constexpr std::string_view kValue = "value";
inline constexpr std::string_view kResolve = "resolve";
inline constexpr std::string_view kUndoRecorded = "undo_recorded";
inline constexpr std::string_view kUndoIntent = "undo_intent";
inline constexpr std::string_view kUndoResult = "undo_result";
inline constexpr std::string_view kLease = "lease";
inline constexpr std::string_view kNote = "note";
inline constexpr std::string_view kStep = "step";
inline constexpr std::string_view kPart = "part";
inline constexpr std::string_view kPhase = "phase";
inline constexpr std::string_view kEnd = "end";
inline constexpr std::string_view kResume = "resume";
inline constexpr std::string_view kAccept = "accept";
inline constexpr std::array kAll = {kHeader,       kRun,        kApproval,   kIntent,  kCheckpoint,
                                    kResult,       kError,      kValue,      kResolve, kResume,
                                    kUndoRecorded, kUndoIntent, kUndoResult, kLease,   kNote,
                                    kStep,         kPart,       kEnd,        kAccept,  kPhase};
}  // namespace record

struct Record {
  std::uint64_t seq = 0;  // the header is 0
  std::string type = {};
  Time at = {};
  Value body = {};
  std::string hash = {};  // 64 hex digits, over the previous record's hash and this record
};

// Printed at every stop: proves against an anchor that nothing was cut or edited.
struct JournalHead {
  std::uint64_t seq = 0;
  std::string hash = {};
};

// Largest line in a journal. append() refuses more with "journal.record_too_large".
inline constexpr std::size_t kMaxRecordBytes = std::size_t{8} << 20;

using VisitRecord = std::function<Result<>(const Record& record)>;

class Journal {
 public:
  virtual ~Journal() = default;

  // A new journal with nothing but its header, durable with its name. "file.exists" when there is
  // one.
  static Result<std::unique_ptr<Journal>> create(FileSystem& fs, const Path& path,
                                                 const Clock& clock);
  // An existing one, read through and verified, each record told on the way; an unfinished last
  // record is cut off. Everything that was told and that records() then gives is durable.
  // "journal.corrupt", "journal.newer", "journal.not_a_journal", and "journal.empty" when not even
  // the header was finished, that is, nothing was ever done under it.
  static Result<std::unique_ptr<Journal>> open(FileSystem& fs, const Path& path, const Clock& clock,
                                               const VisitRecord& visitor = {});

  // Returns the record's sequence number once it is durable. Thread-safe. After an error
  // ("journal.write_failed") the record does not count and later calls may work again, except after
  // a failed sync, and when the file lost its name ("journal.gone"): then nothing more is taken
  // ("journal.closed") until somebody opens it anew.
  virtual Result<std::uint64_t> append(std::string_view type, Value body) = 0;

  // The same for what no act depends on: it is durable together with the next record of append(),
  // and forgotten when none comes.
  virtual Result<std::uint64_t> append_later(std::string_view type, Value body) = 0;

  // Of what is in the file: the last of append(), or of append_later() that was written with it.
  virtual JournalHead head() const = 0;

  // Bytes removed by open() because the last record was unfinished; 0 after a clean end.
  virtual std::uint64_t dropped_bytes() const = 0;

  // Every record in order, from the first after the header, one at a time in memory; stops at the
  // visitor's error. What still waits for the next record is not among them.
  virtual Result<> visit(const VisitRecord& visitor) const = 0;

  // All of them at once, for journals known to be short.
  Result<std::vector<Record>> records() const;
};

// What reading told about a journal as it lies there.
struct JournalExtent {
  JournalHead head = {};
  std::uint64_t records = 0;        // without the header
  std::uint64_t whole_bytes = 0;    // where the last whole record ends
  std::uint64_t dropped_bytes = 0;  // an unfinished record behind it
};

// Reads and verifies a journal file and changes nothing, for looking at runs that may still be
// going on. Memory is bounded by one record.
Result<JournalExtent> read_journal(FileSystem& fs, const Path& path, const VisitRecord& visitor);

}  // namespace snapcore
