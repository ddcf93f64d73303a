#include "cli/reading.hpp"

#include "cli/arguments.hpp"
#include "engine/live_call.hpp"
#include "engine/nested.hpp"
#include "engine/source_reads.hpp"

namespace snapcore {
namespace {

// What an operation without an instance may do: say things, hand over items, and read the artifacts
// among its arguments.
class BareContext final : public QuietContext {
 public:
  BareContext(Instances& instances, std::string_view plugin, const std::atomic<bool>& cancelled,
              ItemPrinter& items)
      : instances_(instances), plugin_(plugin), cancelled_(cancelled), items_(items) {}
  std::string info() const override { return R"({"entry":"execute"})"; }
  bool cancelled() const override { return cancelled_; }
  void log(int level, std::string_view message) override { items_.log(level, plugin_, message); }
  Result<> emit(Value item) override {
    items_.item(item);
    return {};
  }
  Result<std::unique_ptr<InputStream>> open_input(const Value& artifact,
                                                  std::uint64_t offset) override {
    return open_artifact(instances_, artifact, offset, &cancelled_);
  }

 private:
  Instances& instances_;
  std::string plugin_;
  const std::atomic<bool>& cancelled_;
  ItemPrinter& items_;
};

Result<Value> read_without_instance(Instances& instances, const NamedOperation& named,
                                    const Value& args, Invocation& invocation, ItemPrinter& items) {
  BareContext context(instances, named.owner, invocation.cancelled, items);
  CallRequest request;
  request.plugin = named.plugin.get();
  request.operation = named.found;
  request.args = args;
  request.context = &context;
  return run_call(request);
}

Result<Value> read_through_instance(Instances& instances, const NamedOperation& named,
                                    const Value& args, Invocation& invocation, ItemPrinter& items) {
  LiveCall call{.instances = instances,
                .instance = *named.instance,
                .operation = *named.found,
                .audience = &items,
                .cancelled = &invocation.cancelled};
  if (!named.found->item.is_null()) {
    call.on_emit = [&](const Value& item) -> Result<> {
      items.item(instances.secrets().mask(item));
      return {};
    };
  }
  call.on_nested = nested_reads(instances, *named.instance, &invocation.cancelled);
  return call.run(args).result;
}

Result<Value> read_of_the_core(Instances& instances, const NamedOperation& named, const Value& args,
                               Invocation& invocation) {
  SourceReads reads{instances, &invocation.cancelled};
  if (named.operation == "stat") {
    auto artifact = reads.stat(named.owner, args.at("ref").text());
    return artifact ? reads.with_kind(std::move(*artifact)) : artifact;
  }
  const std::string kind = args.at("kind").text(), prefix = args.at("prefix").text();
  if (named.operation == "latest") {
    const auto before = parse_time(args.at("before").text());
    if (args.has("before") && !before) {
      return fail({.code = "arguments.bad_value",
                   .message = "before = '" + args.at("before").text() + "' is not a time"});
    }
    return reads.latest(named.owner, kind, prefix, before);
  }
  auto artifacts = reads.list(named.owner, prefix);
  if (!artifacts) return fail(artifacts.error());
  Value::Array list;
  for (Value& artifact : *artifacts) {
    auto known = reads.with_kind(std::move(artifact));
    if (!known) return known;
    if (kind.empty() || known->at("kind").text() == kind) list.push_back(std::move(*known));
  }
  return Value(std::move(list));
}

}  // namespace

Result<Value> resolve_artifacts(Instances& instances, const Value& args,
                                const std::atomic<bool>& cancelled) {
  SourceReads reads{instances, &cancelled};
  Value resolved = Value::object();
  for (const auto& [name, value] : args.members()) {
    if (!is_artifact_to_ask_for(value)) {
      resolved[name] = value;
      continue;
    }
    const Value& asked = value.at("$stat");
    auto artifact = reads.stat(asked.at("source").text(), asked.at("ref").text());
    if (artifact) artifact = reads.with_kind(std::move(*artifact));
    if (!artifact) return artifact;
    resolved[name] = std::move(*artifact);
  }
  return resolved;
}

Result<Value> read_operation(Instances& instances, const NamedOperation& named, const Value& args,
                             Invocation& invocation, ItemPrinter& items) {
  if (!named.instance) return read_without_instance(instances, named, args, invocation, items);
  if (!named.found) return read_of_the_core(instances, named, args, invocation);
  return read_through_instance(instances, named, args, invocation, items);
}

}  // namespace snapcore
