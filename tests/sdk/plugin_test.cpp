// A plugin that has one of everything, run through its table by the fake host.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <new>
#include <snapcore/interfaces/host.hpp>
#include <snapcore/interfaces/objects.hpp>
#include <snapcore/interfaces/source.hpp>
#include <snapcore/interfaces/target.hpp>
#include <snapcore/plugin.hpp>
#include <stdexcept>
#include <thread>

#include "../fakes/host.hpp"

namespace harbour {

namespace sdk = snapcore::sdk;
namespace fakes = snapcore::fakes;
using sdk::Call;
using snapcore::fail;
using snapcore::Outcome;
using snapcore::Result;
using snapcore::Value;
using testing::ElementsAre;
using testing::IsEmpty;

struct Config {
  std::string path;
  sdk::Secret key;
  std::map<std::string, sdk::Secret> more;
};
void fields(sdk::Fields& f, Config& c) {
  f("path", c.path, "where it lies");
  f("key", c.key).optional();
  f("more", c.more).optional();
}

struct MoveArgs {
  std::string name;
  std::vector<std::string> tags;
  sdk::Secret password;
};
void fields(sdk::Fields& f, MoveArgs& a) {
  f("name", a.name, "what to move");
  f("tags", a.tags).optional();
  f("password", a.password).optional();
}

struct Moved {
  std::string to;
  std::uint32_t attempt = 0;
};
void fields(sdk::Fields& f, Moved& m) {
  f("to", m.to);
  f("attempt", m.attempt).optional();
}

struct Text {
  std::string text;
};
void fields(sdk::Fields& f, Text& t) { f("text", t.text); }

class Harbour {
 public:
  static int alive;

  explicit Harbour(Config config) : config_(std::move(config)) { ++alive; }
  ~Harbour() { --alive; }

  static Result<std::unique_ptr<Harbour>> create(Call& call, const Config& config) {
    if (config.path.empty()) {
      return fail({.code = "harbour.no_path", .message = "path is empty"});
    }
    if (config.path == "throw") throw std::runtime_error("thrown while created");
    call.log(sdk::Level::kDebug, "created in " + call.facts().entry);
    return std::make_unique<Harbour>(config);
  }

  Result<> list(Call& call, const sdk::source::ListArgs& args) const {
    for (int i = 0; i < 3; ++i) {
      sdk::Artifact artifact;
      artifact.ref = artifact.name = args.prefix.value_or("") + std::to_string(i);
      if (auto taken = call.emit(artifact); !taken) return taken;
    }
    return {};
  }

  Result<Text> secrets(Call& call, const MoveArgs& args) {
    auto key = call.secret(config_.key);
    if (!key) return fail(key.error());
    auto password = call.secret(args.password);
    if (!password) return fail(password.error());
    auto odd = call.secret(config_.more.at("a/b~c"));
    if (!odd) return fail(odd.error());
    return Text{*key + " " + *password + " " + *odd};
  }

  Result<Text> echo(Call& call, const sdk::target::ExamineArgs& args) {
    auto port = call.open_input(args.artifact, 2);
    if (!port) return fail(port.error());
    auto size = port->size();
    std::byte first[2];
    if (auto got = port->read_at(0, first); !got) return fail(got.error());
    std::byte rest[64];
    auto got = port->read_full(rest);
    if (!got) return fail(got.error());
    std::string text(reinterpret_cast<char*>(first), 2);
    text.append(reinterpret_cast<char*>(rest), *got);
    return Text{text + " " + std::to_string(size->value_or(0))};
  }

  Result<Text> copy(Call& call, const sdk::Nothing&) {
    std::byte piece[8];
    std::uint64_t moved = 0;
    for (;;) {
      if (auto going = call.keep_going(); !going) return fail(going.error());
      auto got = call.port(0).read(piece);
      if (!got) return fail(got.error());
      if (*got == 0) break;
      if (auto put = call.port(1).write(std::span(piece).first(*got)); !put)
        return fail(put.error());
      call.progress(moved += *got, 0);
    }
    return Text{std::to_string(moved)};
  }

