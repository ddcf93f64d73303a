#include "site/site.hpp"

#include <algorithm>
#include <lua.hpp>
#include <snapcore/support/digest.hpp>

#include "lua/failure.hpp"
#include "lua/read.hpp"
#include "lua/sandbox.hpp"
#include "site/member_lines.hpp"
#include "site/ownership.hpp"
#include "site/policy.hpp"
#include "site/secret_words.hpp"

namespace snapcore {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 20;

struct Evaluation {
  std::string name;
  std::string text;
  Result<Value> value;
};

// The one argument is the Evaluation: runs its text and reads the table it returns.
int evaluate(lua_State* state) {
  auto& evaluation = *static_cast<Evaluation*>(lua_touserdata(state, 1));
  define_secret_words(state);
  load_text(state, evaluation.name.c_str(), evaluation.text.data(), evaluation.text.size());
  lua_call(state, 0, 1);
  auto& work = new_box<Work>(state);
  guarded(work.failed, [&] {
    if (!lua_istable(state, 2)) {
      evaluation.value =
          fail({.code = "lua.bad_value", .message = "a site returns one table: return { ... }"});
      return;
    }
    evaluation.value = read_value(state, 2, Value(), "", read_secret_reference);
  });
  return work.failed ? raise_work(state, -1, work) : 0;
}

bool is_name(std::string_view name) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
  constexpr std::string_view kOthers = "0123456789-";
  if (name.empty() || name.size() > 64 || kLetters.find(name[0]) == std::string_view::npos)
    return false;
  return std::all_of(name.begin(), name.end(), [&](char c) {
    return kLetters.find(c) != std::string_view::npos || kOthers.find(c) != std::string_view::npos;
  });
}

bool holds_secret(const Value& value) {
  if (value.has("$secret")) return true;
  const auto& items = value.items();
  const auto& members = value.members();
  return std::any_of(items.begin(), items.end(), holds_secret) ||
         std::any_of(members.begin(), members.end(),
                     [](const auto& member) { return holds_secret(member.second); });
}

// Turns the table of a site into a Site, and knows where its members stand.
class SiteTable {
 public:
  SiteTable(std::filesystem::path path, std::string_view text)
      : path_(std::move(path)), lines_(member_lines(text)) {}

  tl::unexpected<Error> invalid(const Misfit& misfit) const {
    ScriptLine where{path_.filename().string(), line_of(lines_, misfit.path)};
    return fail({.code = "site.invalid",
                 .message = to_text(where) + ": " + misfit.path + (misfit.path.empty() ? "" : " ") +
                            misfit.problem,
                 .hint = "the file is " + path_.string(),
                 .category = Category::kPrecondition});
  }

  Result<Site> read(const Value& table) const {
    Site site;
    site.path = path_;
    if (auto unknown = unknown_member(table, "", {"policy", "instances", "values"}))
      return invalid(*unknown);
    auto policy = read_policy(table.at("policy"));
    if (!policy) return invalid(policy.error());
    site.policy = std::move(*policy);
    if (auto done = read_instances(site, table.at("instances")); !done) return fail(done.error());
    site.values = table.has("values") ? table.at("values") : Value::object();
    if (!site.values.is_object()) return invalid({"values", "must be a table of named members"});
    for (const auto& [name, value] : site.values.members()) {
      if (holds_secret(value))
        return invalid({"values." + name, "holds a secret; secrets stand in instances only"});
    }
    site.digest = digest_of(site);
    return site;
  }

 private:
  Result<> read_instances(Site& site, const Value& instances) const {
    if (!instances.is_null() && !instances.is_object()) {
      return invalid(
          {"instances", "must be a table of named instances: NAME = { plugin = \"...\", ... }"});
    }
    for (const auto& [name, config] : instances.members()) {
      const std::string path = "instances." + name;
      if (!is_name(name)) {
        return invalid(
            {path, "is not a usable name: letters, digits, _ and -, not beginning with a digit"});
      }
      if (!config.is_object() || config.has("$secret"))
        return invalid({path, "must be a table: { plugin = \"...\", ... }"});
      const Value& plugin = config.at("plugin");
      if (plugin.is_null()) return invalid({path, "names no plugin"});
      if (!plugin.is_string() || plugin.view().empty())
        return invalid({path + ".plugin", "must be the name of a plugin"});
      InstanceConfig instance{
          .name = name, .plugin = plugin.text(), .config = config, .line = line_of(lines_, path)};
      instance.config.erase("plugin");
      site.instances.push_back(std::move(instance));
    }
    return {};
  }

  std::filesystem::path path_;
  MemberLines lines_;
};

}  // namespace

const InstanceConfig* Site::find(std::string_view instance) const {
  const auto found = std::find_if(instances.begin(), instances.end(),
                                  [&](const InstanceConfig& one) { return one.name == instance; });
  return found == instances.end() ? nullptr : &*found;
}

Value instances_value(const Site& site) {
  Value instances = Value::object();
  for (const InstanceConfig& instance : site.instances) {
    instances[instance.name] =
        Value::object({{"plugin", instance.plugin}, {"config", instance.config}});
  }
  return instances;
}

std::string digest_of(const Site& site) {
  const Value meaning = Value::object({{"policy", to_value(site.policy)},
                                       {"instances", instances_value(site)},
                                       {"values", site.values}});
  return sha256_hex(meaning.dump());
}

Result<Site> load_site(const std::filesystem::path& path) {
  auto text = read_owned_file(path, kMostBytes);
  if (!text) return fail(text.error());
  const SiteTable table(path, *text);
  Evaluation evaluation{path.filename().string(), std::move(*text), Value()};
  Sandbox sandbox({.memory_bytes = std::size_t{64} << 20, .work = 20'000'000});
  if (auto ran = sandbox.protect(evaluate, &evaluation); !ran) {
    Error error = ran.error();
    error.code = "site.invalid";
    error.category = Category::kPrecondition;
    return fail(std::move(error));
  }
  if (evaluation.value) return table.read(*evaluation.value);
  // "instances.a.b is a function": the path leads to the line.
  const std::string& message = evaluation.value.error().message;
  const auto blank = message.find(' ');
  if (message.rfind("a site ", 0) == 0) return table.invalid({"", message});
  return table.invalid({message.substr(0, blank), message.substr(blank + 1)});
}

}  // namespace snapcore
