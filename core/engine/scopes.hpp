// Where a runbook stands: the scopes that are open, the innermost last, each with counters of its
// own.
//
// A scope's path names its calls in the plan: "root/retry[1]#2". A body that is made again has the
// same calls, but what it reads may be something else each time: reads are named by the path they
// were made under, "root/retry[1]@2?1" in the second round.
#pragma once

#include <cstdint>
#include <map>
#include <snapcore/value.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace snapcore {

// What a scope has come to.
struct ScopeCounts {
  std::uint64_t calls = 0;
  std::uint64_t reads = 0;
  std::map<std::string, std::uint64_t, std::less<>> inner = {};  // scopes and steps, by word
};

struct Scope {
  std::string path = "root";  // as in the plan
  std::string made = "root";  // with the rounds
  Value condition = {};       // of the when() it stands in, or null
  ScopeCounts counts = {};
};

class Scopes {
 public:
  Scopes() = default;
  // Begins inside of that scope.
  explicit Scopes(const std::string& path) : open_({Scope{.path = path, .made = path}}) {}

  struct ReadId {
    std::string planned;
    std::string made;
  };

  const Scope& here() const { return open_.back(); }
  std::size_t depth() const { return open_.size(); }

  std::string next_call() {
    return here().path + "#" + std::to_string(++open_.back().counts.calls);
  }
  ReadId next_read() {
    const std::string number = "?" + std::to_string(++open_.back().counts.reads);
    return {here().path + number, here().made + number};
  }
  // "retry[2]": the second one in this scope.
  std::string numbered(std::string_view word) {
    std::uint64_t& count = open_.back().counts.inner[std::string(word)];
    return std::string(word) + "[" + std::to_string(++count) + "]";
  }

  // A step opens no scope, and is counted in the one it stands in.
  std::string next_step() { return here().path + "/" + numbered("step"); }

  // A call of the plan, or what holds it, that stands in this scope and is not come to yet.
  bool lies_ahead(std::string_view id) const;
  // Counts it as come by, with what stands before it.
  void pass_over(std::string_view id);
  // Counts everything as come by that a step which ends there holds.
  void pass_to(const ScopeCounts& end);

  void open(std::string_view name) {
    Scope scope{.path = here().path + "/" + std::string(name),
                .made = here().made + "/" + std::string(name),
                .condition = here().condition};
    open_.push_back(std::move(scope));
  }
  void open_when(std::string_view name, const Value& condition) {
    open(name);
    open_.back().condition = condition;
  }
  // Back to where the scope that is now the `depth`th was the innermost.
  void close_to(std::size_t depth) {
    while (open_.size() > depth && open_.size() > 1) open_.pop_back();
  }
  void close() { close_to(open_.size() - 1); }

  // The innermost scope from its beginning, as `made` under this round.
  void begin_round(const std::string& made, std::uint64_t round) {
    Scope& scope = open_.back();
    scope.made = round > 1 ? made + "@" + std::to_string(round) : made;
    scope.counts = {};
  }

 private:
  std::vector<Scope> open_ = {Scope{}};
};

// Is the call or part with this id in that scope?
inline bool stands_in(std::string_view id, std::string_view scope) {
  if (id.substr(0, scope.size()) != scope || id.size() == scope.size()) return false;
  const char next = id[scope.size()];
  return next == '/' || next == '#' || next == '?';
}

// The innermost branch that a call, a read or a part stands in, as in the plan: of
// "root/retry[1]@2/parallel[1]/branch[3]?1" it is "root/retry[1]/parallel[1]/branch[3]". Outside of
// all it is "".
std::string branch_of(std::string_view id);

// Two branches of one parallel, or what stands in two such.
bool are_beside(std::string_view branch, std::string_view other);

}  // namespace snapcore
