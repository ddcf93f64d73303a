// A plugin that loads well and then does whatever wrong thing its argument `deed` names.
#include <snapcore/plugin.h>

#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

namespace bad_manners {
namespace {

#define DEED_ARGS \
  R"("args":{"type":"object","required":["deed"],"properties":{"deed":{"type":"string"}}},)"
#define ACT_RULES R"("repeat":"safe","undo":{"none":"a test"},)"

constexpr char kManifest[] = R"({"id":"bad_manners","version":"1.0.0",
  "config":{"type":"object","properties":{"deed":{"type":"string"},"key":{"type":"string","x-secret":true}}},
  "operations":[
    {"name":"ask","summary":"reads","effect":"read",)" DEED_ARGS R"(
     "result":{"type":"object","required":["answer"],"properties":{"answer":{"type":"integer"}}}},
    {"name":"act","summary":"changes","effect":"change",)" ACT_RULES DEED_ARGS R"(
     "result":{"type":"object","required":["answer"],"properties":{"answer":{"type":"integer"}}}},
    {"name":"move","summary":"moves bytes","effect":"read",)" DEED_ARGS R"(
     "ports":[{"name":"from","direction":"in"},{"name":"to","direction":"out"}],
     "item":{"type":"object","required":["ref"],"properties":{"ref":{"type":"string"}}}},
    {"name":"aside","summary":"runs beside others","effect":"read","concurrent":true,)" DEED_ARGS
                             R"(
     "result":{"type":"object"}}
  ]})";

const sc_host* host = nullptr;

sc_str text(std::string_view plain) { return {plain.data(), plain.size()}; }

std::string deed_of(std::string_view json) {
  const auto key = json.find("\"deed\":\"");
  if (key == std::string_view::npos) return "";
  const auto begin = key + 8;
  return std::string(json.substr(begin, json.find('"', begin) - begin));
}

// What the host answered becomes the result, so that a test can see it.
int32_t tell(sc_call* call, std::int64_t answer) {
  const std::string result = "{\"answer\":" + std::to_string(answer) + "}";
  host->set_result(call, text(result));
  return SC_OK;
}

template <class Work>
std::int64_t elsewhere(Work work) {
  std::int64_t answer = 0;
  std::thread([&] { answer = work(); }).join();
  return answer;
}

using Deed = int32_t (*)(sc_call* call);

