// A plugin for tests of the engine: entries are files in a directory, and everything that is called
// is written to the file `calls` beside them, so that a test can tell what really happened.
//
// An operation for every way of repeating, each with moments at which the process can be killed:
// with LEDGER_KILL_AT=N it ends at the Nth moment it comes to.
//
// Lines of the file `weather` in the directory make operations fail for a while: "add one before 2"
// makes the first two calls of `add one` fail with what may go away, before anything happened.
// Instead of `before`: `after` it happened, or `unknown` when that cannot be said.
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <snapcore/plugin.hpp>
#include <snapcore/support/files.hpp>

namespace ledger {

namespace files = snapcore::files;
namespace sdk = snapcore::sdk;
using snapcore::fail;
using snapcore::Result;

void moment() {
  static const char* const wish = std::getenv("LEDGER_KILL_AT");
  static std::atomic<int> passed = 0;
  if (wish && ++passed == std::atoi(wish)) ::kill(::getpid(), SIGKILL);
}

struct Config {
  std::string path;
  std::optional<sdk::Instance> other;
};
void fields(sdk::Fields& f, Config& c) {
  f("path", c.path, "directory of the entries").not_empty();
  f("other", c.other, "another ledger that `relay` writes to").interface_of("test.ledger/1");
}

struct Entry {
  std::string name;
  std::string fails;
};
void fields(sdk::Fields& f, Entry& e) {
  f("name", e.name, "of the entry").not_empty();
  f("fails", e.fails, "before, after, unknown or never").optional();
}

struct Sealed {
  std::string name;
  sdk::Secret pin;
};
void fields(sdk::Fields& f, Sealed& s) {
  f("name", s.name, "of the seal").not_empty();
  f("pin", s.pin, "what closes and opens it");
}

struct Added {
  std::string name;
  std::int64_t number = 0;
  bool fresh = false;
};
void fields(sdk::Fields& f, Added& a) {
  f("name", a.name, "of the entry");
  f("number", a.number, "how many entries there are now");
  f("fresh", a.fresh, "it was not there before");
}

struct Count {
  std::int64_t count = 0;
};
void fields(sdk::Fields& f, Count& c) { f("count", c.count, "entries"); }

struct Text {
  std::string text;
};
void fields(sdk::Fields& f, Text& t) { f("text", t.text); }

class Ledger {
 public:
  static Result<std::unique_ptr<Ledger>> create(sdk::Call&, const Config& config) {
    auto made = std::make_unique<Ledger>();
    made->path_ = config.path;
    made->other_ = config.other.value_or(sdk::Instance{});
    return made;
  }

  Result<Count> count(sdk::Call&, const sdk::Nothing&) {
    write("count");
    if (auto bad = weather("count", "before")) return fail(*bad);
    return Count{entries()};
  }

  Result<sdk::Planned> plan_add(sdk::Call& call, const Entry& args) {
    sdk::Planned planned("add the entry " + args.name);
    if (!call.unknown("name")) planned.predict("name", args.name);
    planned.resource("ledger:" + path_.string()).undo("remove it again");
    return planned;
  }
  Result<Added> add(sdk::Call& call, const Entry& args) {
    moment();
    write("add " + args.name);
    if (auto bad = weather("add " + args.name, "before")) return fail(*bad);
    if (args.fails == "before") return fail(broken(snapcore::Outcome::kNothingHappened));
    const bool fresh = !std::filesystem::exists(path_ / args.name);
    auto recorded = call.record_undo(
        {.data = args.name, .words = {"remove " + args.name}, .shell = {"rm " + args.name}});
    if (!recorded) return fail(recorded.error());
    moment();
    std::ofstream(path_ / args.name) << args.name;
    moment();
    if (args.fails == "after") return fail(broken(snapcore::Outcome::kHappened));
    if (args.fails == "unknown") return fail(broken(snapcore::Outcome::kMayHaveHappened));
    if (auto bad = weather("add " + args.name, "after")) return fail(*bad);
    return Added{args.name, entries(), fresh};
  }
  Result<sdk::Undone> undo_add(sdk::Call&, const sdk::Compensation<Entry, Added>& what) {
    write("undo " + what.args.name);
    if (std::filesystem::exists(path_ / "no_way_back"))
      return fail(broken(snapcore::Outcome::kNothingHappened));
    moment();
    std::filesystem::remove(path_ / what.args.name);
    moment();
    return sdk::Undone{{"removed " + what.args.name}};
  }

