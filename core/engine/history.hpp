// What the journal says of the calls of a run, for whoever goes on with it or takes it back.
#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <snapcore/error.hpp>
#include <snapcore/value.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "engine/plan.hpp"
#include "journal/journal.hpp"

namespace snapcore {

// A verify or an act that was begun. A later attempt takes the place of an earlier one, but for the
// undo: what the plugin recorded last counts.
struct PastCall {
  std::string id;
  std::string parent;  // the call that made this one inside of itself, or ""
  std::string instance;
  std::string operation;
  std::string args_digest;
  Value args = {};  // as the plan has them: values that come from other calls are later values
  bool is_act = false;
  int attempt = 1;
  std::uint64_t begun = 0;  // seq of the last intent
  std::uint64_t ended = 0;  // of its result or error, or 0
  Value checkpoint = {};
  std::optional<Value> undo = {};
  std::optional<Value> result = {};
  Value streams = {};
  std::optional<Error> error = {};
  std::optional<bool> resolved_as_done = {};  // what a person said of it when it was in doubt
  bool undo_begun = false;                    // and nobody knows how far it came
  bool undone = false;

  bool half_undone() const { return undo_begun && !undone; }
  bool in_doubt() const { return half_undone() || (!result && !error && !undone); }
};

// The answer of a read.
struct PastRead {
  std::string what;  // "store.count"
  Value value = {};
  std::optional<Error> error = {};
  std::uint64_t seq = 0;
};

// What became of a retry, a wait_until, an attempt or an on_rollback.
struct PastPart {
  int failed_rounds = 0;       // of a retry or a wait: its body is made again after each
  std::uint64_t seq = 0;       // of its last record
  std::string handler;         // of an attempt: the code whose handler was taken
  std::optional<Error> error;  // what the last round, or the attempt, failed with
  bool registered = false;     // on_rollback: it stands on the way back
};

// With which number a run first had the lease on a resource: of several runs, which came later
// there. Clocks are set back; numbers never are.
struct Claim {
  std::int64_t fence = 0;
  Time at = {};  // of records without a number

  friend auto operator<=>(const Claim&, const Claim&) = default;
};

class History {
 public:
  static Result<History> of(const Journal& journal);
  // Takes one more record; they come in order.
  void take(const Record& record);

  const PastCall* find(std::string_view id) const;
  const PastRead* read(std::string_view id) const;
  // By the path it was made under.
  const PastPart* part(std::string_view made) const;
  const std::map<std::string, PastPart, std::less<>>& parts() const { return parts_; }
  // In the order in which they were first begun.
  const std::deque<PastCall>& calls() const { return calls_; }
  // Bodies of the records "phase": what was planned when it was reached, under the plan with this
  // digest. One that was made anew holds what was planned before, or leaves it to its border.
  std::vector<Value> phases_of(std::string_view plan) const;
  // By resource.
  const std::map<std::string, Claim>& claims() const { return claims_; }
  std::vector<const PastCall*> nested_in(std::string_view id) const;
  // Of the body of an attempt whose handler was taken.
  bool is_of_a_failed_attempt(const PastCall& call) const;
  // Acts that were taken back, or begun to be, in the order in which they were begun; not those of
  // an attempt, whose handler took their place.
  std::vector<const PastCall*> taken_back() const;
  // What a call gave; a restore gives what its verbs gave. Nothing while it is not known.
  std::optional<Value> result_of(std::string_view id) const;

  // Did the run go on behind this record of a call, a read or a part? Then a line of the runbook
  // has acted on it. What the branches beside it did meanwhile is no answer to it.
  bool went_on_behind(std::string_view id, std::uint64_t seq) const;

  const Value& run() const { return run_; }        // body of the record "run"
  const Value& ending() const { return ending_; }  // of the last "end", null while there is none
  // How the run ended, whoever accepted it since; null while it has not.
  const Value& outcome() const { return outcome_; }
  std::string started() const { return started_; }
  bool accepted() const { return accepted_; }
  bool empty() const { return calls_.empty(); }

 private:
  PastCall* call_of(const Record& record);
  void take_intent(const Record& record);

  void take_part(const Record& record);
  void take_undone(PastCall& call);
  void forget_reads_in(std::string_view part);
  void went_on(std::string_view id, std::uint64_t seq);

  std::deque<PastCall> calls_;  // which stay where they are when more come
  std::map<std::string, std::size_t, std::less<>> places_;               // in calls_, by id
  std::map<std::string, std::vector<std::size_t>, std::less<>> nested_;  // in calls_, by parent
  std::map<std::string, PastRead, std::less<>> reads_;
  std::map<std::string, PastPart, std::less<>> parts_;
  std::vector<Value> phases_;
  // Of every plan that took the place of another, how many phases were planned before it.
  std::vector<std::pair<std::string, std::size_t>> plans_anew_;
  std::map<std::string, Claim> claims_;
  // Seq of the last intent, read or part, by the branch it stands in.
  std::map<std::string, std::uint64_t, std::less<>> last_words_;
  Value run_;
  Value ending_;
  Value outcome_;
  std::string started_;
  bool accepted_ = false;
};

// The plan as the run keeps it, with every phase that was planned under it. "plan.invalid".
Result<Plan> with_phases(Plan plan, const History& history);

// A journal that tells a history of everything it takes.
class ToldJournal final : public Journal {
 public:
  ToldJournal(Journal& journal, History& history) : journal_(journal), history_(history) {}

  Result<std::uint64_t> append(std::string_view type, Value body) override;
  Result<std::uint64_t> append_later(std::string_view type, Value body) override;
  JournalHead head() const override { return journal_.head(); }
  std::uint64_t dropped_bytes() const override { return journal_.dropped_bytes(); }
  Result<> visit(const VisitRecord& visitor) const override { return journal_.visit(visitor); }

 private:
  Result<std::uint64_t> tell(std::string_view type, Value body, Result<std::uint64_t> seq);

  Journal& journal_;
  History& history_;
};

}  // namespace snapcore