const std::map<std::string, Deed, std::less<>>& deeds() {
  static const std::map<std::string, Deed, std::less<>> all = {
      {"behave", [](sc_call* call) { return tell(call, 1); }},
      {"throw_exception",
       [](sc_call*) -> int32_t { throw std::runtime_error("thrown over the border"); }},
      {"throw_number", [](sc_call*) -> int32_t { throw 3; }},
      {"no_result", [](sc_call*) -> int32_t { return SC_OK; }},
      {"wrong_result",
       [](sc_call* call) -> int32_t {
         host->set_result(call, text(R"({"answer":"many"})"));
         return SC_OK;
       }},
      {"malformed_result",
       [](sc_call* call) -> int32_t {
         host->set_result(call, text(R"({"answer":)"));
         return SC_OK;
       }},
      {"null_result",
       [](sc_call* call) -> int32_t {
         host->set_result(call, {nullptr, 12});
         return SC_OK;
       }},
      {"huge_result",
       [](sc_call* call) -> int32_t {
         host->set_result(call,
                          text("{\"answer\":1,\"more\":\"" + std::string(1 << 20, 'x') + "\"}"));
         return SC_OK;
       }},
      {"odd_status", [](sc_call*) -> int32_t { return 4711; }},
      {"silent_failure", [](sc_call*) -> int32_t { return SC_FAILED; }},
      {"malformed_error",
       [](sc_call* call) -> int32_t {
         host->set_error(call, text("it broke"));
         return SC_FAILED;
       }},
      {"error_without_code",
       [](sc_call* call) -> int32_t {
         host->set_error(call, text(R"({"message":"it broke"})"));
         return SC_FAILED;
       }},
      {"plain_error",
       [](sc_call* call) -> int32_t {
         host->set_error(call, text(R"({"code":"bad.broke","message":"it broke"})"));
         return SC_FAILED;
       }},
      {"error_then_ok",
       [](sc_call* call) -> int32_t {
         host->set_error(call, text(R"({"code":"bad.broke","message":"it broke"})"));
         return SC_OK;
       }},
      {"error_then_result",
       [](sc_call* call) -> int32_t {
         host->set_error(call, text(R"({"code":"bad.broke","message":"it broke"})"));
         return tell(call, 1);
       }},
      {"cancelled", [](sc_call*) -> int32_t { return SC_CANCELLED; }},
      {"indeterminate", [](sc_call*) -> int32_t { return SC_INDETERMINATE; }},
      {"scratch",
       [](sc_call* call) -> int32_t {
         sc_str path{};
         return tell(call, host->scratch(call, &path));
       }},
      {"scratch_and_fail",
       [](sc_call* call) -> int32_t {
         sc_str path{};
         return host->scratch(call, &path) == SC_OK ? tell(call, 0) : SC_FAILED;
       }},
      {"checkpoint",
       [](sc_call* call) -> int32_t { return tell(call, host->checkpoint(call, text("{}"))); }},
      {"record_undo",
       [](sc_call* call) -> int32_t {
         return tell(call, host->record_undo(call, text(R"({"words":["put it back"]})")));
       }},
      {"record_bad_undo",
       [](sc_call* call) -> int32_t {
         return tell(call, host->record_undo(call, text(R"({"wrods":["put it back"]})")));
       }},
      {"write_to_in_port",
       [](sc_call* call) -> int32_t { return tell(call, host->write(call, 0, "x", 1)); }},
      {"read_from_out_port",
       [](sc_call* call) -> int32_t {
         char byte = 0;
         return tell(call, host->read(call, 1, &byte, 1));
       }},
      {"read_from_no_port",
       [](sc_call* call) -> int32_t {
         char byte = 0;
         return tell(call, host->read(call, 7, &byte, 1));
       }},
      {"read_at_declared_port",
       [](sc_call* call) -> int32_t {
         char byte = 0;
         return tell(call, host->read_at(call, 0, 0, &byte, 1));
       }},
      {"read_into_nothing",
       [](sc_call* call) -> int32_t { return tell(call, host->read(call, 0, nullptr, 9)); }},
      {"read_and_fail",
       [](sc_call* call) -> int32_t {
         char byte = 0;
         return host->read(call, 0, &byte, 1) < 0 ? SC_FAILED : tell(call, 0);
       }},
      {"read_and_explain",
       [](sc_call* call) -> int32_t {
         char byte = 0;
         host->read(call, 0, &byte, 1);
         host->set_error(call, text(R"({"code":"bad.stuck","message":"could not go on"})"));
         return SC_FAILED;
       }},
      {"copy",
       [](sc_call* call) -> int32_t {
         char piece[997];
         std::int64_t got = 0;
         while ((got = host->read(call, 0, piece, sizeof piece)) > 0) {
           if (host->write(call, 1, piece, static_cast<std::uint64_t>(got)) < 0) return SC_FAILED;
         }
         if (got < 0) return SC_FAILED;
         host->set_result(call, text("{}"));
         return SC_OK;
       }},
      {"emit_wrong_item",
       [](sc_call* call) -> int32_t {
         return host->emit(call, text(R"({"fer":"a"})")) == SC_OK ? tell(call, 0) : SC_FAILED;
       }},
      {"emit",
       [](sc_call* call) -> int32_t {
         return tell(call, host->emit(call, text(R"({"ref":"a"})")));
       }},
      {"read_elsewhere",
       [](sc_call* call) -> int32_t {
         char byte = 0;
         return tell(call, elsewhere([&] { return host->read(call, 0, &byte, 1); }));
       }},
      {"result_elsewhere",
       [](sc_call* call) -> int32_t {
         elsewhere([&] { return static_cast<std::int64_t>(tell(call, 1)); });
         return SC_OK;
       }},
      {"log_elsewhere",
       [](sc_call* call) -> int32_t {
         elsewhere([&]() -> std::int64_t {
           host->log(call, 99, text("from a thread \xff of my own"));
           host->progress(call, 1, 2, {nullptr, 0});
           return host->cancelled(call) + static_cast<std::int64_t>(host->info(call).size);
         });
         return tell(call, 1);
       }},
      {"secret_of_none",
       [](sc_call* call) -> int32_t {
         sc_str plain{};
         return tell(call, host->secret(call, text("/deed"), &plain));
       }},
      {"secret",
       [](sc_call* call) -> int32_t {
         sc_str plain{};
         if (host->secret(call, text("/key"), &plain) != SC_OK) return SC_FAILED;
         return tell(call, static_cast<std::int64_t>(plain.size));
       }},
      {"call_itself",
       [](sc_call* call) -> int32_t {
         sc_str result{};
         const int32_t status = host->call(call, text("self"), text("ask"),
                                           text(R"({"deed":"behave"})"), text("again"), &result);
         return status == SC_OK ? tell(call, 2) : SC_FAILED;
       }},
      {"call_aside",
       [](sc_call* call) -> int32_t {
         sc_str result{};
         const int32_t status = host->call(call, text("self"), text("aside"),
                                           text(R"({"deed":"behave"})"), text("again"), &result);
         return status == SC_OK ? tell(call, 2) : SC_FAILED;
       }},
      {"call_aside_for_ever",
       [](sc_call* call) -> int32_t {
         sc_str result{};
         const int32_t status =
             host->call(call, text("self"), text("aside"),
                        text(R"({"deed":"call_aside_for_ever"})"), text("again"), &result);
         return status == SC_OK ? tell(call, 2) : SC_FAILED;
       }},
      {"call_without_label",
       [](sc_call* call) -> int32_t {
         return tell(
             call, host->call(call, text("self"), text("ask"), text("{}"), {nullptr, 0}, nullptr));
       }},
      {"call_move_and_finish",
       [](sc_call* call) -> int32_t {
         sc_subcall* sub = nullptr;
         if (host->call_open(call, text("other"), text("move"), text(R"({"deed":"copy"})"),
                             text("m"), &sub)) {
           return SC_FAILED;
         }
         std::string sent;
         std::string got;
         char piece[101];
         for (int i = 0; i < 50; ++i) {
           const std::string part(static_cast<std::size_t>(i), static_cast<char>('a' + i % 26));
           if (i > 0 && host->sub_write(sub, part.data(), part.size()) < 0) return SC_FAILED;
           sent += part;
         }
         host->sub_write(sub, nullptr, 0);
         std::int64_t size = 0;
         while ((size = host->sub_read(sub, piece, sizeof piece)) > 0)
           got.append(piece, static_cast<std::size_t>(size));
         sc_str result{};
         if (host->call_finish(sub, &result) != SC_OK) return SC_FAILED;
         return tell(call, sent == got ? static_cast<std::int64_t>(got.size()) : -1);
       }},
      {"call_move_and_give_up",
       [](sc_call* call) -> int32_t {
         sc_subcall* sub = nullptr;
         if (host->call_open(call, text("other"), text("move"), text(R"({"deed":"copy"})"),
                             text("m"), &sub)) {
           return SC_FAILED;
         }
         host->sub_write(sub, "abc", 3);
         for (std::int64_t back = 0; back < 3;) {
           char piece[3];
           const std::int64_t got = host->sub_read(sub, piece, sizeof piece);
           if (got <= 0) return SC_FAILED;
           back += got;
         }
         return host->call_finish(sub, nullptr) == SC_OK ? tell(call, 0) : SC_FAILED;
       }},
      {"call_move_and_forget",
       [](sc_call* call) -> int32_t {
         sc_subcall* sub = nullptr;
         host->call_open(call, text("other"), text("move"), text(R"({"deed":"copy"})"), text("m"),
                         &sub);
         return tell(call, 1);
       }},
      {"open_and_read",
       [](sc_call* call) -> int32_t {
         std::uint32_t port = 0;
         if (host->open_input(call, text(R"({"ref":"a"})"), 0, &port) != SC_OK) return SC_FAILED;
         std::uint64_t size = 0;
         const int32_t known = host->port_size(call, port, &size);
         char piece[7];
         std::int64_t total = 0;
         std::int64_t got = 0;
         host->rehash(call, port, "prefix", 6);
         if (host->read_at(call, port, 2, piece, 3) != 3) return SC_FAILED;
         while ((got = host->read(call, port, piece, sizeof piece)) > 0) total += got;
         if (got < 0) return SC_FAILED;
         return tell(call, total * 1000 + static_cast<std::int64_t>(known == SC_OK ? size : 0));
       }},
  };
  return all;
}