  // The key says which call made the entry: made again with the same one, it is the same entry.
  Result<Added> stamp(sdk::Call& call, const Entry& args) {
    moment();
    write("stamp " + args.name + " " + call.facts().key.substr(0, 8));
    const std::string key = call.facts().key;
    const std::string there = text_of(args.name);
    if (there == key) return Added{args.name, entries(), false};
    // An empty one was cut off before its key was written, by the kill of a neighbour's call.
    if (!there.empty()) return fail(broken(snapcore::Outcome::kNothingHappened));
    auto recorded = call.record_undo({.data = args.name, .words = {"remove " + args.name}});
    if (!recorded) return fail(recorded.error());
    moment();
    put(args.name, key);
    moment();
    return Added{args.name, entries(), true};
  }

  // Reads an entry that another ledger writes, and the one behind it: through pipes, so that both
  // wait for each other.
  Result<Added> hear(sdk::Call& call, const Entry& args) {
    write("hear " + args.name);
    for (const std::string& name : {args.name, args.name + ".then"}) {
      if (std::filesystem::exists(path_ / name)) text_of(name);
    }
    auto recorded = call.record_undo({.data = args.name, .words = {"forget " + args.name}});
    if (!recorded) return fail(recorded.error());
    put(args.name + ".heard", args.name);
    return Added{args.name, 1, true};
  }
  Result<sdk::Undone> undo_hear(sdk::Call&, const sdk::Compensation<Entry, Added>& what) {
    write("undo " + what.args.name);
    std::filesystem::remove(path_ / (what.args.name + ".heard"));
    return sdk::Undone{{"forgot " + what.args.name}};
  }

  // Once the other ledger is under way as well, counts its entries: through a pipe that one of them
  // writes and the other reads.
  Result<sdk::Nothing> look_across(sdk::Call& call, const Entry& args) {
    const bool writes =
        std::filesystem::is_fifo(std::filesystem::symlink_status(path_ / args.name));
    if (writes) put(args.name, "here");
    if (!writes) text_of(args.name);
    auto counted = call.call(other_, "count", snapcore::Value::object(), "across");
    if (!counted) return fail(counted.error());
    return sdk::Nothing{};
  }

  // Fails when another one is under way anywhere in this process.
  Result<Added> alone(sdk::Call& call, const Entry& args) {
    static std::atomic<int> inside = 0;
    const bool first = ++inside == 1;
    write("alone " + args.name);
    auto recorded = call.record_undo({.data = args.name, .words = {"remove " + args.name}});
    put(args.name, args.name);
    --inside;
    if (!recorded) return fail(recorded.error());
    if (!first) return fail(broken(snapcore::Outcome::kHappened));
    return Added{args.name, entries(), true};
  }

  // Two files: killed between them, it is half done, and the probe says so.
  Result<Added> post(sdk::Call& call, const Entry& args) {
    write("post " + args.name);
    auto recorded = call.record_undo({.data = args.name, .words = {"remove " + args.name}});
    if (!recorded) return fail(recorded.error());
    if (std::filesystem::exists(path_ / args.name) ||
        std::filesystem::exists(path_ / (args.name + ".second")))
      return fail(broken(snapcore::Outcome::kNothingHappened));  // it must not be made twice
    moment();
    put(args.name, args.name);
    moment();
    put(args.name + ".second", args.name);
    moment();
    if (auto bad = weather("post " + args.name, "unknown")) return fail(*bad);
    return Added{args.name, 2, true};
  }
  Result<sdk::Probed<Added>> probe_post(sdk::Call&, const Entry& args) {
    write("probe " + args.name);
    if (std::filesystem::exists(path_ / "does_not_know"))
      return sdk::Probed<Added>::cannot_tell("the ledger is closed");
    const bool first = std::filesystem::exists(path_ / args.name);
    const bool whole = !text_of(args.name).empty() && !text_of(args.name + ".second").empty();
    if (whole) return sdk::Probed<Added>::done({args.name, 2, true});
    if (first) return sdk::Probed<Added>::partial("one of two");
    return sdk::Probed<Added>::not_started();
  }
  Result<sdk::Undone> undo_post(sdk::Call&, const sdk::Compensation<Entry, Added>& what) {
    write("undo " + what.args.name);
    moment();
    std::filesystem::remove(path_ / (what.args.name + ".second"));
    moment();
    std::filesystem::remove(path_ / what.args.name);
    moment();
    return sdk::Undone{{"removed " + what.args.name}};
  }

