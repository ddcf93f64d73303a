#include "lent.hpp"

#include <snapcore/sdk/types.hpp>

namespace s3 {

using snapcore::Category;
using snapcore::Error;
using snapcore::fail;
using snapcore::Result;
using snapcore::Value;

Error bad_credentials(std::string_view who, std::string_view why) {
  return {.code = "s3.bad_credentials",
          .message = std::string(who) + " " + std::string(why),
          .category = Category::kAuth};
}

Result<Lent> lent_from(std::string_view json, std::string_view token_name, std::string_view who,
                       std::chrono::sys_seconds now) {
  const auto answer = Value::parse(json);
  if (!answer || !answer->is_object()) return fail(bad_credentials(who, "answers no JSON object"));
  return checked_lent({.access_key = answer->at("AccessKeyId").text(),
                       .secret_key = answer->at("SecretAccessKey").text(),
                       .session_token = answer->at(token_name).text()},
                      answer->at("Expiration").text(), who, now);
}

Result<Lent> checked_lent(aws::Credentials keys, std::string_view expiration, std::string_view who,
                          std::chrono::sys_seconds now) {
  if (keys.access_key.empty()) return fail(bad_credentials(who, "gives no AccessKeyId"));
  if (keys.secret_key.empty()) return fail(bad_credentials(who, "gives no SecretAccessKey"));
  // They become parts of headers.
  for (const std::string* text : {&keys.access_key, &keys.session_token}) {
    if (text->find_first_of(" \t\r\n") != std::string::npos) {
      return fail(bad_credentials(who, "gives credentials with a blank or a line break in them"));
    }
  }
  Lent lent{.keys = std::move(keys)};
  if (expiration.empty()) return lent;
  const auto end = snapcore::sdk::Time::parse(expiration);
  if (!end) return fail(bad_credentials(who, "gives an Expiration that is no time"));
  if (end->point <= now) {
    return fail(bad_credentials(who, "gives credentials that ended on " + end->text()));
  }
  lent.end = end->point;
  return lent;
}

}  // namespace s3
