// Parts of a plugin against a scripted server, within a call, with a clock, chance, waits and an
// environment of the test's own.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <snapcore/plugin.hpp>
#include <snapcore/support/surroundings.hpp>
#include <string>
#include <vector>

#include "host.hpp"
#include "http_server.hpp"

namespace snapcore::fakes {

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
// To HEAD: the length is that of a body that does not come.
inline std::string head(std::uint64_t size, const std::string& headers = {}) {
  return "HTTP/1.1 200 X\r\n" + headers + "Content-Length: " + std::to_string(size) + "\r\n\r\n";
}

class CallTest : public testing::Test {
 protected:
  // Some answers promise more than they send, so that a body breaks off where the test wants it.
  void listen(std::vector<std::string> answers) {
    server_ = std::make_unique<HttpServer>(std::move(answers));
  }

  Surroundings around() {
    return {.now = [this] { return now_; },
            .sleep = [this](std::chrono::milliseconds length) { slept_ += length; },
            .random = [] { return 1.0; },
            .environment = [this](const std::string& name) -> std::optional<std::string> {
              const auto found = environment_.find(name);
              return found == environment_.end() ? std::nullopt : std::optional(found->second);
            }};
  }

  Answer run(const char* operation, std::function<Result<>(sdk::Call&)> body) {
    static const sc_plugin* table = sdk::detail::Table<&describe_body>::get();
    body_of_call() = std::move(body);
    host_.outputs.clear();
    auto done = run_entry(table, host_, table->execute, "execute", nullptr,
                          index_of(table, operation), "{}");
    EXPECT_THAT(host_.misuses(), testing::IsEmpty());
    return done;
  }
  Answer ask(std::function<Result<>(sdk::Call&)> body) { return run("ask", std::move(body)); }
  Answer act(std::function<Result<>(sdk::Call&)> body) { return run("run", std::move(body)); }

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
  std::map<std::string, std::string> environment_;
  Host host_;
  std::unique_ptr<HttpServer> server_;
};

}  // namespace snapcore::fakes