int32_t run(sc_call* call, sc_str json) {
  const auto deed = deeds().find(deed_of({json.data, json.size}));
  if (deed == deeds().end()) return SC_FAILED;
  return deed->second(call);
}

int32_t create(const sc_host*, sc_call* call, sc_str config, sc_instance** out) {
  static char instance;
  const std::string deed = deed_of({config.data, config.size});
  if (deed == "no_instance") return SC_OK;
  const auto found = deeds().find(deed);
  if (found != deeds().end() && found->second(call) != SC_OK) return SC_FAILED;
  *out = reinterpret_cast<sc_instance*>(&instance);
  return SC_OK;
}

void close(sc_instance*) {}

int32_t execute(sc_instance*, sc_call* call, std::uint32_t, sc_str args) { return run(call, args); }

int32_t plan(sc_instance*, sc_call* call, std::uint32_t, sc_str args) {
  const std::string deed = deed_of({args.data, args.size});
  if (deed == "plan_nothing") {
    host->set_result(call, text(R"({"efects":[]})"));
    return SC_OK;
  }
  if (deed == "plan_wrong_prediction") {
    host->set_result(call, text(R"({"effects":["act"],"predicted":{"answer":"many"}})"));
    return SC_OK;
  }
  if (deed == "plan_well") {
    host->set_result(
        call, text(R"({"effects":["act"],"predicted":{},"cost":{"bytes":1},"undo":{"words":[]}})"));
    return SC_OK;
  }
  return run(call, args);
}

int32_t probe(sc_instance*, sc_call* call, std::uint32_t, sc_str args) {
  const std::string deed = deed_of({args.data, args.size});
  host->set_result(call, text(deed == "behave" ? R"({"state":"done","result":{"answer":1}})"
                              : deed == "lie"  ? R"({"state":"done"})"
                                               : R"({"state":"perhaps"})"));
  return SC_OK;
}

int32_t compensate(sc_instance*, sc_call* call, std::uint32_t, sc_str given) {
  const bool good =
      std::string_view(given.data, given.size).find("\"behave\"") != std::string_view::npos;
  host->set_result(call, text(good ? R"({"words":["put back"]})" : R"({})"));
  return SC_OK;
}

const sc_plugin kTable = {.struct_size = sizeof(sc_plugin),
                          .abi_minor = 0,
                          .manifest_json = {kManifest, sizeof kManifest - 1},
                          .create = create,
                          .close = close,
                          .plan = plan,
                          .execute = execute,
                          .probe = probe,
                          .compensate = compensate,
                          .attach = [](const sc_host* given) { host = given; }};

}  // namespace
}  // namespace bad_manners

extern "C" const sc_plugin* snapcore_plugin_v1() { return &bad_manners::kTable; }
