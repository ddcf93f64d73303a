#include "preview.hpp"

#include <algorithm>
#include <set>
#include <snapcore/support/files.hpp>
#include <snapcore/utf8.hpp>

#include "comparison.hpp"
#include "decrypted.hpp"
#include "scratch.hpp"
#include "tool_run.hpp"
#include "working_copy.hpp"

namespace tfstate {
namespace {

namespace sdk = snapcore::sdk;
namespace fs = std::filesystem;
namespace files = snapcore::files;
using snapcore::fail;
using snapcore::shown;

constexpr std::size_t kMostNamed = 20;    // of each sort, in words
constexpr std::size_t kMostListed = 500;  // of each sort, in the result

std::string counted(std::uint64_t count, const std::string& what) {
  return what + " " + std::to_string(count);
}

// Names in a list that a person, or an approval, is given: not longer than it can be read.
class Names {
 public:
  void add(std::string name) {
    ++count_;
    if (names_.size() < kMostListed) names_.push_back(std::move(name));
  }
  std::uint64_t count() const { return count_; }
  std::vector<std::string> listed() const {
    std::vector<std::string> list = names_;
    if (count_ > list.size())
      list.push_back("and " + std::to_string(count_ - list.size()) + " more");
    return list;
  }
  void say(std::vector<std::string>& words, const std::string& before,
           const std::string& behind = "") const {
    const std::size_t named = std::min(names_.size(), kMostNamed);
    for (std::size_t i = 0; i < named; ++i) words.push_back(before + names_[i] + behind);
    if (count_ > named) words.push_back(before + std::to_string(count_ - named) + " more" + behind);
  }

 private:
  std::vector<std::string> names_;
  std::uint64_t count_ = 0;
};

struct Found {
  PlannedTotals totals;
  Names destroyed, replaced, created, duplicated, updated, forgotten, others;

