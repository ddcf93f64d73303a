#include "lua/sandbox.hpp"

#include <cctype>
#include <cstdlib>
#include <ctime>
#include <limits>
#include <lua.hpp>

#include "lua/failure.hpp"
#include "lua/library.hpp"

namespace snapcore {
namespace {

const Slot kRaisedAgain{"raised again"};

constexpr int kStride = 1000;          // instructions between two looks at the meter
constexpr unsigned kTicksPerLook = 4;  // strides between two looks at the processor clock
constexpr std::size_t kBytesPerWork = 64;

std::chrono::nanoseconds processor_now() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

// "file.lua:12: ..." already says where.
bool says_where(std::string_view message) {
  const auto colon = message.find_first_of(": '\n");
  if (colon == std::string_view::npos || colon == 0 || message[colon] != ':') return false;
  auto at = colon + 1;
  while (at < message.size() && std::isdigit(static_cast<unsigned char>(message[at])) != 0) ++at;
  return at > colon + 1 && at < message.size() && message[at] == ':';
}

std::string with_line(const ScriptLine& line, const std::string& message) {
  return line.number == 0 ? message : to_text(line) + ": " + message;
}

struct Setup {
  std::uint64_t seed;
};

int set_up(lua_State* state) {
  const auto* setup = static_cast<const Setup*>(lua_touserdata(state, 1));
  open_library(state, setup->seed);
  return 0;
}

}  // namespace

std::string to_text(const ScriptLine& line) {
  return line.number == 0 ? line.file : line.file + ":" + std::to_string(line.number);
}

Sandbox::Sandbox(Limits limits, std::uint64_t seed) : limits_(limits) {
  state_ = lua_newstate(&Sandbox::allocate, this);
  if (state_ == nullptr) {
    setup_failed_ = Error{.code = "lua.memory", .message = "no memory for a Lua state"};
    return;
  }
  *static_cast<Sandbox**>(lua_getextraspace(state_)) = this;
  lua_sethook(state_, &Sandbox::on_count, LUA_MASKCOUNT, kStride);
  Setup setup{seed};
  if (auto done = protect(set_up, &setup); !done) setup_failed_ = done.error();
}

Sandbox::~Sandbox() {
  if (state_ != nullptr) lua_close(state_);
}

Sandbox& Sandbox::of(lua_State* state) {
  return **static_cast<Sandbox**>(lua_getextraspace(state));
}

void* Sandbox::allocate(void* self, void* block, std::size_t old_size, std::size_t new_size) {
  auto& sandbox = *static_cast<Sandbox*>(self);
  const std::size_t held = block == nullptr ? 0 : old_size;
  if (new_size == 0) {
    std::free(block);
    sandbox.memory_ -= held;
    return nullptr;
  }
  if (new_size > held && !sandbox.may_grow(new_size - held)) return nullptr;
  void* moved = std::realloc(block, new_size);
  if (moved == nullptr) return nullptr;
  sandbox.memory_ = sandbox.memory_ - held + new_size;
  if (new_size > held) sandbox.spend((new_size - held) / kBytesPerWork);
  return moved;
}

// Lua collects all garbage after the first refusal and asks again. A second one in a row is final.
bool Sandbox::may_grow(std::size_t by) {
  if (by <= limits_.memory_bytes && memory_ <= limits_.memory_bytes - by) {
    refused_ = false;
    return true;
  }
  if (refused_ || by > limits_.memory_bytes) {
    use_up(memory_error());
  }
  refused_ = true;
  return false;
}

Error Sandbox::memory_error() const {
  return {.code = "lua.memory",
          .message = "the script needs more than the " +
                     std::to_string(limits_.memory_bytes >> 20) + " MiB of memory it may have",
          .hint = "look for a table or a text that grows without end"};
}

void Sandbox::spend(std::uint64_t work) {
  work_ = work > std::numeric_limits<std::uint64_t>::max() - work_
              ? std::numeric_limits<std::uint64_t>::max()
              : work_ + work;
  if (work_ <= limits_.work || stop_) return;
  use_up({.code = "lua.budget",
          .message = "the script does not come to an end: it has used up the " +
                     std::to_string(limits_.work) + " instructions it may take",
          .hint = "look for a loop that never ends"});
}

void Sandbox::check_processor_time() {
  const auto used = processor_now() - processor_start_ - processor_host_;
  if (used < limits_.processor_time || stop_) return;
  use_up({.code = "lua.budget",
          .message = "the script does not come to an end: it has computed for more than " +
                     std::to_string(limits_.processor_time.count()) + " s",
          .hint = "look for a loop that never ends"});
}

void Sandbox::enter_host() { host_entered_ = processor_now(); }
void Sandbox::leave_host() { processor_host_ += processor_now() - host_entered_; }

void Sandbox::stop(Error error, ScriptLine line) {
  if (!stop_) stop_ = Stop{std::move(error), std::move(line)};
  if (state_ != nullptr) lua_sethook(state_, &Sandbox::on_count, LUA_MASKCOUNT, 1);
}

void Sandbox::use_up(Error error) {
  stop(std::move(error));
  stop_->ceiling = true;
}

void Sandbox::lift_stop() {
  if (!stop_ || stop_->ceiling) return;
  stop_.reset();
  lua_sethook(state_, &Sandbox::on_count, LUA_MASKCOUNT, kStride);
}

int Sandbox::raise_again() {
  lua_pushvalue(state_, -1);
  lua_rawsetp(state_, LUA_REGISTRYINDEX, &kRaisedAgain);
  return lua_error(state_);
}

void Sandbox::charge(lua_State* state, std::uint64_t work) {
  spend(work);
  if (!stop_) return;
  if (stop_->line.number == 0) stop_->line = current_line(state);
  luaL_error(state, "stopped");
}

void Sandbox::on_count(lua_State* state, lua_Debug*) {
  Sandbox& sandbox = of(state);
  if (!sandbox.stop_) {
    sandbox.spend(kStride);
    if (++sandbox.ticks_ % kTicksPerLook == 0) sandbox.check_processor_time();
  }
  if (sandbox.stop_) sandbox.charge(state, 0);
}

// The message handler: remembers where and how, and gives tables that scripts raise the form of a
// failure.
int Sandbox::on_error(lua_State* state) {
  Sandbox& sandbox = of(state);
  lua_rawgetp(state, LUA_REGISTRYINDEX, &kRaisedAgain);
  const bool seen = !lua_isnil(state, 2) && lua_rawequal(state, 1, 2) != 0;
  lua_settop(state, 1);
  if (seen) return 1;
  if (sandbox.stop_ && sandbox.stop_->error.code == "lua.memory") return 1;
  sandbox.raised_at_ = current_line(state);
  luaL_traceback(state, state, nullptr, 1);
  std::size_t size = 0;
  const char* text = lua_tolstring(state, -1, &size);
  sandbox.traceback_.assign(text, size);
  lua_pop(state, 1);
  adopt_error(state, 1);
  return 1;
}

Error Sandbox::error_on_top(int status) {
  if (stop_) {
    Error error = stop_->error;
    error.message = with_line(stop_->line.number != 0 ? stop_->line : raised_at_, error.message);
    return error;
  }
  if (const Failure* failure = failure_at(state_, -1)) {
    Error error = failure->error;
    error.message = with_line(failure->line, error.message);
    return error;
  }
  if (status == LUA_ERRMEM) return memory_error();
  if (lua_type(state_, -1) == LUA_TSTRING) {
    std::size_t size = 0;
    const char* text = lua_tolstring(state_, -1, &size);
    const std::string message(text, size);
    const bool said = says_where(message) || message.rfind(raised_at_.file + ":", 0) == 0;
    return {.code = "lua.failed", .message = said ? message : with_line(raised_at_, message)};
  }
  return {
      .code = "lua.failed",
      .message = with_line(raised_at_, std::string("the error raised is a ") +
                                           lua_typename(state_, lua_type(state_, -1)) + " value")};
}

Result<> Sandbox::protect(int (*body)(lua_State*), void* context) {
  if (setup_failed_) return fail(*setup_failed_);
  const auto started = processor_now();
  processor_start_ += started;  // a pause since the last call counts for nothing
  raised_at_ = {};
  lua_pushcfunction(state_, &Sandbox::on_error);
  lua_pushcfunction(state_, body);
  lua_pushlightuserdata(state_, context);
  const int status = lua_pcall(state_, 1, 0, -3);
  processor_start_ -= processor_now();
  std::optional<Error> error;
  if (status != LUA_OK || stop_) error = error_on_top(status);
  lua_settop(state_, 0);
  if (error) return fail(std::move(*error));
  return {};
}

ScriptLine current_line(lua_State* state) {
  lua_Debug activation{};
  for (int level = 0; lua_getstack(state, level, &activation) == 1; ++level) {
    lua_getinfo(state, "Sl", &activation);
    if (activation.currentline > 0) return {activation.short_src, activation.currentline};
  }
  return {};
}

}  // namespace snapcore