  Result<Text> nested(Call& call, const MoveArgs& args) {
    const sdk::Instance host{"host_a"};
    auto space = call.call_as<sdk::host::Space>(host, "host_space",
                                                sdk::host::SpaceArgs{.path = args.name}, "space");
    if (!space) return fail(space.error());
    auto stream = call.open_call(host, "objects_get", Value::object(), "bytes");
    if (!stream) return fail(stream.error());
    std::byte piece[64];
    auto got = stream->read(piece);
    if (!got) return fail(got.error());
    if (args.tags.empty()) {
      auto result = stream->finish();
      if (!result) return fail(result.error());
    }  // else the destructor has to
    return Text{std::to_string(space->free.count) + " " +
                std::string(reinterpret_cast<char*>(piece), *got)};
  }

  Result<sdk::Planned> plan_move(Call& call, const MoveArgs& args) {
    sdk::Planned planned("move " + (call.unknown("name") ? std::string("it") : args.name));
    if (call.unknown("tags")) planned.effect("tags are not known yet");
    return planned.predict("to", "/there")
        .bytes(3)
        .seconds(1)
        .space("/", 3, 10)
        .resource("dir:HOST:/there")
        .undo("move it back")
        .keeps("the old stays")
        .concern(sdk::Guard::kVersion, "too new")
        .call("space", {"host_a"}, "host_space", Value::object({{"path", "/"}}));
  }
  Result<Moved> move(Call& call, const MoveArgs& args) {
    if (args.name == "throw") throw std::runtime_error("thrown while moving");
    if (args.name == "memory") throw std::bad_alloc();
    if (args.name == "odd") throw 42;
    if (args.name == "doubt") {
      return fail({.code = "net.timeout", .message = "?", .outcome = Outcome::kMayHaveHappened});
    }
    const Value undo = Value::object({{"from", "/here"}});
    if (auto kept = call.record_undo({.data = undo, .words = {"moved back"}, .shell = {"mv b a"}});
        !kept) {
      return fail(kept.error());
    }
    if (auto kept = call.checkpoint(Value::object({{"at", 5}})); !kept) return fail(kept.error());
    return Moved{.to = "/there", .attempt = call.facts().attempt};
  }
  Result<sdk::Undone> move_back(Call&, const sdk::Compensation<MoveArgs, Moved>& what) {
    std::string words = what.args.name + ": " + (what.result ? what.result->to : "no result") +
                        ", " + what.undo.at("from").string_or("no undo");
    return sdk::Undone{{words}};
  }
  Result<sdk::Probed<Moved>> probe_move(Call&, const MoveArgs& args) {
    if (args.name == "done") return sdk::Probed<Moved>::done({.to = "/there"});
    if (args.name == "half") return sdk::Probed<Moved>::partial("half of it");
    if (args.name == "new") return sdk::Probed<Moved>::not_started();
    return sdk::Probed<Moved>::cannot_tell("nobody is at home");
  }

  static Result<Text> about(Call&, const sdk::Nothing&) { return Text{"a harbour"}; }