  void take(const PlannedChange& change, const std::set<std::string>& live) {
    std::string name = shown(change.address);
    const std::string why = words_of_reason(change.reason);
    switch (change.planning) {
      case Planning::kCreate:
        (live.count(change.address) > 0 ? duplicated : created).add(std::move(name));
        break;
      case Planning::kUpdate: updated.add(std::move(name)); break;
      case Planning::kReplace:
        replaced.add(name);
        whys.push_back("REPLACES " + name + (why.empty() ? "" : ": " + why));
        break;
      case Planning::kDestroy:
        destroyed.add(name);
        whys.push_back("DESTROYS " + name + (why.empty() ? "" : ": " + why));
        break;
      case Planning::kForget: forgotten.add(std::move(name)); break;
      case Planning::kOther: others.add(name + " (" + shown(change.actions) + ")"); break;
    }
    if (whys.size() > kMostNamed) whys.pop_back();
  }
  std::vector<std::string> whys;  // of those that are destroyed and replaced, in the tool's order
};

std::string totals_line(const Found& found, const Program& program) {
  const PlannedTotals& totals = found.totals;
  if (totals.all() == 0)
    return "with this copy the next apply has nothing to do (planned by " + program.name() + ")";
  std::string text = "with this copy the next apply " + counted(totals.destroys, "destroys") +
                     ", " + counted(totals.replaces, "replaces") + ", " +
                     counted(totals.creates, "creates") + ", " + counted(totals.updates, "updates");
  if (totals.forgets > 0) text += ", " + counted(totals.forgets, "forgets");
  return text + " (planned by " + program.name() + ")";
}

PreviewResult result_of(const Found& found, const Program& program, const Names& unmanaged) {
  PreviewResult result{.known = true,
                       .tool = program.name(),
                       .creates = found.totals.creates,
                       .updates = found.totals.updates,
                       .duplicates = found.duplicated.listed(),
                       .unmanaged = unmanaged.listed()};
  result.destroys = found.destroyed.listed();
  for (std::string& name : found.replaced.listed()) result.destroys.push_back(std::move(name));
  auto& words = result.words;
  words.push_back(totals_line(found, program));
  words.insert(words.end(), found.whys.begin(), found.whys.end());
  const std::uint64_t lost = found.totals.destroys + found.totals.replaces;
  if (lost > found.whys.size())
    words.push_back("DESTROYS " + std::to_string(lost - found.whys.size()) + " more");
  found.duplicated.say(words, "creates ", " ANEW: what is there now stays, and nothing manages it");
  found.others.say(words, "does something that is not known here with ");
  found.forgotten.say(words, "forgets ");
  found.updated.say(words, "updates ");
  found.created.say(words, "creates ");
  unmanaged.say(words, "unmanaged from then on: ");
  return result;
}

PreviewResult not_known(const snapcore::Error& why) {
  PreviewResult result;
  result.words = {"what the next apply would do with this copy is NOT KNOWN: " + why.message};
  if (!why.hint.empty()) result.words.push_back(why.hint);
  return result;
}

Result<> receive(sdk::Call& call, const sdk::Artifact& artifact, const fs::path& file) {
  std::error_code ignored;
  fs::create_directories(file.parent_path(), ignored);
  auto port = call.open_input(artifact);
  if (!port) return fail(port.error());
  auto fd = files::create_file(file);
  if (!fd) return fail(fd.error());
  std::vector<std::byte> piece(256 * 1024);
  for (;;) {
    if (auto going = call.keep_going(); !going) return going;
    const auto got = port->read(piece);
    if (!got) return fail(got.error());
    if (*got == 0) return {};
    if (auto put = files::write_all(*fd, std::span(piece).first(*got), file); !put) return put;
  }
}

Result<std::vector<std::string>> forgotten_with(sdk::Call& call, const sdk::Artifact& artifact,
                                                const WorkPlace& place, const StateBytes& live) {
  auto chosen = bytes_of(call, artifact);
  if (!chosen) return fail(chosen.error());
  const auto plain = readable(call, place, std::move(*chosen));
  if (!plain) return fail(plain.error());
  const auto live_plain = readable(call, place, live);
  if (!live_plain) return fail(live_plain.error());
  return forgotten_by(call, *plain, *live_plain);
}

// The state of the copy where the workspace looks for it.
struct Places {
  std::string workspace;
  fs::path root_state;
  fs::path states;
  fs::path state() const {
    return workspace == "default" ? root_state : states / workspace / "terraform.tfstate";
  }
};

Result<Found> ask_tool(sdk::Call& call, const PreviewArgs& args, const WorkPlace& place,
                       const Program& program, const Scratch& scratch, const Places& places,
                       const std::set<std::string>& live) {
  const fs::path below = scratch.path() / "tree";
  std::error_code ignored;
  fs::create_directory(below, ignored);
  auto copy = copy_working_directory(place.directory, below);
  if (!copy) return fail(copy.error());
  if (auto kept = keep_state_in(*copy, places.root_state, places.states); !kept)
    return fail(kept.error());
  const auto providers = providers_of(place.tool.providers, place.directory, scratch.path());
  if (!providers) return fail(providers.error());
  const ToolRun tool(
      program, place.tool,
      {.directory = copy->directory,
       .scratch = scratch.path(),
       .environment = {{"TF_DATA_DIR", copy->data.string()}, {"TF_WORKSPACE", places.workspace}},
       .cancelled = [&] { return call.cancelled(); }});
  call.log(sdk::Level::kInfo, "asking " + program.name() + " what it would do with the copy");
  if (auto ready = tool.init(*providers, copy->has_modules); !ready) return fail(ready.error());
  std::vector<std::string> more;
  if (!args.refresh) more.emplace_back("-refresh=false");
  if (auto planned = tool.plan(more); !planned) return fail(planned.error());
  Found found;
  auto totals = tool.show([&](const PlannedChange& change) -> Result<> {
    found.take(change, live);
    return {};
  });
  if (!totals) return fail(totals.error());
  found.totals = std::move(*totals);
  return found;
}

}  // namespace

void fields(sdk::Fields& f, PreviewArgs& args) {
  f("artifact", args.artifact, "the copy that would be restored");
  f("refresh", args.refresh, "look at what is really there; false where that cannot be reached")
      .optional();
}
void fields(sdk::Fields& f, PreviewResult& result) {
  f("known", result.known, "the tool could say it");
  f("tool", result.tool, "which tool, and its version").optional();
  f("creates", result.creates, "objects that the next apply would create");
  f("updates", result.updates);
  f("destroys", result.destroys, "objects that it would destroy, also to replace them");
  f("duplicates", result.duplicates, "those that it would create although they are there");
  f("unmanaged", result.unmanaged, "objects of the live state that the copy does not know");
  f("words", result.words);
}

std::string would_destroy(const std::vector<std::string>& destroys) {
  std::string text = "with this copy the next apply would destroy ";
  const std::size_t named = std::min<std::size_t>(destroys.size(), 5);
  for (std::size_t i = 0; i < named; ++i) text += (i == 0 ? "" : ", ") + shown(destroys[i]);
  if (destroys.size() > named) text += " and " + std::to_string(destroys.size() - named) + " more";
  return text;
}

Result<PreviewResult> call_preview(sdk::Call& call, const PreviewArgs& args, const WorkPlace& place,
                                   const StateBytes& live_bytes) {
  const auto program = Program::find(place);
  if (!program) return not_known(program.error());
  const auto scratch = Scratch::make();
  if (!scratch) return not_known(scratch.error());
  const Places places{place.workspace, scratch->path() / "state" / "terraform.tfstate",
                      scratch->path() / "state" / "workspaces"};
  std::error_code ignored;
  fs::create_directories(places.states, ignored);
  if (auto received = receive(call, args.artifact, places.state()); !received)
    return fail(received.error());

  Names unmanaged;
  std::set<std::string> live;
  const auto forgotten = forgotten_with(call, args.artifact, place, live_bytes);
  if (forgotten) {
    for (const std::string& address : *forgotten) {
      live.insert(address);
      unmanaged.add(shown(address));
    }
  }
  const auto found = ask_tool(call, args, place, *program, *scratch, places, live);
  if (auto going = call.keep_going(); !going) return fail(going.error());
  if (!found) return not_known(found.error());
  auto result = result_of(*found, *program, unmanaged);
  if (!forgotten) {
    result.words.push_back("what nothing would manage from then on is NOT KNOWN: " +
                           forgotten.error().message);
  }
  return result;
}

}  // namespace tfstate
