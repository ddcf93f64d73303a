#include "engine/history.hpp"

#include <algorithm>

#include "engine/scopes.hpp"

namespace snapcore {

Result<History> History::of(const Journal& journal) {
  History history;
  const auto read = journal.visit([&](const Record& record) -> Result<> {
    history.take(record);
    return {};
  });
  if (!read) return fail(read.error());
  return history;
}

void History::went_on(std::string_view id, std::uint64_t seq) { last_words_[branch_of(id)] = seq; }

bool History::went_on_behind(std::string_view id, std::uint64_t seq) const {
  const std::string branch = branch_of(id);
  return std::any_of(last_words_.begin(), last_words_.end(), [&](const auto& word) {
    return word.second > seq && !are_beside(word.first, branch);
  });
}

PastCall* History::call_of(const Record& record) {
  const auto place = places_.find(record.body.at("call").text());
  return place == places_.end() ? nullptr : &calls_[place->second];
}

void History::take_intent(const Record& record) {
  const Value& body = record.body;
  const std::string id = body.at("call").text();
  went_on(id, record.seq);
  const auto [place, fresh] = places_.emplace(id, calls_.size());
  if (fresh) {
    calls_.push_back({});
    if (body.has("parent")) nested_[body.at("parent").text()].push_back(place->second);
  }
  PastCall& call = calls_[place->second];
  PastCall attempt{
      .id = id,
      .parent = body.at("parent").text(),
      .instance = body.at("instance").text(),
      .operation = body.at("operation").text(),
      .args_digest = body.at("args_digest").text(),
      .args = body.at("args"),
      .is_act = body.at("effect") == Value("change") || body.at("effect") == Value("destroy"),
      .attempt = static_cast<int>(body.at("attempt").int_or(1)),
      .begun = record.seq};
  // What an earlier attempt prepared is still there, unless it was taken back.
  if (!fresh && !call.undone) {
    attempt.undo = std::move(call.undo);
    attempt.checkpoint = std::move(call.checkpoint);
  }
  call = std::move(attempt);
}

void History::take_part(const Record& record) {
  const Value& body = record.body;
  PastPart& part = parts_[body.at("part").text()];
  part.seq = record.seq;
  went_on(body.at("part").view(), record.seq);
  if (body.has("error")) part.error = error_from(body.at("error"));
  const std::string state = body.at("state").text();
  if (state == "again") part.failed_rounds = static_cast<int>(body.at("round").int_or(0));
  if (state == "handler") part.handler = body.at("code").text();
  if (state == "registered") part.registered = true;
  if (state == "taken_back") part.registered = false;
}

void History::take(const Record& record) {
  const Value& body = record.body;
  if (record.type == record::kIntent) return take_intent(record);
  if (record.type == record::kRun) {
    run_ = body;
    started_ = body.at("started").string_or(to_rfc3339(record.at));
  } else if (record.type == record::kEnd) {
    ending_ = outcome_ = body;
  } else if (record.type == record::kResume) {
    // What somebody was about to accept is as it was.
    if (body.at("why").text() != "accept") ending_ = outcome_ = {};
  } else if (record.type == record::kAccept) {
    accepted_ = true;
    ending_ = {};
  } else if (record.type == record::kValue) {
    PastRead read{.what = body.at("what").text(), .value = body.at("value"), .seq = record.seq};
    if (body.has("error")) read.error = error_from(body.at("error"));
    reads_.insert_or_assign(body.at("id").text(), std::move(read));
    went_on(body.at("id").view(), record.seq);
  } else if (record.type == record::kPart) {
    take_part(record);
  } else if (record.type == record::kPhase) {
    phases_.push_back(body);
    forget_reads_in(body.at("part").view());
  } else if (record.type == record::kApproval && body.has("replaces")) {
    plans_anew_.emplace_back(body.at("digest").text(), phases_.size());
  } else if (record.type == record::kLease && body.at("state").text() == "taken") {
    claims_.try_emplace(body.at("resource").text(), Claim{body.at("fence").int_or(0), record.at});
  }
  PastCall* call = call_of(record);
  if (!call) return;
  if (record.type == record::kCheckpoint) {
    call->checkpoint = body.at("position");
  } else if (record.type == record::kUndoRecorded) {
    call->undo = body.at("undo");
  } else if (record.type == record::kResult) {
    call->result = body.at("result");
    call->streams = body.at("streams");
    call->ended = record.seq;
  } else if (record.type == record::kError) {
    call->error = error_from(body.at("error"));
    call->ended = record.seq;
  } else if (record.type == record::kResolve) {
    call->resolved_as_done = body.at("decision").text() == "done";
    call->undo_begun = false;
    if (*call->resolved_as_done) call->result = body.at("result");
  } else if (record.type == record::kUndoIntent) {
    call->undo_begun = true;
  } else if (record.type == record::kUndoResult && body.has("result")) {
    take_undone(*call);
  } else if (record.type == record::kUndoResult) {
    call->undo_begun = error_from(body.at("error")).outcome != Outcome::kNothingHappened;
  }
}

// Planned once more, it is told what is so then.
void History::forget_reads_in(std::string_view part) {
  for (auto read = reads_.begin(); read != reads_.end();)
    read = stands_in(read->first, part) ? reads_.erase(read) : std::next(read);
}

// What was made inside of it went with it: made again, it makes that again, too.
void History::take_undone(PastCall& call) {
  call.undone = true;
  call.undo.reset();
  const auto nested = nested_.find(call.id);
  if (nested == nested_.end()) return;
  for (const std::size_t place : nested->second) take_undone(calls_[place]);
}

const PastCall* History::find(std::string_view id) const {
  const auto place = places_.find(id);
  return place == places_.end() ? nullptr : &calls_[place->second];
}

const PastRead* History::read(std::string_view id) const {
  const auto read = reads_.find(id);
  return read == reads_.end() ? nullptr : &read->second;
}

const PastPart* History::part(std::string_view made) const {
  const auto part = parts_.find(made);
  return part == parts_.end() ? nullptr : &part->second;
}

std::vector<const PastCall*> History::nested_in(std::string_view id) const {
  std::vector<const PastCall*> found;
  const auto nested = nested_.find(id);
  if (nested == nested_.end()) return found;
  for (const std::size_t place : nested->second) found.push_back(&calls_[place]);
  return found;
}

bool History::is_of_a_failed_attempt(const PastCall& call) const {
  return std::any_of(parts_.begin(), parts_.end(), [&](const auto& part) {
    return !part.second.handler.empty() && stands_in(call.id, part.first + "/body");
  });
}

std::vector<const PastCall*> History::taken_back() const {
  std::vector<const PastCall*> found;
  for (const PastCall& call : calls_) {
    const bool gone = call.is_act && (call.undone || call.half_undone());
    if (gone && call.parent.empty() && !is_of_a_failed_attempt(call)) found.push_back(&call);
  }
  return found;
}

std::vector<Value> History::phases_of(std::string_view plan) const {
  std::size_t first = 0;
  for (const auto& [digest, before] : plans_anew_) {
    if (digest == plan) first = before;
  }
  return {phases_.begin() + static_cast<std::ptrdiff_t>(first), phases_.end()};
}

std::optional<Value> History::result_of(std::string_view id) const {
  if (const PastCall* past = find(id)) return past->result;
  // Its verbs have its id and a dot before their names.
  const std::string start = std::string(id) + ".";
  std::vector<std::size_t> verbs;
  for (auto verb = places_.lower_bound(start);
       verb != places_.end() && verb->first.rfind(start, 0) == 0; ++verb) {
    const PastCall& past = calls_[verb->second];
    if (past.result && past.parent.empty()) verbs.push_back(verb->second);
  }
  if (verbs.empty()) return std::nullopt;
  std::sort(verbs.begin(), verbs.end());
  Value merged;
  for (const std::size_t verb : verbs) {
    for (const auto& [name, member] : calls_[verb].result->members()) merged[name] = member;
  }
  return merged;
}

Result<Plan> with_phases(Plan plan, const History& history) {
  for (const Value& body : history.phases_of(plan.digest())) {
    const auto phase = plan_from(body.at("plan"));
    if (!phase) return fail(phase.error());
    plan = with_phase(std::move(plan), body.at("part").text(), *phase);
  }
  return plan;
}

Result<std::uint64_t> ToldJournal::tell(std::string_view type, Value body,
                                        Result<std::uint64_t> seq) {
  if (seq) history_.take({.seq = *seq, .type = std::string(type), .body = std::move(body)});
  return seq;
}

Result<std::uint64_t> ToldJournal::append(std::string_view type, Value body) {
  auto seq = journal_.append(type, body);
  return tell(type, std::move(body), std::move(seq));
}

Result<std::uint64_t> ToldJournal::append_later(std::string_view type, Value body) {
  auto seq = journal_.append_later(type, body);
  return tell(type, std::move(body), std::move(seq));
}

}  // namespace snapcore
