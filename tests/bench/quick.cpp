// A plugin that does next to nothing, so that what is measured is the engine.
//
// An act for each number of records: none of its own, an undo, a checkpoint.
#include <snapcore/plugin.hpp>

namespace quick {

namespace sdk = snapcore::sdk;
using snapcore::fail;
using snapcore::Result;

struct Config {};
void fields(sdk::Fields&, Config&) {}

struct Number {
  std::int64_t number = 0;
};
void fields(sdk::Fields& f, Number& n) { f("number", n.number, "any"); }

class Quick {
 public:
  static Result<std::unique_ptr<Quick>> create(sdk::Call&, const Config&) {
    return std::make_unique<Quick>();
  }

  Result<Number> look(sdk::Call&, const Number& args) { return args; }
  Result<Number> turn(sdk::Call&, const sdk::Nothing&) { return Number{++turns_}; }

  Result<sdk::Planned> plan_act(sdk::Call&, const Number& args) {
    return sdk::Planned("act number " + std::to_string(args.number)).undo("forget it");
  }
  Result<sdk::Nothing> act(sdk::Call&, const Number&) { return sdk::Nothing{}; }
  Result<sdk::Nothing> act_with_undo(sdk::Call& call, const Number& args) {
    auto recorded = call.record_undo({.data = args.number, .words = {"forget it"}});
    if (!recorded) return fail(recorded.error());
    return sdk::Nothing{};
  }
  Result<sdk::Nothing> act_with_checkpoint(sdk::Call& call, const Number& args) {
    auto recorded = call.checkpoint(args.number);
    if (!recorded) return fail(recorded.error());
    return sdk::Nothing{};
  }
  Result<sdk::Undone> forget(sdk::Call&, const sdk::Compensation<Number, sdk::Nothing>&) {
    return sdk::Undone{{"forgot it"}};
  }

 private:
  std::int64_t turns_ = 0;
};

sdk::Plugin<Quick> describe() {
  using T = Quick;
  const auto act = [](const char* name, auto run) {
    return sdk::change(name, &T::plan_act, run)
        .summary("acts")
        .repeat(sdk::Repeat::kSafe)
        .undo_by(&T::forget);
  };
  return sdk::Plugin<T>("quick", "1.0.0")
      .license("Apache-2.0")
      .summary("does next to nothing")
      .operation(sdk::read("look", &T::look).summary("gives its number back"))
      .operation(sdk::read("turn", &T::turn).summary("how often it was asked in this process"))
      .operation(act("act", &T::act))
      .operation(act("act_with_undo", &T::act_with_undo))
      .operation(act("act_with_checkpoint", &T::act_with_checkpoint));
}

}  // namespace quick

SNAPCORE_PLUGIN(quick::describe);
