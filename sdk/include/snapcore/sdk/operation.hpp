// Operations as typed functions of a class; the tables and JSON texts are made from them.
//
// A function is a member of the plugin's class, or a free (or static) one when the operation needs
// no instance:
//   Result<R> execute(Call&, const A&)
//   Result<Planned> plan(Call&, const A&)
//   Result<Probed<R>> probe(Call&, const A&)
//   Result<Undone> compensate(Call&, const Compensation<A, R>&)
// A plan that is always the same sentence may be given as that sentence.
#pragma once

#include <functional>
#include <snapcore/sdk/call.hpp>
#include <snapcore/sdk/planned.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace snapcore::sdk {

// In doubt after a crash: run again; run again with the same key; ask probe; a person decides; run
// again, finished nested calls answer from the journal.
enum class Repeat { kSafe, kKeyed, kProbe, kUnrepeatable, kComposed };

namespace detail {

using Handler = std::function<Result<Value>(void* self, Call& call, const Value& args)>;

template <class F>
struct Method;
template <class C, class R, class A>
struct Method<Result<R> (C::*)(Call&, const A&)> {
  using Class = C;
  using Args = A;
  using Answer = R;
  template <class F>
  static Result<R> invoke(F function, void* self, Call& call, const A& args) {
    return (static_cast<C*>(self)->*function)(call, args);
  }
};
template <class C, class R, class A>
struct Method<Result<R> (C::*)(Call&, const A&) const> : Method<Result<R> (C::*)(Call&, const A&)> {
};
template <class R, class A>
struct Method<Result<R> (*)(Call&, const A&)> {
  using Class = void;
  using Args = A;
  using Answer = R;
  template <class F>
  static Result<R> invoke(F function, void*, Call& call, const A& args) {
    return function(call, args);
  }
};

// A function without a result answers with an empty object.
template <class R>
using ResultOf = std::conditional_t<std::is_void_v<R>, Nothing, R>;

template <class R>
Value written(const R& answer) {
  return sdk::to_value(answer);
}
template <class R>
Value written(const Probed<R>& probed) {
  Value value = Value::object({{"state", probed.state}});
  if (probed.result) value["result"] = sdk::to_value(*probed.result);
  if (!probed.detail.empty()) value["detail"] = probed.detail;
  return value;
}
inline Value written(const Planned& planned) { return planned.value(); }

enum class Entry { kCreate, kPlan, kExecute, kProbe, kCompensate };

template <class A>
Result<A> read_args(Call& call, const Value& value) {
  Reading reading("args:", call.facts().entry == "plan");
  A args{};
  Codec<A>::read(value, args, reading);
  if (reading.failed()) return fail(reading.error());
  call.set_unknowns(reading.unknowns());
  return args;
}

template <class A, class R>
struct ReadCompensation {
  static Result<Compensation<A, R>> read(Call& call, const Value& value) {
    auto args = read_args<A>(call, value.at("args"));
    if (!args) return fail(args.error());
    Compensation<A, R> out{
        std::move(*args), {}, value.at("undo").is_object(), value.at("undo").at("data")};
    if (!value.at("result").is_null()) {
      auto result = from_value<R>(value.at("result"));
      if (!result) return fail(result.error());
      out.result = std::move(*result);
    }
    return out;
  }
};

template <class A>
struct ReadArgs {
  static Result<A> read(Call& call, const Value& value) { return read_args<A>(call, value); }
};
template <class A, class R>
struct ReadArgs<Compensation<A, R>> : ReadCompensation<A, R> {};

template <class F>
Handler handler(F function) {
  using M = Method<F>;
  return [function](void* self, Call& call, const Value& value) -> Result<Value> {
    auto args = ReadArgs<typename M::Args>::read(call, value);
    if (!args) return fail(args.error());
    auto answer = M::invoke(function, self, call, *args);
    if (!answer) return fail(answer.error());
    if constexpr (std::is_void_v<typename M::Answer>) {
      return Value::object();
    } else {
      return written(*answer);
    }
  };
}

}  // namespace detail

// An operation without its types: what the table is made of.
struct OperationSpec {
  Value manifest;
  detail::Handler plan = {};
  detail::Handler execute = {};
  detail::Handler probe = {};
  detail::Handler compensate = {};

  OperationSpec(std::string_view name, std::string_view effect, Value args, Value result,
                bool needs_instance);
  void set_repeat(Repeat repeat);
  void add_port(std::string_view name, std::string_view direction);
};

// C is the plugin's class (void: no instance needed), A and R the structs of arguments and result.
template <class C, class A, class R>
class Operation : public OperationSpec {
 public:
  using OperationSpec::OperationSpec;

