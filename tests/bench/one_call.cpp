// Makes calls of plugins as the engine does, with the core in the middle of every stream, and
// without the plan, the gate and the journal around them.
//
//   one_call SITE INSTANCE.OPERATION ARGS...   ARGS is JSON; {"$stat": {source, ref}} is asked for,
//                                              {"$result": NAME} is a member of the result before
//   one_call SITE PLUGIN.OPERATION ARGS...
//   one_call SITE fetch SOURCE REF FILE        an artifact into a file, with its digest
//
// Prints the seconds between the calls and their return, and the bytes the process has read, or the
// SHA-256 of what it fetched; items that a call emits are dropped.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <snapcore/support/files.hpp>

#include "engine/live_call.hpp"
#include "engine/source_reads.hpp"
#include "plugin/search.hpp"
#include "site/site.hpp"

namespace snapcore {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

int complain(const Error& error) {
  for (const Error* told = &error; told; told = told->cause.get())
    std::cerr << told->code << ": " << told->message << '\n';
  return 1;
}

Result<Value> fill_in(Instances& instances, const Value& args, const Value& before) {
  SourceReads reads{instances};
  Value resolved = Value::object();
  for (const auto& [name, value] : args.members()) {
    if (const Value* member = value.find("$result")) {
      resolved[name] = before.at(member->text());
      continue;
    }
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

Result<Value> call_one(Instances& instances, std::string_view name, const Value& args) {
  const auto dot = name.find('.');
  const auto instance = instances.open(std::string(name.substr(0, dot)));
  if (!instance) return fail(instance.error());
  const Operation* operation =
      (*instance)->manifest().find(std::string(name.substr(std::min(dot + 1, name.size()))));
  if (!operation) {
    return fail({.code = "bench.no_operation", .message = "no operation " + std::string(name)});
  }
  LiveCall call{.instances = instances, .instance = **instance, .operation = *operation};
  call.run_id = "bench";
  call.call_id = "root#1";
  call.key = std::string(64, 'b');
  call.started = "2026-01-01T00:00:00Z";
  call.scratch_root = std::filesystem::temp_directory_path();
  call.on_emit = [](const Value&) -> Result<> { return {}; };
  call.on_checkpoint = [](const Value&) -> Result<> { return {}; };
  call.on_undo = [](const Value&) -> Result<> { return {}; };
  return call.run(args).result;
}

int make_calls(Instances& instances, std::span<char*> words) {
  Seconds took{};
  Value before;
  for (; words.size() >= 2; words = words.subspan(2)) {
    const auto written = Value::parse(words[1]);
    if (!written) return complain(written.error());
    const auto args = fill_in(instances, *written, before);
    if (!args) return complain(args.error());
    const auto began = Clock::now();
    auto result = call_one(instances, words[0], *args);
    took += Clock::now() - began;
    if (!result) return complain(result.error());
    before = std::move(*result);
  }
  if (!words.empty()) return 2;
  std::cout << took.count() << ' ' << bytes_read() << '\n';
  return 0;
}

Result<> write_all_of(InputStream& content, const std::filesystem::path& path) {
  const auto file = files::create_file(path, 0600);
  if (!file) return fail(file.error());
  std::vector<std::byte> piece(std::size_t{1} << 20);
  for (;;) {
    const auto got = content.read(piece);
    if (!got) return fail(got.error());
    if (*got == 0) return {};
    if (auto put = files::write_all(*file, std::span(piece).first(*got), path); !put) return put;
  }
}

int fetch(Instances& instances, const char* source, const char* ref, const char* path) {
  const auto began = Clock::now();
  const auto artifact = SourceReads{instances}.stat(source, ref);
  if (!artifact) return complain(artifact.error());
  const auto content = open_artifact(instances, *artifact, 0, nullptr);
  if (!content) return complain(content.error());
  if (auto written = write_all_of(**content, path); !written) return complain(written.error());
  const Seconds took = Clock::now() - began;
  std::cout << took.count() << ' ' << (*content)->passed().sha256 << '\n';
  return 0;
}

int run(std::span<char*> words) {
  const auto site = load_site(words[0]);
  if (!site) return complain(site.error());
  Instances instances(*site, plugin_search_path({}));
  if (std::string_view(words[1]) != "fetch") return make_calls(instances, words.subspan(1));
  return words.size() == 5 ? fetch(instances, words[2], words[3], words[4]) : 2;
}

}  // namespace
}  // namespace snapcore

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  if (std::string_view(argv[1]) == "plugin" && std::string_view(argv[2]) == "scan")
    return snapcore::scan_plugin_in_this_process(argv[3]);
  return snapcore::run(std::span(argv + 1, static_cast<std::size_t>(argc - 1)));
}
