#include "keys.hpp"

#include "observe.hpp"
#include "services.hpp"

namespace etcd {
namespace {

using snapcore::Category;
using snapcore::fail;

constexpr auto kPatience = std::chrono::seconds(30);

Result<> refuse(std::string message) {
  return fail(
      {.code = "arguments.bad_value",
       .message = std::move(message),
       .hint = "expect_keys takes prefix with at_least or exactly, or key with or without value",
       .category = Category::kPrecondition});
}

tl::unexpected<snapcore::Error> missing(std::string message) {
  return fail({.code = "etcd.keys_missing",
               .message = std::move(message),
               .category = Category::kPermanent});
}

tl::unexpected<snapcore::Error> differ(std::string message) {
  return fail({.code = "etcd.keys_differ",
               .message = std::move(message),
               .category = Category::kPermanent});
}

std::string begin_with(const std::string& prefix) {
  return prefix.empty() ? "in all" : "that begin with " + prefix;
}

// The first member that answers; what the others said when none does.
template <class Ask>
auto ask_any(const Target& target, const std::function<bool()>& cancelled, Ask ask)
    -> decltype(ask(std::declval<Gateway&>())) {
  decltype(ask(std::declval<Gateway&>())) last =
      fail({.code = "etcd.unreachable", .message = "nobody to ask"});
  for (const TargetMember& member : target.members) {
    Gateway gateway = gateway_of(member, target, cancelled, kPatience);
    last = ask(gateway);
    if (last || last.error().category == Category::kAuth) return last;
  }
  return last;
}

Result<> expect_count(const KeysWanted& wanted, std::uint64_t count) {
  const std::string found = counted(count, "key") + " " + begin_with(*wanted.prefix);
  const std::uint64_t least = wanted.exactly.value_or(wanted.at_least.value_or(1));
  if (count < least) {
    return missing("there are " + found + ", and " + (wanted.exactly ? "exactly " : "at least ") +
                   std::to_string(least) + " are expected");
  }
  if (wanted.exactly && count > *wanted.exactly) {
    return differ("there are " + found + ", and exactly " + std::to_string(*wanted.exactly) +
                  " are expected");
  }
  return {};
}

}  // namespace

void fields(snapcore::sdk::Fields& f, KeysWanted& wanted) {
  f("prefix", wanted.prefix, "count the keys that begin with this");
  f("at_least", wanted.at_least, "so many of them, or more; 1 when nothing is said");
  f("exactly", wanted.exactly, "so many of them");
  f("key", wanted.key, "one key that must be there");
  f("value", wanted.value, "what that key must hold");
}

void fields(snapcore::sdk::Fields& f, KeysFound& found) {
  f("count", found.count, "keys that begin with prefix");
  f("words", found.words);
}

Result<> check_wanted(const KeysWanted& wanted) {
  if (!wanted.prefix && !wanted.key) return refuse("neither a prefix nor a key is named");
  if (wanted.value && !wanted.key) return refuse("a value is expected, and no key is named");
  if ((wanted.at_least || wanted.exactly) && !wanted.prefix)
    return refuse("a number of keys is expected, and no prefix is named");
  if (wanted.at_least && wanted.exactly) return refuse("at_least and exactly exclude each other");
  return {};
}

std::vector<std::string> describe(const KeysWanted& wanted) {
  std::vector<std::string> words;
  if (wanted.prefix) {
    const std::uint64_t least = wanted.exactly.value_or(wanted.at_least.value_or(1));
    words.push_back(std::string("expect ") + (wanted.exactly ? "exactly " : "at least ") +
                    counted(least, "key") + " " + begin_with(*wanted.prefix));
  }
  if (wanted.key)
    words.push_back("expect the key " + *wanted.key + (wanted.value ? " with a given value" : ""));
  return words;
}

Result<KeysFound> expect_keys(const Target& target, const KeysWanted& wanted,
                              const std::function<bool()>& cancelled) {
  if (auto ok = check_wanted(wanted); !ok) return fail(ok.error());
  KeysFound found;
  if (wanted.prefix) {
    const auto count =
        ask_any(target, cancelled, [&](Gateway& gateway) { return gateway.count(*wanted.prefix); });
    if (!count) return fail(count.error());
    if (auto ok = expect_count(wanted, *count); !ok) return fail(ok.error());
    found.count = *count;
    found.words.push_back(counted(*count, "key") + " " + begin_with(*wanted.prefix));
  }
  if (wanted.key) {
    const auto value =
        ask_any(target, cancelled, [&](Gateway& gateway) { return gateway.value_of(*wanted.key); });
    if (!value) return fail(value.error());
    if (!*value) return missing("the key " + *wanted.key + " is not there");
    if (wanted.value && **value != *wanted.value)
      return differ("the key " + *wanted.key + " holds another value than expected");
    found.words.push_back("the key " + *wanted.key + " is there" +
                          (wanted.value ? " with the expected value" : ""));
  }
  return found;
}

}  // namespace etcd
