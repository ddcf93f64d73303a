// The functions that plugins see. Each checks that it may be called here and now, turns the C
// shapes into ours, and lets no exception out.
#include <algorithm>

#include "base/text.hpp"
#include "plugin/border_shapes.hpp"
#include "plugin/host_guard.hpp"
#include "plugin/text.hpp"

namespace snapcore {
namespace {

constexpr std::size_t kLongestMessage = 64 << 10;

void log(sc_call* call, std::int32_t level, sc_str message) {
  guarded_quietly(call, "log", 0, [&] {
    const auto text = view_of(message);
    if (!text) return static_cast<void>(call->misuse("log", kNoText));
    call->facts.context.log(std::clamp<std::int32_t>(level, SC_LOG_DEBUG, SC_LOG_ERROR),
                            valid_utf8(text->substr(0, kLongestMessage)));
  });
}

void progress(sc_call* call, std::uint64_t done, std::uint64_t total, sc_str message) {
  guarded_quietly(call, "progress", 0, [&] {
    const auto text = view_of(message);
    if (!text) return static_cast<void>(call->misuse("progress", kNoText));
    call->facts.context.progress(done, total, valid_utf8(text->substr(0, kLongestMessage)));
  });
}

std::int32_t cancelled(sc_call* call) {
  return guarded(call, "cancelled", 0,
                 [&]() -> std::int32_t { return call->facts.context.cancelled() ? 1 : 0; });
}

sc_str info(sc_call* call) { return call ? borrowed(call->info) : sc_str{nullptr, 0}; }

void set_result(sc_call* call, sc_str json) {
  guarded_quietly(call, "set_result", kThread, [&] {
    call->error.reset();
    call->result.reset();
    call->bad_result.reset();
    auto value = parse_given(json, "the result");
    if (value) {
      call->result = std::move(*value);
    } else {
      call->bad_result = value.error();
      if (call->bad_result->code == "plugin.bad_json") call->bad_result->code = "plugin.bad_result";
    }
  });
}

void set_error(sc_call* call, sc_str json) {
  guarded_quietly(call, "set_error", kThread, [&] {
    call->result.reset();
    call->bad_result.reset();
    auto value = parse_given(json, "the error");
    const bool named =
        value && !value->at("code").text().empty() && !value->at("message").text().empty();
    if (!named) call->misuse("set_error", value ? "no code or no message" : value.error().message);
    Value error = value && value->is_object() ? *value : Value::object();
    if (!error.has("outcome")) error["outcome"] = to_text(outcome_when_unsaid(call->facts));
    call->error = error_from(error);
  });
}

std::int32_t emit(sc_call* call, sc_str json) {
  return guarded(call, "emit", kThread | kRunning, [&]() -> std::int32_t {
    const Operation& operation = *call->facts.operation;
    const auto& schema = call->facts.plugin.schemas[operation.index].item;
    if (!schema || call->facts.entry != Entry::kExecute) {
      return call->misuse("emit", "only available to execute of an operation with an item schema");
    }
    auto item = parse_given(json, "an item");
    if (!item) return call->failed(item.error());
    if (auto fits = schema->validate(*item, call->facts.who + ": item"); !fits) {
      call->misuse("emit", fits.error().message);
      Error problem = fits.error();
      problem.code = "plugin.bad_result";
      return call->failed(std::move(problem));
    }
    return answer(*call, call->facts.context.emit(std::move(*item)));
  });
}

std::int32_t secret(sc_call* call, sc_str pointer, sc_str* out) {
  return guarded(call, "secret", kThread, [&]() -> std::int32_t {
    const auto text = view_of(pointer);
    if (!text || !out) return call->misuse("secret", "no pointer, or nowhere to put the text");
    if (!is_marked_secret(call->facts, *text)) return SC_NOT_FOUND;
    auto plain = call->facts.context.secret(*text);
    if (!plain) return call->failed(plain.error());
    *out = call->lend(std::move(*plain));
    return call->succeeded();
  });
}

std::int32_t scratch(sc_call* call, sc_str* out_path) {
  return guarded(call, "scratch", kThread | kRunning | kNotPlanning, [&]() -> std::int32_t {
    if (!out_path) return call->misuse("scratch", "nowhere to put the path");
    if (!call->scratch) {
      auto path = call->facts.context.scratch();
      if (!path) return call->failed(path.error());
      call->scratch = path->string();
    }
    *out_path = borrowed(*call->scratch);
    return call->succeeded();
  });
}

std::int32_t checkpoint(sc_call* call, sc_str json) {
  return guarded(call, "checkpoint", kThread | kRunning | kExecutingAct, [&]() -> std::int32_t {
    auto position = parse_given(json, "the checkpoint");
    if (!position) return call->failed(position.error());
    return answer(*call, call->facts.context.checkpoint(std::move(*position)));
  });
}

std::int32_t record_undo(sc_call* call, sc_str json) {
  return guarded(call, "record_undo", kThread | kRunning | kExecutingAct, [&]() -> std::int32_t {
    auto undo = parse_given(json, "the undo");
    if (!undo) return call->failed(undo.error());
    if (auto fits = check_undo_record(*undo, call->facts.who); !fits)
      return call->failed(fits.error());
    return answer(*call, call->facts.context.record_undo(std::move(*undo)));
  });
}

sc_str last_error(sc_call* call) {
  if (!call || !call->on_its_thread()) return {nullptr, 0};
  return borrowed(call->last_error_text);
}

const void* get_extension(const char* id) {
  const std::string_view name = id ? id : "";
  if (name == SC_PORT_FILE) return &port_file_table();
  if (name == SC_PORT_DIGEST) return &port_digest_table();
  return nullptr;
}

sc_host make_table() {
  sc_host table{};
  table.struct_size = sizeof table;
  table.abi_minor = SNAPCORE_ABI_MINOR;
  table.log = log;
  table.progress = progress;
  table.cancelled = cancelled;
  table.info = info;
  table.set_result = set_result;
  table.set_error = set_error;
  table.emit = emit;
  table.secret = secret;
  table.scratch = scratch;
  table.checkpoint = checkpoint;
  table.record_undo = record_undo;
  table.last_error = last_error;
  table.get_extension = get_extension;
  fill_streams(table);
  return table;
}

}  // namespace

const sc_host& host_table() {
  static const sc_host table = make_table();
  return table;
}

}  // namespace snapcore
