// The parts of the plugin against a scripted server, with a clock, chance and waits of the test's
// own.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <snapcore/plugin.hpp>
#include <string>
#include <vector>

#include "../../fakes/host.hpp"
#include "../../fakes/http_server.hpp"
#include "../../fakes/scratch.hpp"
#include "source.hpp"

namespace s3 {

using snapcore::fail;
using snapcore::Result;
using snapcore::Value;
namespace fakes = snapcore::fakes;

// An operation that does what the running test says, with the ports it may need.
inline std::function<Result<>(sdk::Call&)>& body_of_call() {
  static std::function<Result<>(sdk::Call&)> body;
  return body;
}
inline Result<> run_body(sdk::Call& call, const sdk::Nothing&) { return body_of_call()(call); }
struct Nobody {};
inline sdk::Plugin<Nobody> describe_body() {
  return sdk::Plugin<Nobody>("body", "1.0.0")
      .operation(sdk::change("run", "run", &run_body)
                     .summary("runs")
                     .port_in("content")
                     .repeat(sdk::Repeat::kSafe)
                     .undo_nested())
      .operation(sdk::read("ask", &run_body).summary("asks").port_out("content"));
}

inline std::string answer(int status, const std::string& headers = {},
                          const std::string& body = {}) {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}
inline std::string refusal(int status, const std::string& code, const std::string& more = {}) {
  return answer(status, {}, "<Error><Code>" + code + "</Code><Message/>" + more + "</Error>");
}
// To HEAD: the length is that of a body that does not come.
inline std::string head(std::uint64_t size, const std::string& headers = {}) {
  return "HTTP/1.1 200 X\r\n" + headers + "Content-Length: " + std::to_string(size) + "\r\n\r\n";
}

class S3Test : public testing::Test {
 protected:
  // Some answers promise more than they send, so that a body breaks off where the test wants it.
  void serve(std::vector<std::string> answers) {
    server_ = std::make_unique<fakes::HttpServer>(std::move(answers));
    Config config{.bucket = "bucket", .prefix = "db/", .endpoint = server_->url("")};
    change_config(config);
    source_ = std::make_unique<Source>(config, around());
  }
  virtual void change_config(Config&) {}

  Surroundings around() {
    return {.now = [this] { return now_; },
            .sleep = [this](std::chrono::milliseconds length) { slept_ += length; },
            .random = [] { return 1.0; },
            .environment = [this](const std::string& name) -> std::optional<std::string> {
              const auto found = environment_.find(name);
              return found == environment_.end() ? std::nullopt : std::optional(found->second);
            }};
  }

  fakes::Answer run(const char* operation, std::function<Result<>(sdk::Call&)> body) {
    static const sc_plugin* table = sdk::detail::Table<&describe_body>::get();
    body_of_call() = std::move(body);
    host_.outputs.clear();
    auto done = fakes::run_entry(table, host_, table->execute, "execute", nullptr,
                                 fakes::index_of(table, operation), "{}");
    EXPECT_THAT(host_.misuses(), testing::IsEmpty());
    return done;
  }
  fakes::Answer ask(std::function<Result<>(sdk::Call&)> body) {
    return run("ask", std::move(body));
  }
  fakes::Answer act(std::function<Result<>(sdk::Call&)> body) {
    return run("run", std::move(body));
  }

  fakes::Answer open(const source::OpenArgs& args) {
    return ask([&](sdk::Call& call) { return source_->open(call, args); });
  }
  fakes::Answer store(const std::string& name, std::string bytes, const Value& manifest = {}) {
    host_.inputs[0] = std::move(bytes);
    return act([&](sdk::Call& call) -> Result<> {
      auto stored = source_->store(call, {.name = name, .manifest = manifest});
      if (!stored) return fail(stored.error());
      artifact_ = std::move(*stored);
      return {};
    });
  }

  // "GET /path?query" of each request so far.
  std::vector<std::string> asked() const {
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < server_->requests(); ++i) {
      const std::string line = server_->request(i).substr(0, server_->request(i).find(" HTTP/1.1"));
      lines.push_back(line);
    }
    return lines;
  }
  std::string header(std::size_t request, const std::string& name) const {
    const std::string text = server_->request(request);
    const auto at = text.find("\r\n" + name + ": ");
    if (at == std::string::npos) return "(none)";
    const auto begin = at + name.size() + 4;
    return text.substr(begin, text.find("\r\n", begin) - begin);
  }

  std::chrono::sys_seconds now_ =
      std::chrono::sys_days(std::chrono::year(2026) / 1 / 2) + std::chrono::hours(3);
  std::chrono::milliseconds slept_{0};
  std::map<std::string, std::string> environment_ = {{"AWS_ACCESS_KEY_ID", "AKID"},
                                                     {"AWS_SECRET_ACCESS_KEY", "the-secret"}};
  fakes::Host host_;
  std::unique_ptr<fakes::HttpServer> server_;
  std::unique_ptr<Source> source_;
  sdk::Artifact artifact_;
};

}  // namespace s3
