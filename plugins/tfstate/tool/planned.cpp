#include "planned.hpp"

#include <array>
#include <snapcore/utf8.hpp>
#include <vector>

namespace tfstate {
namespace {

using snapcore::fail;
using snapcore::shown;

constexpr std::size_t kLongestName = 1 << 16;
constexpr std::size_t kMostActions = 8;

Planning planning_of(const std::vector<std::string>& actions) {
  const auto is = [&](std::initializer_list<std::string_view> wanted) {
    return std::equal(actions.begin(), actions.end(), wanted.begin(), wanted.end());
  };
  if (is({"create"})) return Planning::kCreate;
  if (is({"update"})) return Planning::kUpdate;
  if (is({"delete"})) return Planning::kDestroy;
  if (is({"delete", "create"}) || is({"create", "delete"})) return Planning::kReplace;
  if (is({"forget"})) return Planning::kForget;
  return Planning::kOther;
}

bool is_nothing(const std::vector<std::string>& actions) {
  return actions.size() == 1 && (actions[0] == "no-op" || actions[0] == "read");
}

class PlanReader {
 public:
  PlanReader(JsonReader& reader, const std::function<Result<>(const PlannedChange&)>& report)
      : reader_(reader), report_(report) {}

  Result<PlannedTotals> read() {
    bool plan = false, errored = false;
    std::string version;
    reader_.enter_object();
    for (std::string name; reader_.member(name);) {
      if (name == "format_version") {
        take_text(version);
      } else if (name == "resource_changes") {
        plan = true;
        each([&] { read_change(); });
      } else if (name == "errored" && reader_.next() != Json::kNull) {
        reader_.boolean(errored);
      } else if (name == "planned_values") {
        plan = true;  // without a change there is no list of them
        reader_.skip();
      } else {
        reader_.skip();
      }
    }
    reader_.finish();
    if (reader_.failure()) return fail(bad(reader_.failure()->message));
    if (version.empty() || !plan) return fail(bad("it is no plan"));
    if (!version.starts_with("1.")) return fail(bad("its version is " + shown(version)));
    if (errored) return fail(bad("the tool could not plan all of it"));
    totals_.digest = snapcore::to_hex(hash_.finish());
    return totals_;
  }

  // What went wrong on our side of the reading, told as it is.
  const std::optional<snapcore::Error>& refused() const { return refused_; }

 private:
  static snapcore::Error bad(const std::string& why) {
    return {.code = "tfstate.bad_plan",
            .message = "what the tool says of its plan cannot be understood: " + why,
            .category = snapcore::Category::kPermanent};
  }

  template <class F>
  void each(F element) {
    if (reader_.next() == Json::kNull) {
      reader_.skip();
      return;
    }
    reader_.enter_array();
    while (reader_.element()) element();
  }
  bool take_text(std::string& out) {
    if (reader_.next() == Json::kNull) return reader_.skip();
    return reader_.text(out, kLongestName);
  }

  void read_change() {
    PlannedChange change;
    std::string mode, deposed;
    std::vector<std::string> actions;
    snapcore::Sha256 values;
    reader_.enter_object();
    for (std::string name; reader_.member(name);) {
      if (name == "address") {
        take_text(change.address);
      } else if (name == "mode") {
        take_text(mode);
      } else if (name == "deposed") {
        take_text(deposed);
      } else if (name == "action_reason") {
        take_text(change.reason);
      } else if (name == "change") {
        reader_.offset();
        reader_.begin_tap(values);
        read_actions(actions);
        reader_.end_tap();
      } else {
        reader_.skip();
      }
    }
    if (!reader_.ok() || mode == "data" || is_nothing(actions)) return;
    if (change.address.empty()) {
      reader_.refuse(bad("a change without an address"));
      return;
    }
    if (!deposed.empty()) change.address += " (deposed " + deposed + ")";
    for (const std::string& action : actions)
      change.actions += (change.actions.empty() ? "" : ", ") + action;
    change.planning = planning_of(actions);
    count(change, values);
    if (auto taken = report_(change); !taken) {
      refused_ = taken.error();
      reader_.refuse(taken.error());
    }
  }

  void read_actions(std::vector<std::string>& actions) {
    actions.clear();
    reader_.enter_object();
    for (std::string name; reader_.member(name);) {
      if (name != "actions") {
        reader_.skip();
        continue;
      }
      each([&] {
        if (actions.size() == kMostActions) {
          reader_.refuse(bad("a change with more actions than there are"));
          return;
        }
        take_text(actions.emplace_back());
      });
    }
  }

  void count(const PlannedChange& change, snapcore::Sha256& values) {
    hash_.update(std::string_view(change.address));
    hash_.update(std::string_view("\n" + change.actions + "\n"));
    hash_.update(std::string_view(snapcore::to_hex(values.finish()) + "\n"));
    switch (change.planning) {
      case Planning::kCreate: ++totals_.creates; break;
      case Planning::kUpdate: ++totals_.updates; break;
      case Planning::kReplace: ++totals_.replaces; break;
      case Planning::kDestroy: ++totals_.destroys; break;
      case Planning::kForget: ++totals_.forgets; break;
      case Planning::kOther: ++totals_.others; break;
    }
  }

  JsonReader& reader_;
  const std::function<Result<>(const PlannedChange&)>& report_;
  PlannedTotals totals_;
  snapcore::Sha256 hash_;
  std::optional<snapcore::Error> refused_;
};

}  // namespace

Result<PlannedTotals> read_planned(JsonReader& reader,
                                   const std::function<Result<>(const PlannedChange&)>& report) {
  PlanReader plan(reader, report);
  auto totals = plan.read();
  if (!totals && plan.refused()) return fail(*plan.refused());
  return totals;
}

std::string words_of_reason(const std::string& reason) {
  using Words = std::pair<std::string_view, std::string_view>;
  static constexpr std::array kWords = {
      Words{"delete_because_no_resource_config", "the configuration does not have it"},
      Words{"delete_because_no_module", "the configuration does not have its module"},
      Words{"delete_because_wrong_repetition", "the configuration repeats it another way"},
      Words{"delete_because_count_index", "the configuration counts fewer of it"},
      Words{"delete_because_each_key", "the configuration does not have its key"},
      Words{"delete_because_no_move_target", "what it was moved to is not in the configuration"},
      Words{"replace_because_tainted", "the last apply left it half made"},
      Words{"replace_because_cannot_update", "it cannot be changed in place"},
      Words{"replace_by_request", "that was asked for"},
      Words{"replace_by_triggers", "what it depends on changes"}};
  for (const auto& [name, words] : kWords) {
    if (reason == name) return std::string(words);
  }
  return shown(reason);
}

}  // namespace tfstate
