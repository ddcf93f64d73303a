#include "source.hpp"

namespace web {

sdk::Plugin<Source> describe_plugin() {
  using S = Source;
  return sdk::Plugin<S>("http", "1.0.0")
      .license("Apache-2.0")
      .summary("artifacts at http and https URLs, and probes of what answers there")
      .source()
      .operation(source::list(&S::list))
      .operation(source::stat(&S::stat))
      .operation(source::open(&S::open))
      .operation(sdk::verify("status", &S::plan<StatusArgs>, &S::status)
                     .summary("expects a status of a URL")
                     .concurrent())
      .operation(sdk::verify("body", &S::plan<BodyArgs>, &S::body)
                     .summary("expects a text in what a URL answers")
                     .concurrent())
      .operation(sdk::verify("json", &S::plan<JsonArgs>, &S::json)
                     .summary("expects a value in the JSON that a URL answers")
                     .concurrent())
      .operation(sdk::verify("tls", &S::plan<TlsArgs>, &S::tls)
                     .summary("expects a certificate that is trusted and does not end soon")
                     .concurrent())
      .operation(sdk::verify("tcp", &S::plan<TcpArgs>, &S::tcp)
                     .summary("expects a port that accepts connections")
                     .concurrent());
}

}  // namespace web

SNAPCORE_PLUGIN(web::describe_plugin);
