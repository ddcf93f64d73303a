#include "site/run_site.hpp"

#include "site/policy.hpp"

namespace snapcore {

Value to_value(const Site& site) {
  // As the operator writes it.
  Value policy = to_value(site.policy);
  if (site.policy.max_age) policy["max_age"] = std::to_string(site.policy.max_age->count()) + "s";
  return Value::object({{"path", site.path.string()},
                        {"digest", site.digest},
                        {"policy", std::move(policy)},
                        {"instances", instances_value(site)},
                        {"values", site.values}});
}

Result<Site> site_from(const Value& value) {
  const auto policy = read_policy(value.at("policy"));
  if (!policy || !value.at("instances").is_object()) {
    return fail(
        {.code = "site.invalid",
         .message = "the site that the run carries cannot be read" +
                    (policy ? "" : ": " + policy.error().path + " " + policy.error().problem),
         .category = Category::kCorrupt});
  }
  Site site{.path = value.at("path").text(),
            .policy = *policy,
            .instances = {},
            .values = value.at("values"),
            .digest = value.at("digest").text()};
  for (const auto& [name, instance] : value.at("instances").members()) {
    site.instances.push_back(
        {.name = name, .plugin = instance.at("plugin").text(), .config = instance.at("config")});
  }
  return site;
}

}  // namespace snapcore
