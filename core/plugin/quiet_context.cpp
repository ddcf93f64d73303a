#include "plugin/host.hpp"

namespace snapcore {
namespace {

tl::unexpected<Error> not_here(std::string_view what) {
  return fail({.code = "call.not_available",
               .message = std::string(what) + " is not available in this call",
               .category = Category::kPrecondition});
}

}  // namespace

Result<> QuietContext::emit(Value) { return not_here("emit"); }
Result<std::string> QuietContext::secret(std::string_view) { return not_here("secret"); }
Result<std::filesystem::path> QuietContext::scratch() { return not_here("scratch"); }
Result<> QuietContext::checkpoint(Value) { return not_here("checkpoint"); }
Result<> QuietContext::record_undo(Value) { return not_here("record_undo"); }

Result<std::unique_ptr<InputStream>> QuietContext::open_input(const Value&, std::uint64_t) {
  return not_here("open_input");
}

Result<Value> QuietContext::call(std::string_view, std::string_view, Value, std::string_view) {
  return not_here("call");
}

Result<Value> QuietContext::call_streamed(std::string_view, std::string_view, Value,
                                          std::string_view, InputStream*, OutputStream*) {
  return not_here("call_open");
}

}  // namespace snapcore
