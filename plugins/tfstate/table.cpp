#include "table.hpp"

#include <algorithm>
#include <cstdlib>
#include <snapcore/utf8.hpp>

#include "dynamodb.hpp"

namespace tfstate {
namespace {

using snapcore::Category;
using snapcore::fail;
using snapcore::Value;
namespace aws = snapcore::aws;

Value text(const std::string& value) { return Value::object({{"S", value}}); }

class DynamoTable final : public Table {
 public:
  DynamoTable(const TablePlace& place, aws::Credentials credentials, std::string id)
      : table_(place, std::move(credentials)), id_(std::move(id)) {}

  Result<> lock(const LockInfo& info, const std::vector<std::string>& ours) override;
  const std::optional<LockInfo>& holder() const override { return holder_; }
  Result<> unlock(const LockInfo& info, const std::vector<std::string>& ours) override;
  Result<std::optional<LockInfo>> look() override;
  Result<> set_digest(const std::optional<std::string>& md5) override;

 private:
  Value key(const std::string& id) const {
    return Value::object({{"Key", Value::object({{"LockID", text(id)}})}});
  }
  bool is_ours(const LockInfo& info, const std::vector<std::string>& ours) const {
    if (!holder_ || holder_->id.empty()) return false;
    return holder_->id == info.id || std::find(ours.begin(), ours.end(), holder_->id) != ours.end();
  }

  DynamoDb table_;
  const std::string id_;  // bucket/key
  std::optional<LockInfo> holder_;
  std::string said_;  // by the holder, as it stands there
};

Result<std::optional<LockInfo>> DynamoTable::look() {
  Value body = key(id_);
  body["ConsistentRead"] = true;
  const auto found = table_.ask("GetItem", std::move(body));
  if (!found) return fail(found.error());
  holder_.reset();
  if (!found->at("Item").is_object()) return holder_;
  said_ = found->at("Item").at("Info").at("S").text();
  holder_ = LockInfo::from_json(said_).value_or(LockInfo{});
  return holder_;
}

Result<> DynamoTable::lock(const LockInfo& info, const std::vector<std::string>& ours) {
  const Value body = Value::object(
      {{"Item", Value::object({{"LockID", text(id_)}, {"Info", text(info.to_json())}})},
       {"ConditionExpression", "attribute_not_exists(LockID)"}});
  const auto made = table_.ask("PutItem", body);
  if (made) return {};
  const bool unknown = made.error().outcome != snapcore::Outcome::kNothingHappened;
  if (made.error().code != "tfstate.condition" && !unknown) return fail(made.error());
  // Its answer may have been lost, and then it stands there as ours.
  const auto there = look();
  if (!there) return fail(there.error());
  if (is_ours(info, ours)) return {};
  if (!*there && unknown) return fail(made.error());
  return fail({.code = "tfstate.locked",
               .message = "the table holds a lock of " + snapcore::shown(id_),
               .category = Category::kConflict});
}

// As the tools do it: only the very item that was read goes.
Result<> DynamoTable::unlock(const LockInfo& info, const std::vector<std::string>& ours) {
  const auto there = look();
  if (!there) return fail(there.error());
  if (!is_ours(info, ours)) return {};
  Value body = key(id_);
  body["ConditionExpression"] = "Info = :info";
  body["ExpressionAttributeValues"] = Value::object({{":info", text(said_)}});
  const auto gone = table_.ask("DeleteItem", std::move(body));
  if (gone || gone.error().code == "tfstate.condition") return {};
  return fail(gone.error());
}

Result<> DynamoTable::set_digest(const std::optional<std::string>& md5) {
  const std::string id = id_ + "-md5";
  const auto done =
      md5 ? table_.ask(
                "PutItem",
                Value::object(
                    {{"Item", Value::object({{"LockID", text(id)}, {"Digest", text(*md5)}})}}))
          : table_.ask("DeleteItem", key(id));
  if (!done) return fail(done.error());
  return {};
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

Result<aws::Credentials> credentials_of(sdk::Call& call, const Config& config) {
  aws::Credentials found;
  if (config.access_key && config.secret_key) {
    auto access = call.secret(*config.access_key);
    if (!access) return fail(access.error());
    auto secret = call.secret(*config.secret_key);
    if (!secret) return fail(secret.error());
    found = {std::move(*access), std::move(*secret)};
    if (!config.session_token) return found;
    auto token = call.secret(*config.session_token);
    if (!token) return fail(token.error());
    found.session_token = std::move(*token);
    return found;
  }
  found = {environment("AWS_ACCESS_KEY_ID"), environment("AWS_SECRET_ACCESS_KEY"),
           environment("AWS_SESSION_TOKEN")};
  if (!found.access_key.empty() && !found.secret_key.empty()) return found;
  return fail(
      {.code = "tfstate.no_credentials",
       .message = "no credentials for the table of locks: neither in the site (access_key, "
                  "secret_key), nor in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
       .hint = "those of a profile: eval \"$(aws configure export-credentials --format env)\"",
       .category = Category::kAuth});
}

}  // namespace

MakeTable table_maker(const Config& config) {
  return [config](sdk::Call& call, const ObjectPlace& place) -> Result<std::unique_ptr<Table>> {
    if (!place.table) return std::unique_ptr<Table>();
    if (!place.bucket) {
      return fail({.code = "tfstate.no_bucket",
                   .message = "nothing says how the tools call the bucket of '" + place.store.name +
                              "' in the table of their locks",
                   .hint = "set bucket, or a directory in which the tool's init was run",
                   .category = Category::kPrecondition});
    }
    auto credentials = credentials_of(call, config);
    if (!credentials) return fail(credentials.error());
    return std::make_unique<DynamoTable>(*place.table, std::move(*credentials), place.lock_path());
  };
}

}  // namespace tfstate
