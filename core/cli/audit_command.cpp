#include <array>

#include "base/real_file_system.hpp"
#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/text/page.hpp"
#include "cli/text/words.hpp"
#include "journal/reader.hpp"
#include "journal/runs.hpp"
#include "journal/state_directory.hpp"

namespace snapcore {
namespace {

constexpr std::array kOptions = {
    Option{"anchor", "SEQ:HASH", "a head that was printed at a stop: it must be in the journal"}};

struct Anchor {
  std::uint64_t seq = 0;
  std::string hash = {};
};

Result<std::optional<Anchor>> anchor_of(const Options& options) {
  const auto text = options.get("anchor");
  if (!text) return std::nullopt;
  const auto colon = text->find_first_of(": ");
  const std::string number = text->substr(0, colon);
  const std::string hash = colon == std::string::npos ? "" : text->substr(colon + 1);
  const bool digits = !number.empty() && number.size() < 19 &&
                      number.find_first_not_of("0123456789") == std::string::npos;
  if (digits && hash.size() == 64 &&
      hash.find_first_not_of("0123456789abcdef") == std::string::npos)
    return Anchor{std::stoull(number), hash};
  return fail({.code = "arguments.bad_value",
               .message = "--anchor " + *text + " is not SEQ:HASH",
               .hint = "the report of a run prints its head: a number and 64 digits"});
}

struct Audited {
  JournalExtent extent;
  std::string at_anchor;  // hash of the record with the anchor's number
};

Result<Audited> read_all(FileSystem& fs, const std::filesystem::path& journal,
                         const std::optional<Anchor>& anchor) {
  Audited audited;
  const auto look = [&](const Record& record) -> Result<> {
    if (anchor && record.seq == anchor->seq) audited.at_anchor = record.hash;
    return {};
  };
  auto extent = read_journal(fs, journal, look, [](std::string_view) { return false; });
  if (!extent) return fail(extent.error());
  audited.extent = std::move(*extent);
  return audited;
}

Error not_the_anchor(const std::string& run, const Anchor& anchor, const Audited& audited) {
  const bool cut = audited.at_anchor.empty();
  return {.code = "journal.corrupt",
          .message =
              "the journal of run " + run +
              (cut ? " ends before record " : " has another record ") + std::to_string(anchor.seq) +
              (cut ? "" : " than the one the anchor stands for") + "\n  anchor: " + anchor.hash +
              "\n  journal: " +
              (cut ? "last record " + std::to_string(audited.extent.head.seq) : audited.at_anchor),
          .hint = "somebody cut or edited it, or the anchor is of another run",
          .category = Category::kCorrupt};
}

Result<> audit_one(Invocation& invocation, FileSystem& fs, Runs& runs, const std::string& run,
                   const std::optional<Anchor>& anchor) {
  const auto audited = read_all(fs, runs.directory(run) / "journal.jsonl", anchor);
  if (!audited) return fail(runs.why_without_records(run, audited.error()));
  if (anchor && audited->at_anchor != anchor->hash)
    return fail(not_the_anchor(run, *anchor, *audited));
  Output& output = invocation.output;
  const JournalExtent& extent = audited->extent;
  output.event("audit", Value::object({{"run", run},
                                       {"records", extent.records},
                                       {"bytes", extent.whole_bytes},
                                       {"dropped_bytes", extent.dropped_bytes},
                                       {"anchored", anchor.has_value()},
                                       {"head", Value::object({{"seq", extent.head.seq},
                                                               {"hash", extent.head.hash}})}}));
  if (output.json()) return {};
  Page page(output.out_style());
  page.line(0, run + ": " + describe_count(extent.records, "record") + ", every hash fits",
            Tone::kGood);
  if (anchor)
    page.line(2, "record " + std::to_string(anchor->seq) + " is the one of the anchor",
              Tone::kGood);
  if (extent.dropped_bytes > 0)
    page.line(2, describe_bytes(extent.dropped_bytes) + " of an unfinished record at the end");
  page.verbatim(2, "head " + std::to_string(extent.head.seq) + " " + extent.head.hash);
  output.print(page.text());
  return {};
}

Result<ExitCode> audit(Invocation& invocation) {
  const auto anchor = anchor_of(invocation.options);
  if (!anchor) return fail(anchor.error());
  const auto state =
      find_state_directory(invocation.globals.state, StateEnvironment::of_this_process());
  if (!state) return fail(state.error());
  RealFileSystem fs;
  Runs runs(fs, invocation.clock, *state);
  if (!invocation.words().empty()) {
    const std::string& run = invocation.words().front();
    if (auto known = runs.existing(run); !known) return fail(known.error());
    if (auto fine = audit_one(invocation, fs, runs, run, *anchor); !fine) return fail(fine.error());
    return ExitCode::kDone;
  }
  if (*anchor) {
    return fail({.code = "arguments.bad_value",
                 .message = "an anchor belongs to one run",
                 .hint = "name the run: snapcore audit RUN --anchor SEQ:HASH"});
  }
  const auto list = runs.ids();
  if (!list) return fail(list.error());
  std::optional<Error> first;
  for (const std::string& run : *list) {
    auto fine = audit_one(invocation, fs, runs, run, std::nullopt);
    if (fine) continue;
    if (fine.error().code == "journal.empty") {
      invocation.output.say(fine.error().message + "\n");
      continue;
    }
    invocation.output.error(fine.error(), {});
    if (!first) first = fine.error();
  }
  invocation.output.add_to_result("runs", list->size());
  if (list->empty() && !invocation.output.json())
    invocation.output.say("0 runs in " + shown(invocation.output.err_style(), state->string()) +
                          "\n");
  return first ? ExitCode::kRefused : ExitCode::kDone;
}

}  // namespace

const Command kAuditCommand = {
    .name = "audit",
    .words = "[RUN]",
    .summary = "prove that journals are whole, against an anchor if there is one",
    .group = CommandGroup::kLook,
    .min_words = 0,
    .max_words = 1,
    .options = kOptions,
    .details =
        "Each record carries a hash over all records before it. The head printed when a run "
        "stopped, kept elsewhere, proves that nothing of the journal up to there was cut or "
        "edited since.",
    .run = audit};

}  // namespace snapcore
