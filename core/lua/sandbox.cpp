#include "lua/sandbox.hpp"

#include <algorithm>
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

// "file.lua:12: what" in its two parts.
ScriptLine line_said(const std::string& message) {
  const auto colon = message.find(':');
  return {message.substr(0, colon), std::atoi(message.c_str() + colon + 1)};
}
std::string without_line(const std::string& message) {
  const auto end = message.find(':', message.find(':') + 1);
  return message.substr(std::min(message.find_first_not_of(' ', end + 1), message.size()));
}

// Some messages name their line themselves.
std::string with_line(const ScriptLine& line, const std::string& message) {
  const std::string where = to_text(line) + ": ";
  return line.number == 0 || message.rfind(where, 0) == 0 ? message : where + message;
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
  main_.state_ = lua_newstate(&Sandbox::allocate, this);
  if (main_.state_ == nullptr) {
    setup_failed_ = Error{.code = "lua.memory", .message = "no memory for a Lua state"};
    return;
  }
  *static_cast<Strand**>(lua_getextraspace(main_.state_)) = &main_;
  lua_sethook(main_.state_, &Sandbox::on_count, LUA_MASKCOUNT, kStride);
  Setup setup{seed};
  if (auto done = protect(set_up, &setup); !done) setup_failed_ = done.error();
}

Sandbox::~Sandbox() {
  if (main_.state_ != nullptr) lua_close(main_.state_);
}

Sandbox::Strand& Sandbox::strand_of(lua_State* state) {
  return **static_cast<Strand**>(lua_getextraspace(state));
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
  if (work_ <= limits_.work || ceiling_) return;
  use_up({.code = "lua.budget",
          .message = "the script does not come to an end: it has used up the " +
                     std::to_string(limits_.work) + " instructions it may take",
          .hint = "look for a loop that never ends"});
}

void Sandbox::check_processor_time(const Strand& strand) {
  const auto own = processor_now() - strand.processor_start_ - strand.processor_host_;
  if (processor_before_ + own < limits_.processor_time || ceiling_) return;
  use_up({.code = "lua.budget",
          .message = "the script does not come to an end: it has computed for more than " +
                     std::to_string(limits_.processor_time.count()) + " s",
          .hint = "look for a loop that never ends"});
}

// All strands end with it.
void Sandbox::use_up(const Error& error) {
  ceiling_ = error;
  for (Strand* strand : strands_) {
    strand->stop(error);
    strand->stop_->ceiling = true;
  }
}

void Sandbox::charge(lua_State* state, std::uint64_t work) {
  Strand& strand = strand_of(state);
  strand.sandbox_.spend(work);
  if (!strand.stop_) return;
  if (strand.stop_->line.number == 0) strand.stop_->line = current_line(state);
  luaL_error(state, "stopped");
}

void Sandbox::on_count(lua_State* state, lua_Debug*) {
  Strand& strand = strand_of(state);
  Sandbox& sandbox = strand.sandbox_;
  if (!strand.stop_) {
    sandbox.spend(kStride);
    if (++sandbox.ticks_ % kTicksPerLook == 0) sandbox.check_processor_time(strand);
  }
  if (strand.stop_) charge(state, 0);
}

// The message handler: remembers where and how, and gives tables that scripts raise the form of a
// failure.
int Sandbox::on_error(lua_State* state) {
  Strand& strand = strand_of(state);
  lua_rawgetp(state, LUA_REGISTRYINDEX, &kRaisedAgain);
  const bool seen = !lua_isnil(state, 2) && lua_rawequal(state, 1, 2) != 0;
  lua_settop(state, 1);
  if (seen) return 1;
  if (strand.stop_ && strand.stop_->error.code == "lua.memory") return 1;
  strand.raised_at_ = current_line(state);
  luaL_traceback(state, state, nullptr, 1);
  std::size_t size = 0;
  const char* text = lua_tolstring(state, -1, &size);
  strand.traceback_.assign(text, size);
  lua_pop(state, 1);
  adopt_error(state, 1);
  return 1;
}

