// The sandbox: one Lua state that can do nothing but compute, in one line of work or in several.
//
// A script sees an allow-list of basics and safe string, table, math and utf8 functions, and the
// words its host defines. It can reach neither files nor the system, cannot make code from text,
// and the same script fed with the same answers does the same in every process: iteration is
// ordered, random numbers are seeded, no address is ever text.
//
// It cannot run away either. Memory has a ceiling and so has work (instructions, allocated bytes
// and what the long library functions do). Beyond a ceiling, or after stop(), every further
// instruction raises, so that pcall, xpcall, comparators and __close cannot go on.
//
// Rules for bindings, which hold for both builds of Lua (one unwinds C++ frames, the other does
// not): while a Lua API call that may raise is made, no C++ object with a destructor is alive
// outside of a Box (lua/box.hpp), and no C++ exception crosses a Lua frame.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <snapcore/error.hpp>
#include <string>
#include <string_view>
#include <vector>

struct lua_State;
struct lua_Debug;

namespace snapcore {

// A line of a script: "dr-full.lua", 12. Number 0 when there is none.
struct ScriptLine {
  std::string file;
  int number = 0;
};
std::string to_text(const ScriptLine& line);

class Sandbox {
 public:
  struct Limits {
    std::size_t memory_bytes = std::size_t{256} << 20;
    std::uint64_t work = 200'000'000;  // about as many instructions of pure Lua
    // The last resort, of pure Lua as well; far beyond what `work` takes.
    std::chrono::seconds processor_time = std::chrono::seconds(120);
  };

  explicit Sandbox(Limits limits, std::uint64_t seed = 0);
  ~Sandbox();
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  // Calls `body` as a Lua function with `context` (a light userdata) as its one argument, and turns
  // what it raises into an Error: "lua.syntax", "lua.failed" (error() and mistakes), "lua.budget",
  // "lua.memory", or the code of the failure that was raised (lua/failure.hpp) or given to stop().
  // The message starts with FILE:LINE where there is one.
  Result<> protect(int (*body)(lua_State*), void* context);

  // Of the last error of protect(); for people who ask for details.
  const std::string& traceback() const { return main_.traceback_; }

  // One line of work in the script, with a stack of Lua of its own: the script itself, or a branch
  // of it. Each has its own stop; memory and work are common to all. Several may be on threads of
  // their own, as long as the host lets only one of them at a time into the sandbox.
  class Strand {
   public:
    // `state` is a lua_newthread of the sandbox and must be reachable for as long as it is used.
    Strand(Sandbox& sandbox, lua_State* state);
    ~Strand();
    Strand(const Strand&) = delete;
    Strand& operator=(const Strand&) = delete;

    Sandbox& sandbox() const { return sandbox_; }
    lua_State* state() const { return state_; }

    // Calls the function at the bottom of its stack, on this thread. What it gave first, or what it
    // raised, is on top.
    int call();

    // For bindings that call back into the script and must know how that ended: the Error of the
    // value on top of the stack, with its line in the message or in `line`, and passing that value
    // on with its traceback.
    Error error_on_top(int status, ScriptLine* line = nullptr);
    int raise_again();

    // From now on every instruction of this strand raises, until it has ended. The first stop wins.
    void stop(Error error, ScriptLine line = {});
    bool stopping() const { return stop_.has_value(); }
    // Takes back a stop() of the host. A used-up ceiling stays one.
    void lift_stop();

    // What is spent between these two is no work of the script: the operations it calls.
    void enter_host();
    void leave_host();

   private:
    friend class Sandbox;
    struct Stop {
      Error error;
      ScriptLine line;
      bool ceiling = false;
    };
    explicit Strand(Sandbox& sandbox) : sandbox_(sandbox) {}
    void begin_time();
    void end_time();

    Sandbox& sandbox_;
    lua_State* state_ = nullptr;
    std::optional<Stop> stop_;
    std::string traceback_;
    ScriptLine raised_at_;
    // Of the thread that it is on.
    std::chrono::nanoseconds processor_start_{};
    std::chrono::nanoseconds processor_host_{};
    std::chrono::nanoseconds host_entered_{};
  };
  Strand& main() { return main_; }

  // The message handler of lua_pcall, for bindings.
  static int on_error(lua_State* state);

  // Work done on behalf of a script by a library function. Raises when the budget is used up.
  static void charge(lua_State* state, std::uint64_t work);
  std::uint64_t work_left() const { return work_ < limits_.work ? limits_.work - work_ : 0; }

  static Sandbox& of(lua_State* state) { return strand_of(state).sandbox_; }
  static Strand& strand_of(lua_State* state);

 private:
  static void* allocate(void* self, void* block, std::size_t old_size, std::size_t new_size);
  static void on_count(lua_State* state, lua_Debug* activation);
  bool may_grow(std::size_t by);
  void spend(std::uint64_t work);
  void check_processor_time(const Strand& strand);
  void use_up(const Error& error);
  Error memory_error() const;

  Limits limits_;
  Strand main_{*this};
  std::vector<Strand*> strands_{&main_};  // that have not ended
  std::size_t memory_ = 0;
  bool refused_ = false;  // the last allocation was
  std::uint64_t work_ = 0;
  unsigned ticks_ = 0;
  std::chrono::nanoseconds processor_before_{};  // of what has ended, or pauses
  std::optional<Error> ceiling_;                 // the one that is used up
  std::optional<Error> setup_failed_;
};

// --- for bindings --------------------------------------------------------------------------------

// The nearest line of Lua code on the stack. Never raises.
ScriptLine current_line(lua_State* state);

// Compiles text (never bytecode) under the name people know it by and leaves the function on the
// stack. Raises "FILE:LINE: what is wrong" when it does not compile. `file` and `text` must outlive
// the call.
void load_text(lua_State* state, const char* file, const char* text, std::size_t size);

// Takes the value on top of the stack as the global `name`, read-only for scripts.
void define_global(lua_State* state, const char* name);

// The text of the value at `index`, without addresses, pushed.
void push_text(lua_State* state, int index);

}  // namespace snapcore
