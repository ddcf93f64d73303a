// A plugin that tells its secrets wherever it can: in what it answers, plans, logs, records and
// fails with. Nobody shall ever read them there.
//
// The one place that may have them is the environment of the program that `act` starts: it is given
// the key as BLAB_KEY, and writes its environment, its limits and its command line to the file
// `child` in the directory of the instance.
#include <filesystem>
#include <fstream>
#include <snapcore/plugin.hpp>
#include <snapcore/support/process.hpp>

namespace blab {

namespace sdk = snapcore::sdk;
using snapcore::fail;
using snapcore::Result;
using snapcore::Value;

struct Config {
  std::string path;
  sdk::Secret key;
  sdk::Secret token;
  std::vector<sdk::Secret> more;
};
void fields(sdk::Fields& f, Config& c) {
  f("path", c.path, "directory to write to").not_empty();
  f("key", c.key, "a secret");
  f("token", c.token, "a secret");
  f("more", c.more, "secrets").optional();
}

struct Args {
  std::string name;
  std::optional<sdk::Secret> pin;
  bool fails = false;
};
void fields(sdk::Fields& f, Args& a) {
  f("name", a.name, "of the act").not_empty();
  f("pin", a.pin, "a secret").optional();
  f("fails", a.fails, "after everything was done").optional();
}

struct Told {
  std::string text;
  std::vector<std::string> words;
};
void fields(sdk::Fields& f, Told& t) {
  f("text", t.text, "all secrets");
  f("words", t.words, "all secrets");
}

class Blab {
 public:
  static Result<std::unique_ptr<Blab>> create(sdk::Call&, const Config& config) {
    auto made = std::make_unique<Blab>();
    made->config_ = config;
    return made;
  }

  Result<Told> tell(sdk::Call& call, const Args& args) {
    auto text = say(call, args);
    if (!text) return fail(text.error());
    if (args.fails) return fail(broken(*text));
    return Told{*text, {*text}};
  }

  Result<sdk::Planned> plan_act(sdk::Call& call, const Args& args) {
    auto text = say(call, args);
    if (!text) return fail(text.error());
    return sdk::Planned("act " + args.name + " with " + *text)
        .resource("blab:" + *text)
        .undo("take back " + *text)
        .keeps("keeps " + *text)
        .shell("echo " + snapcore::process::shell_quoted(*text))
        .space("where " + *text, 1, 1000);
  }
  Result<Told> act(sdk::Call& call, const Args& args) {
    auto text = say(call, args);
    if (!text) return fail(text.error());
    auto undo = call.record_undo({.data = Value::object({{"secrets", *text}}),
                                  .words = {*text},
                                  .shell = {"echo " + *text}});
    if (!undo) return fail(undo.error());
    auto position = call.checkpoint(Value::object({{*text, *text}}));
    if (!position) return fail(position.error());
    auto child = start_child(call);
    if (!child) return fail(child.error());
    std::ofstream(path(args.name)) << "done";
    if (args.fails) return fail(broken(*text));
    return Told{*text, {*text}};
  }
  Result<sdk::Undone> undo_act(sdk::Call& call, const sdk::Compensation<Args, Told>& what) {
    auto text = say(call, what.args);
    if (!text) return fail(text.error());
    std::filesystem::remove(path(what.args.name));
    return sdk::Undone{{"took back " + what.args.name + " with " + *text}};
  }

 private:
  std::filesystem::path path(const std::string& name) const {
    return std::filesystem::path(config_.path) / name;
  }

  static snapcore::Error broken(const std::string& text) {
    return {.code = "blab.broken",
            .message = "cannot go on with " + text,
            .hint = "try another than " + text,
            .outcome = snapcore::Outcome::kHappened,
            .cause = std::make_shared<const snapcore::Error>(
                snapcore::Error{.code = "blab.cause", .message = "because of " + text})};
  }

  Result<std::string> secrets(sdk::Call& call, const Args& args) const {
    std::vector<sdk::Secret> all = config_.more;
    all.push_back(config_.key);
    all.push_back(config_.token);
    if (args.pin) all.push_back(*args.pin);
    std::string text;
    for (const sdk::Secret& secret : all) {
      auto one = call.secret(secret);
      if (!one) return one;
      text += "<" + *one + ">";
    }
    return text;
  }

  Result<std::string> say(sdk::Call& call, const Args& args) const {
    auto text = secrets(call, args);
    if (!text) return text;
    for (const auto level :
         {sdk::Level::kDebug, sdk::Level::kInfo, sdk::Level::kWarning, sdk::Level::kError}) {
      call.log(level, call.facts().entry + " " + args.name + " knows " + *text);
    }
    call.progress(1, 2, "half of " + *text);
    return text;
  }

  Result<> start_child(sdk::Call& call) const {
    auto key = call.secret(config_.key);
    if (!key) return fail(key.error());
    const std::string look =
        "env; ulimit -c; tr '\\0' ' ' </proc/$$/cmdline; tr '\\0' ' ' </proc/$PPID/cmdline; "
        "echo \"$BLAB_KEY\"; echo \"$BLAB_KEY\" >&2; exit 0";
    const snapcore::process::Command command{.argv = {"/bin/sh", "-c", look},
                                             .environment = {{"BLAB_KEY", *key}}};
    auto finished = snapcore::process::run(command);
    if (!finished) return fail(finished.error());
    std::ofstream(path("child")) << finished->output;
    return snapcore::process::require_success(*finished, command);
  }

  Config config_;
};

sdk::Plugin<Blab> describe() {
  using T = Blab;
  return sdk::Plugin<T>("blab", "1.0.0")
      .license("Apache-2.0")
      .summary("cannot keep a secret")
      .operation(sdk::read("tell", &T::tell).summary("tells all it knows"))
      .operation(sdk::change("act", &T::plan_act, &T::act)
                     .summary("tells all it knows while acting")
                     .repeat(sdk::Repeat::kSafe)
                     .undo_by(&T::undo_act));
}

}  // namespace blab

SNAPCORE_PLUGIN(blab::describe);