  // Adds a line each time: whoever does it twice is found out.
  Result<Added> ring(sdk::Call& call, const Entry& args) {
    write("ring " + args.name);
    auto recorded = call.record_undo({.data = args.name, .words = {"take the bell down"}});
    if (!recorded) return fail(recorded.error());
    moment();
    std::ofstream(path_ / args.name, std::ios::app) << "ring\n";
    moment();
    if (auto bad = weather("ring " + args.name, "unknown")) return fail(*bad);
    return Added{args.name, 1, true};
  }

  // As ring, but what takes it back needs nothing recorded: its intent alone tells that it began.
  Result<Added> toll(sdk::Call&, const Entry& args) {
    write("toll " + args.name);
    moment();
    std::ofstream(path_ / args.name, std::ios::app) << "toll\n";
    moment();
    return Added{args.name, 1, true};
  }

  Result<sdk::Planned> plan_seal(sdk::Call&, const Sealed& args) {
    return sdk::Planned("seal " + args.name).undo("break the seal");
  }
  Result<sdk::Nothing> seal(sdk::Call& call, const Sealed& args) {
    return use_pin(call, args, "sealed");
  }
  Result<sdk::Undone> undo_seal(sdk::Call& call,
                                const sdk::Compensation<Sealed, sdk::Nothing>& what) {
    auto used = use_pin(call, what.args, "unsealed");
    if (!used) return fail(used.error());
    return sdk::Undone{{"broke the seal"}};
  }

  Result<Added> lie(sdk::Call& call, const Entry& args) {
    auto added = add(call, args);
    if (added) added->name = "another";
    return added;
  }

  Result<sdk::Planned> plan_relay(sdk::Call&, const Entry& args) {
    sdk::Planned planned("have " + other_.name + " add the entry " + args.name);
    planned.call("there", other_, "add", snapcore::Value::object({{"name", args.name}}));
    return planned;
  }
  Result<sdk::Nothing> relay(sdk::Call& call, const Entry& args) {
    moment();
    write("relay " + args.name);
    const std::string name = args.fails == "before" ? "unannounced" : args.name;
    auto added = call.call(other_, "add", snapcore::Value::object({{"name", name}}), "there");
    if (!added) return fail(added.error());
    moment();
    if (args.fails == "after") return fail(broken(snapcore::Outcome::kHappened));
    return sdk::Nothing{};
  }

  // As relay, and takes it back itself, by other acts of the other ledger.
  Result<sdk::Planned> plan_lend(sdk::Call&, const Entry& args) {
    sdk::Planned planned("have " + other_.name + " keep the entry " + args.name);
    auto there = snapcore::Value::object({{"name", args.name}, {"fails", sdk::Planned::later()}});
    planned.call("there", other_, "stamp", std::move(there));
    return planned.undo("have it burnt there");
  }
  Result<sdk::Nothing> lend(sdk::Call& call, const Entry& args) {
    write("lend " + args.name);
    auto recorded = call.record_undo({.data = args.name, .words = {"burn " + args.name}});
    if (!recorded) return fail(recorded.error());
    auto given = snapcore::Value::object({{"name", args.name}});
    if (!args.fails.empty()) given["fails"] = args.fails;
    auto added = call.call(other_, "stamp", given, "there");
    if (!added) return fail(added.error());
    return sdk::Nothing{};
  }
  Result<sdk::Undone> undo_lend(sdk::Call& call,
                                const sdk::Compensation<Entry, sdk::Nothing>& was) {
    const char* how = was.args.name == "bell" ? "ring" : "burn";
    const auto args = snapcore::Value::object({{"name", was.args.name}});
    auto counted = call.call(other_, "count", snapcore::Value::object(), "look");
    if (!counted) return fail(counted.error());
    auto undone = call.call(other_, how, args, "back");
    if (!undone) return fail(undone.error());
    return sdk::Undone{{"had " + was.args.name + " burnt"}};
  }