 private:
  Config config_;
};
int Harbour::alive = 0;

sdk::Plugin<Harbour> describe() {
  return sdk::Plugin<Harbour>("harbour", "1.2.3")
      .license("Apache-2.0")
      .summary("ships")
      .source()
      .offers("snapcore.objects/1")
      .needs("snapcore.host/1")
      .kind("note", 4, "N\x7f")
      .operation(sdk::source::list(&Harbour::list))
      .operation(sdk::read("secrets", &Harbour::secrets))
      .operation(sdk::read("echo", &Harbour::echo))
      .operation(sdk::read("copy", &Harbour::copy).port_in("from").port_out("to").concurrent())
      .operation(sdk::read("nested", &Harbour::nested))
      .operation(sdk::change("move", &Harbour::plan_move, &Harbour::move)
                     .summary("moves a ship")
                     .probe_by(&Harbour::probe_move)
                     .undo_by(&Harbour::move_back)
                     .passes_secret("TOKEN")
                     .commit_point())
      .operation(sdk::read("about", &Harbour::about).since("1.1.0"));
}

const sc_plugin* table() { return sdk::detail::Table<&describe>::get(); }

const Value kConfig = Value::object({{"path", "/x"}});

class PluginTest : public testing::Test {
 protected:
  fakes::Host host_;
};

TEST_F(PluginTest, TheManifestSaysWhatTheClassDoes) {
  const Value manifest = fakes::manifest_of(table());
  EXPECT_EQ(manifest.at("id").text(), "harbour");
  EXPECT_EQ(manifest.at("roles").dump(), R"(["source"])");
  EXPECT_EQ(manifest.at("interfaces").dump(),
            R"({"needs":["snapcore.host/1"],"offers":["snapcore.objects/1"]})");
  EXPECT_EQ(manifest.at("kinds").dump(), R"([{"kind":"note","magic":"4e7f","offset":4}])");
  EXPECT_EQ(manifest.at("config"), sdk::schema_of<Config>());
  const Value& move = manifest.at("operations").items()[fakes::index_of(table(), "move")];
  EXPECT_EQ(move.at("effect").text(), "change");
  EXPECT_EQ(move.at("repeat").text(), "probe");
  EXPECT_EQ(move.at("undo").text(), "compensate");
  EXPECT_EQ(move.at("args"), sdk::schema_of<MoveArgs>());
  EXPECT_EQ(move.at("result"), sdk::schema_of<Moved>());
  EXPECT_EQ(move.at("secrets").dump(), R"(["TOKEN"])");
  EXPECT_TRUE(move.at("commit_point").bool_or(false));
  EXPECT_TRUE(move.at("needs_instance").bool_or(false));
  const Value& copy = manifest.at("operations").items()[fakes::index_of(table(), "copy")];
  EXPECT_EQ(copy.at("ports").dump(),
            R"([{"direction":"in","name":"from"},{"direction":"out","name":"to"}])");
  const Value& about = manifest.at("operations").items()[fakes::index_of(table(), "about")];
  EXPECT_FALSE(about.at("needs_instance").bool_or(true));
  EXPECT_EQ(about.at("since").text(), "1.1.0");
}

TEST_F(PluginTest, TheTableIsStaticAndItsTextsAreTheSameEveryTime) {
  EXPECT_EQ(table(), table());
  EXPECT_EQ(table()->struct_size, sizeof(sc_plugin));
  EXPECT_EQ(table()->abi_minor, 0u);
}

TEST_F(PluginTest, AnInstanceLivesFromCreateToClose) {
  {
    fakes::Instance instance(table(), host_, kConfig);
    EXPECT_TRUE(instance.made());
    EXPECT_EQ(Harbour::alive, 1);
    EXPECT_EQ(host_.logs.back().second, "created in create");
  }
  EXPECT_EQ(Harbour::alive, 0);
}

TEST_F(PluginTest, ABadConfigurationIsAnErrorAndMakesNothing) {
  const std::pair<Value, std::string> bad[] = {
      {Value::object(), "plugin.bad_value"},
      {Value::object({{"path", 3}}), "plugin.bad_value"},
      {Value::object({{"path", ""}}), "harbour.no_path"},
      {Value::object({{"path", "throw"}}), "plugin.exception"},
      {Value::object({{"path", "/x"}, {"pth", 1}}), "plugin.bad_value"},
      {Value(), "plugin.bad_value"},
  };
  for (const auto& [config, code] : bad) {
    fakes::Instance instance(table(), host_, config);
    EXPECT_FALSE(instance.made());
    EXPECT_EQ(instance.creation().status, SC_FAILED);
    EXPECT_EQ(instance.creation().error->code, code);
  }
  EXPECT_EQ(Harbour::alive, 0);
}

TEST_F(PluginTest, AnItemAtATimeIsHandedOver) {
  fakes::Instance instance(table(), host_, kConfig);
  const auto answer = instance.execute("list", Value::object({{"prefix", "n"}}));
  EXPECT_EQ(answer.status, SC_OK);
  EXPECT_EQ(answer.result.dump(), "{}");
  ASSERT_EQ(host_.items.size(), 3u);
  EXPECT_EQ(host_.items[2].dump(), R"({"name":"n2","ref":"n2","size":0})");
}

TEST_F(PluginTest, AReaderThatHasEnoughStopsTheList) {
  host_.items_wanted = 1;
  fakes::Instance instance(table(), host_, kConfig);
  const auto answer = instance.execute("list", Value::object());
  EXPECT_EQ(answer.error->code, "host.enough");
  EXPECT_EQ(host_.items.size(), 1u);
}

TEST_F(PluginTest, SecretsAreFoundWhereTheyStand) {
  const Value config =
      *Value::parse(R"({"path": "/x", "key": "env:KEY", "more": {"a/b~c": "file:/y"}})");
  host_.secrets = {{"/key", "k"}, {"args:/password", "p"}, {"/more/a~1b~0c", "m"}};
  fakes::Instance instance(table(), host_, config);
  const Value args = Value::object({{"name", "n"}, {"password", "env:P"}});
  EXPECT_EQ(instance.execute("secrets", args).result.at("text").text(), "k p m");
  host_.secrets.erase("args:/password");
  const auto missing = instance.execute("secrets", args);
  EXPECT_EQ(missing.error->code, "host.not_found");
  EXPECT_NE(missing.error->message.find("env:P"), std::string::npos);
}

TEST_F(PluginTest, AnInputIsReadFromItsOffsetAndAtRandom) {
  host_.artifacts["a"] = "0123456789";
  host_.piece = 3;
  fakes::Instance instance(table(), host_, kConfig);
  const Value artifact = Value::object({{"ref", "a"}, {"name", "a"}, {"size", 10}});
  EXPECT_EQ(
      instance.execute("echo", Value::object({{"artifact", artifact}})).result.at("text").text(),
      "0123456789 10");
  const Value other = Value::object({{"ref", "b"}, {"name", "b"}, {"size", 10}});
  EXPECT_EQ(instance.execute("echo", Value::object({{"artifact", other}})).error->code,
            "source.not_found");
}

TEST_F(PluginTest, BytesPassInPiecesOfAnySize) {
  std::string bytes(1000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7);
  for (const std::uint64_t piece : {1u, 7u, 8u, 13u, 4096u}) {
    host_.inputs[0] = bytes;
    host_.piece = piece;
    fakes::Instance instance(table(), host_, kConfig);
    const auto answer = instance.execute("copy", Value::object());
    EXPECT_EQ(answer.result.at("text").text(), "1000");
    EXPECT_EQ(host_.outputs[1], bytes);
  }
}

TEST_F(PluginTest, AStreamThatBreaksGivesItsOwnError) {
  host_.inputs[0] = std::string(100, 'x');
  const auto broken = [](std::uint64_t so_far) -> Result<> {
    if (so_far < 16) return {};
    return fail({.code = "disk.full", .message = "no"});
  };
  fakes::Instance instance(table(), host_, kConfig);
  host_.break_output = broken;
  EXPECT_EQ(instance.execute("copy", Value::object()).error->code, "disk.full");
  host_.break_output = nullptr;
  host_.break_input = broken;
  EXPECT_EQ(instance.execute("copy", Value::object()).error->code, "disk.full");
}

TEST_F(PluginTest, ACancelledCallSaysSo) {
  host_.inputs[0] = std::string(100, 'x');
  int asked = 0;
  host_.cancel_when = [&] { return ++asked > 2; };
  fakes::Instance instance(table(), host_, kConfig);
  EXPECT_EQ(instance.execute("copy", Value::object()).status, SC_CANCELLED);
}

TEST_F(PluginTest, NestedCallsCarryTheirLabelAndAreAlwaysFinished) {
  host_.instances["host_a.host_space"] = [](const Value& args) -> Result<Value> {
    EXPECT_EQ(args.at("path").text(), "/p");
    return Value::object({{"free", 5}, {"total", 9}});
  };
  host_.instances["host_a.objects_get"] = [](const Value&) -> Result<Value> {
    return Value::object({{"bytes", "hello"}});
  };
  fakes::Instance instance(table(), host_, kConfig);
  Value args = Value::object({{"name", "/p"}});
  EXPECT_EQ(instance.execute("nested", args).result.at("text").text(), "5 hello");
  EXPECT_THAT(host_.labels, ElementsAre("space", "bytes"));
  args["tags"].push_back("left to the destructor");
  EXPECT_EQ(instance.execute("nested", args).status, SC_OK);
  EXPECT_THAT(host_.misuses(), IsEmpty());
  host_.instances.clear();
  EXPECT_EQ(instance.execute("nested", args).error->code, "host.unknown_instance");
}

TEST_F(PluginTest, APlanHoldsWhatTheHostAsksFor) {
  fakes::Instance instance(table(), host_, kConfig);
  const auto answer = instance.plan("move", Value::object({{"name", "n"}}));
  ASSERT_EQ(answer.status, SC_OK);
  EXPECT_EQ(answer.result.dump(),
            R"({"calls":[{"args":{"path":"/"},"instance":"host_a","label":"space",)"
            R"("operation":"host_space"}],"concerns":[{"guard":"version","message":"too new"}],)"
            R"("cost":{"bytes":3,"seconds":1,"space":[{"free":10,"needed":3,"where":"/"}]},)"
            R"("effects":["move n"],"keeps":["the old stays"],"predicted":{"to":"/there"},)"
            R"("resources":["dir:HOST:/there"],"undo":{"words":["move it back"]}})");
  EXPECT_THAT(host_.undos, IsEmpty());
  EXPECT_THAT(host_.misuses(), IsEmpty());
}

TEST_F(PluginTest, UnknownArgumentsStayAtTheirDefaultWhilePlanning) {
  const Value later = *Value::parse(R"({"$later": {"call": "c", "field": "f", "type": "string"}})");
  fakes::Instance instance(table(), host_, kConfig);
  const auto whole = instance.plan("move", Value::object({{"name", later}, {"tags", later}}));
  ASSERT_EQ(whole.status, SC_OK) << whole.error_json;
  EXPECT_EQ(whole.result.at("effects").dump(), R"(["move it","tags are not known yet"])");
  const auto inside =
      instance.plan("move", Value::object({{"name", "n"}, {"tags", Value::array({later})}}));
  EXPECT_EQ(inside.result.at("effects").dump(), R"(["move n","tags are not known yet"])");
  EXPECT_EQ(instance.execute("move", Value::object({{"name", later}})).error->code,
            "plugin.bad_value")
      << "nothing is unknown any more";
}

TEST_F(PluginTest, UndoAndCheckpointAreRecordedInTheirShape) {
  host_.info["attempt"] = 3;
  fakes::Instance instance(table(), host_, kConfig);
  const auto answer = instance.execute("move", Value::object({{"name", "n"}}));
  EXPECT_EQ(answer.result.dump(), R"({"attempt":3,"to":"/there"})");
  EXPECT_EQ(host_.undos.at(0).dump(),
            R"({"data":{"from":"/here"},"shell":["mv b a"],"words":["moved back"]})");
  EXPECT_EQ(host_.checkpoints.at(0).dump(), R"({"at":5})");
}

TEST_F(PluginTest, CompensateAcceptsEveryAmountOfKnowledge) {
  fakes::Instance instance(table(), host_, kConfig);
  const Value args = Value::object({{"name", "n"}});
  const Value result = Value::object({{"to", "/there"}});
  const Value undo = Value::object({{"data", Value::object({{"from", "/here"}})}});
  const auto words = [&](const Value& r, const Value& u) {
    return instance.compensate("move", args, r, u).result.dump();
  };
  EXPECT_EQ(words(result, undo), R"({"words":["n: /there, /here"]})");
  EXPECT_EQ(words(nullptr, undo), R"({"words":["n: no result, /here"]})");
  EXPECT_EQ(words(nullptr, nullptr), R"({"words":["n: no result, no undo"]})");
}

TEST_F(PluginTest, AProbeAnswersOneOfFour) {
  fakes::Instance instance(table(), host_, kConfig);
  const auto state = [&](const char* name) {
    return instance.probe("move", Value::object({{"name", name}})).result.dump();
  };
  EXPECT_EQ(state("done"), R"({"result":{"attempt":0,"to":"/there"},"state":"done"})");
  EXPECT_EQ(state("half"), R"({"detail":"half of it","state":"partial"})");
  EXPECT_EQ(state("new"), R"({"state":"not_started"})");
  EXPECT_EQ(state("else"), R"({"detail":"nobody is at home","state":"cannot_tell"})");
}

TEST_F(PluginTest, NoExceptionCrossesAndAnActIsThenInDoubt) {
  fakes::Instance instance(table(), host_, kConfig);
  const std::pair<const char*, const char*> cases[] = {{"throw", "plugin.exception"},
                                                       {"odd", "plugin.exception"},
                                                       {"memory", "plugin.out_of_memory"},
                                                       {"doubt", "net.timeout"}};
  for (const auto& [name, code] : cases) {
    const auto answer = instance.execute("move", Value::object({{"name", name}}));
    EXPECT_EQ(answer.status, SC_INDETERMINATE) << name;
    EXPECT_EQ(answer.error->code, code);
    EXPECT_EQ(answer.error->outcome, Outcome::kMayHaveHappened) << name;
  }
}

TEST_F(PluginTest, WhatIsNotThereIsAnErrorAndNotACrash) {
  fakes::Instance instance(table(), host_, kConfig);
  EXPECT_EQ(instance.probe("list", Value::object()).error->code, "plugin.bad_call");
  EXPECT_EQ(instance.plan("list", Value::object()).error->code, "plugin.bad_call");
  EXPECT_EQ(instance.execute("no such operation", Value::object()).error->code, "plugin.bad_call");
  const auto run = [&](std::string_view operation, std::string_view args) {
    return fakes::run_entry(table(), host_, table()->execute, "execute", nullptr,
                            fakes::index_of(table(), operation), args);
  };
  EXPECT_EQ(run("list", "{}").error->code, "plugin.bad_call") << "needs an instance";
  EXPECT_EQ(run("about", "{").error->code, "json.malformed");
  EXPECT_EQ(run("about", "[]").error->code, "plugin.bad_value");
}

TEST_F(PluginTest, AnOperationWithoutInstanceIsAFreeFunction) {
  const auto answer = fakes::run_entry(table(), host_, table()->execute, "execute", nullptr,
                                       fakes::index_of(table(), "about"), "{}");
  EXPECT_EQ(answer.status, SC_OK);
  EXPECT_EQ(answer.result.at("text").text(), "a harbour");
}

TEST_F(PluginTest, AnOlderHostIsToldWhatItLacks) {
  host_.secrets = {{"/key", "k"}};
  const Value config = *Value::parse(R"({"path": "/x", "key": "env:K"})");
  fakes::Instance instance(table(), host_, config);
  host_.shrink_table(offsetof(sc_host, secret));
  EXPECT_EQ(instance.execute("secrets", Value::object({{"name", "n"}})).error->code,
            "host.too_old");
  EXPECT_EQ(instance.execute("list", Value::object()).status, SC_OK);
}

TEST_F(PluginTest, InterfacesAreCompleteSchemas) {
  for (const Value& schema :
       {sdk::schema_of<sdk::source::OpenArgs>(), sdk::schema_of<sdk::source::StoreArgs>(),
        sdk::schema_of<sdk::target::Inspection>(), sdk::schema_of<sdk::target::Examination>(),
        sdk::schema_of<sdk::target::Staged<>>(), sdk::schema_of<sdk::target::HealthArgs<>>(),
        sdk::schema_of<sdk::target::Activated<>>(), sdk::schema_of<sdk::objects::PutArgs>(),
        sdk::schema_of<sdk::objects::Object>(), sdk::schema_of<sdk::objects::Version>(),
        sdk::schema_of<sdk::objects::CopyArgs>(), sdk::schema_of<sdk::objects::Traits>(),
        sdk::schema_of<sdk::host::SwitchArgs>()}) {
    EXPECT_EQ(schema.at("type").text(), "object");
    EXPECT_FALSE(schema.at("additionalProperties").bool_or(true));
    for (const auto& [name, member] : schema.at("properties").members()) {
      EXPECT_TRUE(member.has("description") || member.has("type")) << name;
    }
  }
}

}  // namespace harbour