Result<> Sandbox::protect(int (*body)(lua_State*), void* context) {
  if (setup_failed_) return fail(*setup_failed_);
  lua_State* state = main_.state_;
  main_.begin_time();
  main_.raised_at_ = {};
  lua_pushcfunction(state, &Sandbox::on_error);
  lua_pushcfunction(state, body);
  lua_pushlightuserdata(state, context);
  const int status = lua_pcall(state, 1, 0, -3);
  main_.end_time();
  std::optional<Error> error;
  if (status != LUA_OK || main_.stop_) error = main_.error_on_top(status);
  lua_settop(state, 0);
  if (error) return fail(std::move(*error));
  return {};
}

// --- strands -------------------------------------------------------------------------------------

Sandbox::Strand::Strand(Sandbox& sandbox, lua_State* state) : sandbox_(sandbox), state_(state) {
  sandbox.strands_.push_back(this);
  *static_cast<Strand**>(lua_getextraspace(state)) = this;
  lua_sethook(state, &Sandbox::on_count, LUA_MASKCOUNT, kStride);
  if (!sandbox.ceiling_) return;
  stop(*sandbox.ceiling_);
  stop_->ceiling = true;
}

Sandbox::Strand::~Strand() {
  if (this == &sandbox_.main_) return;  // ends with the sandbox itself
  auto& all = sandbox_.strands_;
  all.erase(std::remove(all.begin(), all.end(), this), all.end());
}

void Sandbox::Strand::begin_time() {
  processor_start_ = processor_now();
  processor_host_ = {};
}

void Sandbox::Strand::end_time() {
  sandbox_.processor_before_ += processor_now() - processor_start_ - processor_host_;
}

int Sandbox::Strand::call() {
  begin_time();
  lua_pushcfunction(state_, &Sandbox::on_error);
  lua_insert(state_, 1);
  const int status = lua_pcall(state_, 0, 1, 1);
  end_time();
  return status;
}

void Sandbox::Strand::enter_host() { host_entered_ = processor_now(); }
void Sandbox::Strand::leave_host() { processor_host_ += processor_now() - host_entered_; }

void Sandbox::Strand::stop(Error error, ScriptLine line) {
  if (!stop_) stop_ = Stop{std::move(error), std::move(line)};
  if (state_ != nullptr) lua_sethook(state_, &Sandbox::on_count, LUA_MASKCOUNT, 1);
}

void Sandbox::Strand::lift_stop() {
  if (!stop_ || stop_->ceiling) return;
  stop_.reset();
  lua_sethook(state_, &Sandbox::on_count, LUA_MASKCOUNT, kStride);
}

int Sandbox::Strand::raise_again() {
  lua_pushvalue(state_, -1);
  lua_rawsetp(state_, LUA_REGISTRYINDEX, &kRaisedAgain);
  return lua_error(state_);
}

Error Sandbox::Strand::error_on_top(int status, ScriptLine* line) {
  const auto at = [&](const ScriptLine& where, Error error) {
    if (line != nullptr) {
      *line = where;
    } else {
      error.message = with_line(where, error.message);
    }
    return error;
  };
  if (stop_) return at(stop_->line.number != 0 ? stop_->line : raised_at_, stop_->error);
  if (const Failure* failure = failure_at(state_, -1)) return at(failure->line, failure->error);
  if (status == LUA_ERRMEM) return sandbox_.memory_error();
  if (lua_type(state_, -1) == LUA_TSTRING) {
    std::size_t size = 0;
    const char* text = lua_tolstring(state_, -1, &size);
    const std::string message(text, size);
    if (says_where(message)) {
      if (line != nullptr)
        return at(line_said(message), {.code = "lua.failed", .message = without_line(message)});
      return {.code = "lua.failed", .message = message};
    }
    if (message.rfind(raised_at_.file + ":", 0) == 0)
      return {.code = "lua.failed", .message = message};
    return at(raised_at_, {.code = "lua.failed", .message = message});
  }
  return at(raised_at_, {.code = "lua.failed",
                         .message = std::string("the error raised is a ") +
                                    lua_typename(state_, lua_type(state_, -1)) + " value"});
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