  Operation& summary(std::string_view text) { return set("summary", text); }
  Operation& since(std::string_view version) { return set("since", version); }
  Operation& repeat(Repeat how) {
    set_repeat(how);
    return *this;
  }

  template <class F>
  Operation& undo_by(F compensation) {
    static_assert(std::is_same_v<typename detail::Method<F>::Args, Compensation<A, R>> &&
                      std::is_same_v<typename detail::Method<F>::Answer, Undone>,
                  "undo_by: Result<Undone> f(Call&, const Compensation<Args, Result>&)");
    compensate = detail::handler(compensation);
    return set("undo", "compensate");
  }
  Operation& undo_nested() { return set("undo", "nested"); }
  Operation& undo_none(std::string_view reason) {
    return set("undo", Value::object({{"none", reason}}));
  }

  // Also sets how it is repeated.
  template <class F>
  Operation& probe_by(F function) {
    static_assert(std::is_same_v<typename detail::Method<F>::Args, A> &&
                      std::is_same_v<typename detail::Method<F>::Answer, Probed<R>>,
                  "probe_by: Result<Probed<Result>> f(Call&, const Args&)");
    probe = detail::handler(function);
    return repeat(Repeat::kProbe);
  }

  // Can be called without an instance too; then this free function answers, with the same types.
  template <class F>
  Operation& or_without_instance(F function) {
    static_assert(std::is_same_v<typename detail::Method<F>::Args, A> &&
                      std::is_same_v<typename detail::Method<F>::Answer, R> &&
                      std::is_void_v<typename detail::Method<F>::Class>,
                  "or_without_instance: a free Result<Result> f(Call&, const Args&)");
    execute = [with = execute, without = detail::handler(function)](void* self, Call& call,
                                                                    const Value& args) {
      return self ? with(self, call, args) : without(nullptr, call, args);
    };
    manifest["needs_instance"] = false;
    return *this;
  }

  Operation& port_in(std::string_view name) { return port(name, "in"); }
  Operation& port_out(std::string_view name) { return port(name, "out"); }
  template <class T>
  Operation& emits() {
    return set("item", schema_of<T>());
  }
  // An environment variable that a child process of this operation may get.
  Operation& passes_secret(std::string_view variable) {
    manifest["secrets"].push_back(variable);
    return *this;
  }
  Operation& commit_point() { return set("commit_point", true); }
  Operation& concurrent() { return set("concurrent", true); }

 private:
  Operation& set(std::string_view member, const Value& value) {
    manifest[member] = value;
    return *this;
  }
  Operation& port(std::string_view name, std::string_view direction) {
    add_port(name, direction);
    return *this;
  }
};

namespace detail {
template <class F>
using OperationOf = Operation<typename Method<F>::Class, typename Method<F>::Args,
                              ResultOf<typename Method<F>::Answer>>;

template <class F>
OperationOf<F> operation(std::string_view name, std::string_view effect, F execute) {
  using M = Method<F>;
  OperationOf<F> made(name, effect, schema_of<typename M::Args>(),
                      schema_of<ResultOf<typename M::Answer>>(),
                      !std::is_void_v<typename M::Class>);
  made.execute = handler(execute);
  return made;
}

// The plan of an operation: a function, or the one sentence that says it all.
template <class A, class P>
Handler plan_handler(P plan) {
  if constexpr (std::is_convertible_v<P, std::string_view>) {
    return [words = std::string(plan)](void*, Call&, const Value&) -> Result<Value> {
      return Planned(words).value();
    };
  } else {
    static_assert(std::is_same_v<typename Method<P>::Args, A> &&
                      std::is_same_v<typename Method<P>::Answer, Planned>,
                  "plan: Result<Planned> f(Call&, const Args&) with the arguments of execute");
    return handler(plan);
  }
}

template <class P, class F>
OperationOf<F> planned_operation(std::string_view name, std::string_view effect, P plan,
                                 F execute) {
  auto made = operation(name, effect, execute);
  made.plan = plan_handler<typename Method<F>::Args>(plan);
  return made;
}
}  // namespace detail

// Asks; has no effect.
template <class F>
auto read(std::string_view name, F execute) {
  return detail::operation(name, "read", execute);
}
// Asserts a state that the run brings about.
template <class P, class F>
auto verify(std::string_view name, P plan, F execute) {
  return detail::planned_operation(name, "verify", plan, execute);
}
// Can be undone. Say how it is repeated and undone.
template <class P, class F>
auto change(std::string_view name, P plan, F execute) {
  return detail::planned_operation(name, "change", plan, execute);
}
// Cannot be undone. Say how it is repeated, and by undo_none() why there is no way back.
template <class P, class F>
auto destroy(std::string_view name, P plan, F execute) {
  return detail::planned_operation(name, "destroy", plan, execute);
}

}  // namespace snapcore::sdk
