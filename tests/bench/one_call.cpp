// Makes one call of a plugin as the engine does, with the core in the middle of every stream, and
// without the plan, the gate and the journal around it.
//
//   one_call SITE INSTANCE.OPERATION ARGS      ARGS is JSON; {"$stat": {source, ref}} is asked for
//   one_call SITE PLUGIN.OPERATION ARGS
//
// Prints the seconds between the call and its return, and the bytes the process has read; items
// that the call emits are dropped.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "engine/live_call.hpp"
#include "engine/source_reads.hpp"
#include "plugin/search.hpp"
#include "site/site.hpp"

namespace snapcore {
namespace {

int complain(const Error& error) {
  std::cerr << error.code << ": " << error.message << '\n';
  return 1;
}

Result<Value> ask_for_artifacts(Instances& instances, const Value& args) {
  SourceReads reads{instances};
  Value resolved = Value::object();
  for (const auto& [name, value] : args.members()) {
    const Value* asked = value.find("$stat");
    if (!asked) {
      resolved[name] = value;
      continue;
    }
    auto artifact = reads.stat(asked->at("source").text(), asked->at("ref").text());
    if (!artifact) return artifact;
    resolved[name] = std::move(*artifact);
  }
  return resolved;
}

std::uint64_t bytes_read() {
  std::ifstream io("/proc/self/io");
  std::string name;
  std::uint64_t count = 0;
  io >> name >> count;  // rchar
  return count;
}

int run(const std::filesystem::path& site_path, const std::string& name, const std::string& text) {
  const auto site = load_site(site_path);
  if (!site) return complain(site.error());
  Instances instances(*site, plugin_search_path({}));
  const auto dot = name.find('.');
  const auto instance = instances.open(name.substr(0, dot));
  if (!instance) return complain(instance.error());
  const Operation* operation = (*instance)->manifest().find(name.substr(dot + 1));
  const auto written = Value::parse(text);
  if (!operation || !written) return 2;
  const auto args = ask_for_artifacts(instances, *written);
  if (!args) return complain(args.error());
  LiveCall call{.instances = instances, .instance = **instance, .operation = *operation};
  call.run_id = "bench";
  call.call_id = "root#1";
  call.key = std::string(64, 'b');
  call.started = "2026-01-01T00:00:00Z";
  call.scratch_root = std::filesystem::temp_directory_path();
  call.on_emit = [](const Value&) -> Result<> { return {}; };
  call.on_checkpoint = [](const Value&) -> Result<> { return {}; };
  call.on_undo = [](const Value&) -> Result<> { return {}; };
  const auto began = std::chrono::steady_clock::now();
  const auto answered = call.run(*args);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  if (!answered.result) return complain(answered.result.error());
  std::cout << took.count() << ' ' << bytes_read() << '\n';
  return 0;
}

}  // namespace
}  // namespace snapcore

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  if (std::string_view(argv[1]) == "plugin" && std::string_view(argv[2]) == "scan")
    return snapcore::scan_plugin_in_this_process(argv[3]);
  return snapcore::run(argv[1], argv[2], argv[3]);
}