  Result<> names(sdk::Call& call, const sdk::Nothing&) {
    std::set<std::string> names;
    for (const auto& file : std::filesystem::directory_iterator(path_))
      names.insert(file.path().filename());
    for (const std::string& name : names) {
      if (auto told = call.emit(Entry{.name = name, .fails = ""}); !told) return told;
    }
    return {};
  }
  // What the other one emits, as it comes.
  Result<Text> peek(sdk::Call& call, const sdk::Nothing&) {
    auto asked = call.open_call(other_, "names", snapcore::Value::object(), "peek");
    if (!asked) return fail(asked.error());
    Text text;
    std::array<std::byte, 7> piece = {};
    for (auto got = asked->read(piece);; got = asked->read(piece)) {
      if (!got) return fail(got.error());
      if (*got == 0) break;
      text.text.append(reinterpret_cast<const char*>(piece.data()), *got);
    }
    if (auto done = asked->finish(); !done) return fail(done.error());
    return text;
  }

  // As relay, behind everybody's back.
  Result<sdk::Planned> plan_spill(sdk::Call&, const Entry& args) {
    sdk::Planned planned("spill the entry " + args.name);
    planned.resource("ledger:" + path_.string()).undo("wipe it up");
    return planned;
  }
  Result<sdk::Nothing> spill(sdk::Call& call, const Entry& args) {
    write("spill " + args.name);
    auto recorded = call.record_undo({.data = args.name, .words = {"wipe up " + args.name}});
    if (!recorded) return fail(recorded.error());
    std::ofstream(path_.parent_path() / other_.name / args.name) << args.name;
    return sdk::Nothing{};
  }
  Result<sdk::Undone> undo_spill(sdk::Call&, const sdk::Compensation<Entry, sdk::Nothing>& what) {
    write("undo " + what.args.name);
    std::filesystem::remove(path_.parent_path() / other_.name / what.args.name);
    return sdk::Undone{{"wiped up " + what.args.name}};
  }

  Result<sdk::Planned> plan_burn(sdk::Call&, const Entry& args) {
    return sdk::Planned("burn the entry " + args.name);
  }
  Result<sdk::Nothing> burn(sdk::Call&, const Entry& args) {
    write("burn " + args.name);
    std::filesystem::remove(path_ / args.name);
    return sdk::Nothing{};
  }

  Result<sdk::Planned> plan_expect(sdk::Call&, const Entry& args) {
    return sdk::Planned("the entry " + args.name + " is there");
  }
  Result<sdk::Nothing> expect(sdk::Call&, const Entry& args) {
    write("expect " + args.name);
    if (auto bad = weather("expect " + args.name, "before")) return fail(*bad);
    if (!std::filesystem::exists(path_ / args.name)) {
      return fail({.code = "ledger.missing", .message = "there is no entry " + args.name});
    }
    return sdk::Nothing{};
  }

 private:
  static snapcore::Error broken(snapcore::Outcome outcome) {
    return {.code = "ledger.broken", .message = "the ledger broke", .outcome = outcome};
  }
  std::size_t times(const std::string& what) const {
    std::ifstream calls(path_ / "calls");
    std::size_t count = 0;
    for (std::string line; std::getline(calls, line);) count += line == what ? 1 : 0;
    return count;
  }
  // What keeps this call from succeeding today. The call itself is counted already.
  std::optional<snapcore::Error> weather(const std::string& what, const std::string& when) const {
    std::ifstream lines(path_ / "weather");
    for (std::string line; std::getline(lines, line);) {
      const std::string said = what + " " + when + " ";
      if (line.rfind(said, 0) != 0) continue;
      if (times(what) > std::stoul(line.substr(said.size()))) continue;
      using snapcore::Outcome;
      return snapcore::Error{.code = "ledger.weather",
                             .message = "it rains on " + what,
                             .category = snapcore::Category::kTransient,
                             .outcome = when == "before"  ? Outcome::kNothingHappened
                                        : when == "after" ? Outcome::kHappened
                                                          : Outcome::kMayHaveHappened};
    }
    return std::nullopt;
  }
  Result<sdk::Nothing> use_pin(sdk::Call& call, const Sealed& args, const std::string& what) {
    auto pin = call.secret(args.pin);
    if (!pin) return fail(pin.error());
    write(what + " with a pin of " + std::to_string(pin->size()) + " digits");
    return sdk::Nothing{};
  }
  void put(const std::string& name, const std::string& text) {
    std::ofstream(path_ / name) << text;
  }
  std::string text_of(const std::string& name) const {
    std::ifstream file(path_ / name);
    std::string text;
    std::getline(file, text);
    return text;
  }
  void write(const std::string& line) {
    std::ofstream(path_ / "calls", std::ios::app) << line << '\n';
  }
  std::int64_t entries() const {
    std::int64_t number = 0;
    for (const auto& file : std::filesystem::directory_iterator(path_))
      number += file.path().filename() != "calls";
    return number;
  }

