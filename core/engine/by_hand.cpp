#include "engine/by_hand.hpp"

#include <algorithm>

#include "engine/plan_index.hpp"
#include "engine/scopes.hpp"
#include "engine/undo_stack.hpp"

namespace snapcore {
namespace {

class Steps {
 public:
  Steps(const Plan& plan, const History& history) : plan_(plan), index_(plan), history_(history) {}

  std::vector<BackStep> all() {
    struct Entry {
      std::uint64_t seq;
      const PastCall* call;
      const PlannedPart* part;
    };
    std::vector<Entry> entries;
    for (const PastCall& past : history_.calls()) {
      if (past.parent.empty() && stands(past)) entries.push_back({past.begun, &past, nullptr});
    }
    for (const auto& [id, past] : history_.parts()) {
      const PlannedPart* part = plan_.part(id);
      if (past.registered && part) entries.push_back({past.seq, nullptr, part});
    }
    std::sort(entries.begin(), entries.end(),
              [](const Entry& a, const Entry& b) { return a.seq > b.seq; });
    for (const Entry& entry : entries) entry.call ? act(*entry.call) : added(*entry.part);
    return std::move(steps_);
  }

 private:
  bool stands(const PastCall& past) const {
    if (past.undone || is_on_the_way_back(past.id)) return false;
    return leaves_something(past) || (past.is_act && !history_.nested_in(past.id).empty());
  }

  void act(const PastCall& past) {
    const PlannedCall* planned = past.parent.empty() ? index_.call(past.id) : nullptr;
    const auto inner = history_.nested_in(past.id);
    const bool by_its_inner_ones =
        !past.undo && (planned ? planned->undo.kind == UndoRule::Kind::kNested : !inner.empty());
    if (by_its_inner_ones) {
      for (auto child = inner.rbegin(); child != inner.rend(); ++child) {
        if (stands(**child)) act(**child);
      }
      return;
    }
    BackStep step{.call = past.id, .name = past.instance + "." + past.operation};
    if (planned && planned->is_point_of_no_return())
      step.no_way_back = planned->undo.reason.empty() ? "it destroys" : planned->undo.reason;
    if (past.undo) {
      step.shell = texts_from(past.undo->at("shell"));
      step.words = texts_from(past.undo->at("words"));
    }
    if (step.words.empty() && planned) step.words = planned->undo_words;
    if (is_staged(past.id)) step.words = {"remove what was staged; nothing live rests on it"};
    steps_.push_back(std::move(step));
  }

  void added(const PlannedPart& part) {
    for (const std::string& note : part.notes)
      steps_.push_back({.call = part.id, .name = "note", .words = {note}, .added = true});
    for (const PlannedCall* call : plan_.calls()) {
      if (!stands_in(call->id, part.id)) continue;
      steps_.push_back({.call = call->id,
                        .name = call->instance + "." + call->operation,
                        .words = call->effects,
                        .shell = call->shell,
                        .added = true});
    }
  }

  bool is_staged(const std::string& id) const {
    return std::any_of(plan_.restores.begin(), plan_.restores.end(),
                       [&](const PlannedRestore& restore) { return id == restore.id + ".stage"; });
  }

  const Plan& plan_;
  const PlanIndex index_;
  const History& history_;
  std::vector<BackStep> steps_;
};

}  // namespace

std::vector<BackStep> way_back_of(const Plan& plan, const History& history) {
  return Steps(plan, history).all();
}

}  // namespace snapcore
