// What a store says when it refuses, and what that means for us.
#pragma once

#include <snapcore/error.hpp>
#include <snapcore/support/http.hpp>
#include <string>
#include <string_view>

namespace s3 {

// The <Error> of an answer. An answer without a body (to HEAD, for instance) has a status alone,
// and some stores leave the message empty: nothing here may be relied on.
struct Refusal {
  int status = 0;
  std::string code = {};
  std::string message = {};
  std::string region = {};   // where the bucket is, when it says so
  std::string request = {};  // the id by which the store's operator finds it
};

Refusal refusal_of(const snapcore::http::Response& response);

// Some operations answer 200 and only then find out that they failed.
bool is_refused_with_success(const snapcore::http::Response& response);

// May go away by itself.
bool may_pass(const Refusal& refusal);

// The error for `what` ("cannot read s3://bucket/key"). Codes are those of snapcore.objects/1 where
// it has one, else "s3.refused".
snapcore::Error error_of(const Refusal& refusal, std::string_view what);

}  // namespace s3