  files::Path path_;
  sdk::Instance other_;
};

sdk::Plugin<Ledger> describe() {
  using T = Ledger;
  return sdk::Plugin<T>("ledger", "1.0.0")
      .license("Apache-2.0")
      .summary("entries in a directory")
      .offers("test.ledger/1")
      .needs("test.ledger/1")
      .operation(sdk::read("count", &T::count).summary("how many entries there are"))
      .operation(sdk::verify("expect", &T::plan_expect, &T::expect).summary("an entry is there"))
      .operation(sdk::verify("look_across", &T::plan_expect, &T::look_across)
                     .summary("counts the entries of another ledger"))
      .operation(sdk::change("add", &T::plan_add, &T::add)
                     .summary("adds an entry")
                     .repeat(sdk::Repeat::kSafe)
                     .undo_by(&T::undo_add))
      .operation(sdk::change("stamp", &T::plan_add, &T::stamp)
                     .summary("adds an entry that bears the key of its call")
                     .repeat(sdk::Repeat::kKeyed)
                     .undo_by(&T::undo_add))
      .operation(sdk::change("post", &T::plan_add, &T::post)
                     .summary("adds an entry of two files")
                     .probe_by(&T::probe_post)
                     .undo_by(&T::undo_post))
      .operation(sdk::change("ring", &T::plan_add, &T::ring)
                     .summary("must not be done twice")
                     .repeat(sdk::Repeat::kUnrepeatable)
                     .undo_by(&T::undo_add))
      .operation(sdk::change("toll", &T::plan_add, &T::toll)
                     .summary("must not be done twice, and records nothing before it is done")
                     .repeat(sdk::Repeat::kUnrepeatable)
                     .undo_by(&T::undo_add))
      .operation(sdk::change("hear", &T::plan_add, &T::hear)
                     .summary("hears of an entry while it is made")
                     .repeat(sdk::Repeat::kSafe)
                     .undo_by(&T::undo_hear))
      .operation(sdk::change("alone", &T::plan_add, &T::alone)
                     .summary("adds an entry while no other one is added")
                     .repeat(sdk::Repeat::kSafe)
                     .undo_by(&T::undo_add))
      .operation(sdk::change("seal", &T::plan_seal, &T::seal)
                     .summary("seals with a secret, and needs it again to take that back")
                     .repeat(sdk::Repeat::kSafe)
                     .undo_by(&T::undo_seal))
      .operation(sdk::change("lie", &T::plan_add, &T::lie)
                     .summary("does not do what its plan says")
                     .repeat(sdk::Repeat::kSafe)
                     .undo_by(&T::undo_add))
      .operation(sdk::change("relay", &T::plan_relay, &T::relay)
                     .summary("adds an entry to another ledger")
                     .repeat(sdk::Repeat::kComposed)
                     .undo_nested())
      .operation(sdk::change("lend", &T::plan_lend, &T::lend)
                     .summary("has another ledger keep an entry, and burn it when that is undone")
                     .repeat(sdk::Repeat::kKeyed)
                     .undo_by(&T::undo_lend))
      .operation(sdk::read("names", &T::names).summary("names of the entries").emits<Entry>())
      .operation(sdk::read("peek", &T::peek).summary("names of the entries of another ledger"))
      .operation(sdk::change("spill", &T::plan_spill, &T::spill)
                     .summary("adds an entry to another ledger, and says nothing of it")
                     .repeat(sdk::Repeat::kSafe)
                     .undo_by(&T::undo_spill))
      .operation(sdk::destroy("burn", &T::plan_burn, &T::burn)
                     .summary("removes an entry for good")
                     .repeat(sdk::Repeat::kSafe)
                     .undo_none("a burnt entry is gone"));
}

}  // namespace ledger

SNAPCORE_PLUGIN(ledger::describe);
