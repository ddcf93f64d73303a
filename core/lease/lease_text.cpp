#include "lease/lease_text.hpp"

#include <snapcore/support/digest.hpp>
#include <snapcore/value.hpp>

#include "base/text.hpp"

namespace snapcore {
namespace {

constexpr std::string_view kLeaseFormat = "snapcore-lease";
constexpr std::string_view kFenceFormat = "snapcore-fence";

Error damaged(std::string why) {
  return {.code = "lease.damaged", .message = std::move(why), .category = Category::kCorrupt};
}

std::string sealed(Value value) {
  value["hash"] = sha256_hex(value.dump());
  return value.dump() + "\n";
}

// The canonical form is the only one: a file cut anywhere, or with any other bit, is no lease.
Result<Value> unsealed(std::string_view text, std::string_view format) {
  auto value = Value::parse(text);
  if (!value) return fail(damaged(value.error().message));
  if (value->dump() + "\n" != text) return fail(damaged("it is not in canonical form"));
  const std::string hash = value->at("hash").text();
  value->erase("hash");
  if (sha256_hex(value->dump()) != hash) return fail(damaged("its hash does not fit its text"));
  if (value->at("format").text() != format) {
    return fail(damaged("it is not of the format " + std::string(format)));
  }
  if (value->at("version").int_or(0) == 1) return value;
  return fail({.code = "lease.newer",
               .message = "it has format version " + value->at("version").dump() +
                          ", this snapcore knows version 1",
               .category = Category::kPrecondition});
}

Value value_of(const Process& process) {
  return Value::object({{"boot", valid_utf8(process.boot)},
                        {"pid", process.pid},
                        {"pid_space", valid_utf8(process.pid_space)},
                        {"start_ticks", process.start_ticks}});
}

LeaseHolder holder_from(const Value& value) {
  const Value& process = value.at("process");
  return {.run = value.at("run").text(),
          .host = value.at("host").text(),
          .process = {.pid = process.at("pid").int_or(0),
                      .start_ticks = process.at("start_ticks").uint_or(0),
                      .boot = process.at("boot").text(),
                      .pid_space = process.at("pid_space").text()},
          .words = value.at("words").text()};
}

}  // namespace

std::string lease_text(const Lease& lease) {
  return sealed(
      Value::object({{"format", kLeaseFormat},
                     {"version", 1},
                     {"key", valid_utf8(lease.key)},
                     {"run", valid_utf8(lease.holder.run)},
                     {"host", valid_utf8(lease.holder.host)},
                     {"process", value_of(lease.holder.process)},
                     {"words", valid_utf8(lease.holder.words)},
                     {"acquired", to_rfc3339(lease.acquired)},
                     {"renewed", to_rfc3339(lease.renewed)},
                     {"expires", to_rfc3339(lease.expires)},
                     {"released", lease.released ? Value(to_rfc3339(*lease.released)) : Value()},
                     {"fence", lease.fence},
                     {"revision", lease.revision}}));
}

Result<Lease> parse_lease(std::string_view text) {
  const auto value = unsealed(text, kLeaseFormat);
  if (!value) return fail(value.error());
  const auto acquired = parse_time(value->at("acquired").text());
  const auto renewed = parse_time(value->at("renewed").text());
  const auto expires = parse_time(value->at("expires").text());
  const Value& end = value->at("released");
  const auto released = parse_time(end.text());
  Lease lease{.key = value->at("key").text(),
              .holder = holder_from(*value),
              .released = released,
              .fence = value->at("fence").uint_or(0),
              .revision = value->at("revision").uint_or(0)};
  // Whatever stands in "released" that is not a time must not free the lease.
  if (!acquired || !renewed || !expires || (!released && !end.is_null()) ||
      !value->has("released") || lease.key.empty() || lease.holder.run.empty() ||
      lease.fence == 0 || lease.revision == 0) {
    return fail(damaged("its members are not those of a lease"));
  }
  lease.acquired = *acquired;
  lease.renewed = *renewed;
  lease.expires = *expires;
  return lease;
}

std::string fence_text(std::uint64_t fence) {
  return sealed(Value::object({{"format", kFenceFormat}, {"version", 1}, {"fence", fence}}));
}

Result<std::uint64_t> parse_fence(std::string_view text) {
  const auto value = unsealed(text, kFenceFormat);
  if (!value) return fail(value.error());
  const std::uint64_t fence = value->at("fence").uint_or(0);
  if (fence == 0) return fail(damaged("it holds no number"));
  return fence;
}

}  // namespace snapcore
