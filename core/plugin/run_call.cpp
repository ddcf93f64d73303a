// One entry of one operation, from the arguments to the answer.
#include <algorithm>
#include <exception>
#include <memory>
#include <utility>

#include "plugin/border_shapes.hpp"
#include "plugin/call.hpp"

namespace snapcore {

struct CallRunner {
  static Instance::Opened& opened(Instance& instance) { return *instance.opened_; }
};

namespace {

// A nested call may itself call; a longer row of them is a circle that no single instance shows.
constexpr std::size_t kDeepest = 16;

std::string_view name_of(Entry entry) {
  static constexpr std::string_view kNames[] = {"plan", "execute", "probe", "compensate"};
  return kNames[static_cast<std::size_t>(entry)];
}

sc_entry* entry_of(const sc_plugin& table, Entry entry) {
  switch (entry) {
    case Entry::kPlan: return table.plan;
    case Entry::kProbe: return table.probe;
    case Entry::kCompensate: return table.compensate;
    default: return table.execute;
  }
}

Result<CallChain> join_chain(const Instance* instance, bool takes_turn, const std::string& who) {
  CallChain chain = current_chain();
  const std::size_t depth = chain ? chain->depth + 1 : 1;
  bool circle = depth > kDeepest;
  for (const CallLink* link = chain.get(); link && instance; link = link->waiting.get()) {
    circle = circle || (takes_turn && link->holds_turn && link->instance == instance);
  }
  if (circle) {
    return fail(
        {.code = "plugin.cycle",
         .message = who + " is called while a call of the same instance waits for its answer",
         .hint = "look in the site which instances name each other; source and target must be two",
         .category = Category::kPrecondition});
  }
  return std::make_shared<const CallLink>(CallLink{instance, takes_turn, std::move(chain), depth});
}

struct GiveTurn {
  void operator()(InstanceTurn* turn) const { turn->give(); }
};
using TurnHeld = std::unique_ptr<InstanceTurn, GiveTurn>;

Result<> check_args(const CallRequest& request, const OperationSchemas& schemas,
                    const std::string& who) {
  switch (request.entry) {
    case Entry::kPlan: return with_help_of(who, schemas.args.validate_planned(request.args, who));
    case Entry::kCompensate: return check_compensate_args(request.args, who);
    default: return with_help_of(who, schemas.args.validate(request.args, who));
  }
}

// The arguments as the plugin gets them.
Value given_args(const CallRequest& request) {
  const Value& schema = request.operation->args;
  if (request.entry != Entry::kCompensate) return with_secret_references(schema, request.args);
  Value args = request.args;
  args["args"] = with_secret_references(schema, args.at("args"));
  return args;
}

Result<std::vector<OpenPort>> open_ports(const CallRequest& request, const std::string& who) {
  std::vector<OpenPort> ports;
  for (std::size_t i = 0; i < request.operation->ports.size(); ++i) {
    OpenPort port{.is_input = request.operation->ports[i].in};
    if (request.entry == Entry::kExecute) {
      if (i < request.inputs.size()) port.in = request.inputs[i];
      if (i < request.outputs.size()) port.out = request.outputs[i];
      if (port.is_input ? !port.in : !port.out) {
        return fail({.code = "call.needs_stream",
                     .message = who + " moves bytes through its port \"" +
                                request.operation->ports[i].name + "\", and none was given",
                     .category = Category::kPrecondition});
      }
    }
    ports.push_back(std::move(port));
  }
  return ports;
}

// The plugin's own error, or the host's that it passed on, or what its silence means.
Error failure_of(sc_call& call) {
  if (call.error) {
    Error error = *call.error;
    const bool own = !call.last_error || call.last_error->code != error.code;
    if (!error.cause && call.just_failed && own)
      error.cause = std::make_shared<const Error>(*call.last_error);
    return error;
  }
  if (call.last_error) {
    Error error = *call.last_error;
    error.outcome = std::max(error.outcome, outcome_when_unsaid(call.facts));
    return error;
  }
  return {.code = "plugin.unnamed_error",
          .message = call.facts.who + " failed and the plugin did not say why",
          .hint = "this is a mistake in the plugin; ask whoever made it",
          .category = Category::kInternal,
          .outcome = outcome_when_unsaid(call.facts)};
}

Error cancelled_error(const sc_call& call) {
  if (call.error) return *call.error;
  return {.code = "call.cancelled",
          .message = call.facts.who + " was stopped",
          .category = Category::kTransient,
          .outcome = outcome_when_unsaid(call.facts)};
}

Error indeterminate_error(sc_call& call) {
  Error error = failure_of(call);
  if (error.code == "plugin.unnamed_error") {
    error.code = "call.indeterminate";
    error.message = call.facts.who + " cannot say whether it happened";
  }
  if (outcome_when_unsaid(call.facts) != Outcome::kNothingHappened)
    error.outcome = Outcome::kMayHaveHappened;
  return error;
}

Result<> check_result(const sc_call& call) {
  const Operation& operation = *call.facts.operation;
  const OperationSchemas& schemas = call.facts.plugin.schemas[operation.index];
  switch (call.facts.entry) {
    case Entry::kPlan: return check_plan_shape(schemas.predicted, *call.result, call.facts.who);
    case Entry::kProbe: return check_probe_result(operation, *call.result, call.facts.who);
    case Entry::kCompensate: return check_compensate_result(*call.result, call.facts.who);
    default: break;
  }
  auto fits = schemas.result.validate(*call.result, call.facts.who + ": result");
  if (fits) return fits;
  Error problem = fits.error();
  problem.code = "plugin.bad_result";
  problem.hint = "this is a mistake in the plugin; ask whoever made it";
  problem.category = Category::kInternal;
  return fail(std::move(problem));
}

// It said that all went well: so an act has happened, even if its result is worth nothing.
Result<Value> result_of(sc_call& call) {
  if (call.error) return fail(*call.error);
  const Outcome happened = outcome_when_unsaid(call.facts) == Outcome::kNothingHappened
                               ? Outcome::kNothingHappened
                               : Outcome::kHappened;
  if (call.bad_result) {
    Error problem = *call.bad_result;
    problem.message = call.facts.who + ": " + problem.message;
    problem.outcome = happened;
    return fail(std::move(problem));
  }
  if (!call.result) {
    return fail({.code = "plugin.no_result",
                 .message = call.facts.who + " gave no result",
                 .hint = "this is a mistake in the plugin; ask whoever made it",
                 .category = Category::kInternal,
                 .outcome = happened});
  }
  if (auto fits = check_result(call); !fits) {
    Error problem = fits.error();
    problem.outcome = happened;
    return fail(std::move(problem));
  }
  return std::move(*call.result);
}

Result<Value> conclude(sc_call& call, std::int32_t status) {
  switch (status) {
    case SC_OK: return result_of(call);
    case SC_CANCELLED: return fail(cancelled_error(call));
    case SC_INDETERMINATE: return fail(indeterminate_error(call));
    case SC_FAILED: return fail(failure_of(call));
    default: {
      const Error failure = failure_of(call);
      call.misuse(name_of(call.facts.entry), "returned the status " + std::to_string(status));
      return fail(failure);
    }
  }
}

Error threw(const sc_call& call, std::string_view what) {
  return {.code = "plugin.threw",
          .message = call.facts.who + " let an exception out: " + std::string(what),
          .hint = "this is a mistake in the plugin; ask whoever made it",
          .category = Category::kInternal,
          .outcome = outcome_when_unsaid(call.facts)};
}

Result<Value> enter(sc_call& call, sc_entry* entry, sc_instance* self, std::uint32_t operation,
                    const std::string& args) {
  std::int32_t status = SC_FAILED;
  try {
    status = entry(self, &call, operation, {args.data(), args.size()});
  } catch (const std::exception& problem) {
    return fail(threw(call, problem.what()));
  } catch (...) {
    return fail(threw(call, "of an unknown type"));
  }
  if (!call.subcalls.empty()) call.misuse("call_open", "a nested call was not finished");
  call.finish_subcalls();
  return conclude(call, status);
}

Result<> check_request(const CallRequest& request, const std::string& who) {
  const sc_plugin& table = request.plugin->loaded().table;
  if (request.operation->needs_instance && !request.instance) {
    return fail({.code = "call.needs_instance",
                 .message = who + " is an operation of an instance",
                 .hint = "call it as INSTANCE.OPERATION",
                 .category = Category::kPrecondition});
  }
  if (!entry_of(table, request.entry)) {
    return fail({.code = "plugin.no_entry",
                 .message = "the plugin " + request.plugin->manifest().id + " has no " +
                            std::string(name_of(request.entry)),
                 .category = Category::kInternal});
  }
  return {};
}

std::string who_of(const CallRequest& request) {
  const std::string& owner =
      request.instance ? request.instance->name() : request.plugin->manifest().id;
  return owner + "." + request.operation->name;
}

}  // namespace

Result<Value> run_call(const CallRequest& request) {
  const std::string who = who_of(request);
  const Plugin::Loaded& loaded = request.plugin->loaded();
  if (auto fine = check_request(request, who); !fine) return fail(fine.error());
  if (auto fine = check_args(request, loaded.schemas[request.operation->index], who); !fine) {
    return fail(fine.error());
  }
  auto ports = open_ports(request, who);
  if (!ports) return fail(ports.error());

  const bool takes_turn = request.instance && !request.operation->concurrent;
  auto chain = join_chain(request.instance, takes_turn, who);
  if (!chain) return fail(chain.error());
  const ChainScope scope(*chain);

  sc_instance* self = nullptr;
  TurnHeld held;
  if (request.instance) {
    Instance::Opened& opened = CallRunner::opened(*request.instance);
    self = opened.self;
    if (takes_turn) {
      if (auto taken = opened.turn.take(*chain, who); !taken) return fail(taken.error());
      held.reset(&opened.turn);
    }
  }

  sc_call call({.context = *request.context,
                .plugin = loaded,
                .who = who,
                .operation = request.operation,
                .entry = request.entry,
                .config = request.instance ? request.instance->config() : Value(),
                .args = given_args(request)});
  call.ports = std::move(*ports);
  const std::string args = call.facts.args.dump();
  return enter(call, entry_of(loaded.table, request.entry), self, request.operation->index, args);
}

CallWatch& watch_of(Instance& instance) { return CallRunner::opened(instance).watch; }

Result<Value> check_plan_result(const Operation& operation, const Value& planned) {
  const auto predicted = Schema::compile(partial_schema(operation.result));
  if (!predicted) return fail(predicted.error());
  if (auto fits = check_plan_shape(*predicted, planned, operation.name); !fits)
    return fail(fits.error());
  return planned;
}

}  // namespace snapcore
