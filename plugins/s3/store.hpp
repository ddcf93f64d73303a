// One bucket of one store: signed requests, made again where that helps.
//
// A Store belongs to an instance and is shared by its calls; a Session belongs to one call.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <snapcore/sdk/call.hpp>
#include <snapcore/support/aws_sign.hpp>
#include <snapcore/support/http.hpp>
#include <snapcore/support/patience.hpp>
#include <string>
#include <vector>

#include "address.hpp"
#include "answer.hpp"
#include "credentials.hpp"

namespace s3 {

namespace aws = snapcore::aws;
namespace http = snapcore::http;

// What a request is, without where it goes and who signs it.
struct Ask {
  std::string method = "GET";
  std::string key = {};  // empty: the bucket
  aws::Pairs query = {};
  http::Headers headers = {};
  std::string body = {};
  std::string payload_hash = {};  // SHA-256 of the body in hex; computed when left out
  std::function<snapcore::Result<>(const http::Response& head)> on_head = {};
  std::function<snapcore::Result<>(std::string_view piece)> on_body = {};
  // Called before every try but the first; true when it goes on where the last one came to, which
  // begins the count of tries anew.
  std::function<bool(Ask& ask)> go_on = {};
  // Once its answer is lost, a request with this is not simply made again: nullopt says that it did
  // not happen, a response that it did.
  std::function<snapcore::Result<std::optional<http::Response>>()> look_first = {};
  bool once = false;        // not made again at all
  bool to_the_end = false;  // once under way it is not broken off, though the call be cancelled
  // The answer may be 200 and an error.
  bool late_errors = false;
};

class Store {
 public:
  static snapcore::Result<std::shared_ptr<Store>> open(snapcore::sdk::Call& call,
                                                       const Config& config,
                                                       Surroundings surroundings);

  const Settings& settings() const { return settings_; }
  const Surroundings& surroundings() const { return surroundings_; }
  // "s3://bucket/key", fit for messages.
  std::string shown(std::string_view key) const;
  // Which bucket of which store, the same whoever asks.
  std::string identity() const;

 private:
  friend class Session;
  Store(Config config, Settings settings, Surroundings surroundings)
      : config_(std::move(config)),
        settings_(std::move(settings)),
        surroundings_(std::move(surroundings)),
        region_(settings_.region) {}
  // On any thread. Clients keep their connections for whoever comes next.
  http::Client take_client();
  void give_back(http::Client client);
  // Those that hold now; fetched anew before they end.
  snapcore::Result<aws::Credentials> credentials(snapcore::sdk::Call& call);
  // Asks whoever lent them once more; true when they are others than `refused`.
  bool renew(snapcore::sdk::Call& call, const aws::Credentials& refused);
  snapcore::Result<> fetch_credentials(snapcore::sdk::Call& call);

  Config config_;
  Settings settings_;
  Surroundings surroundings_;
  std::mutex lending_;  // of what follows; held while they are fetched
  Lent lent_;
  std::optional<std::chrono::sys_seconds> renewal_;
  aws::SigningKeys keys_;
  snapcore::RetryTokens tokens_;
  std::mutex mutex_;  // of what follows
  std::string region_;
  std::chrono::seconds skew_{0};  // what the clock of the store is ahead of ours
  std::optional<bool> sha256_is_checked_;
  std::vector<http::Client> idle_;
};

class Session {
 public:
  Session(std::shared_ptr<Store> store, snapcore::sdk::Call& call)
      : store_(std::move(store)), call_(&call) {}
  Session(Session&&) = delete;
  Session& operator=(Session&&) = delete;

  // What a request is signed with, and where it goes, as far as that is known now.
  struct Signing {
    Address address = {};
    std::string region = {};
    std::chrono::seconds skew{0};
    aws::Credentials credentials = {};
  };
  snapcore::Result<Signing> signing();
  // One try, and what was known when it was made.
  struct Try {
    Signing signing;
    snapcore::Result<http::Response> answer;
  };
  // On any thread; broken off when the call is cancelled or `stopped` says so. The body is there
  // again afterwards.
  Try try_once(Ask& ask, Signing signing, const std::function<bool()>& stopped) const;

  // The last answer, whatever its status. An error means that there was none: "s3.unreachable",
  // "s3.tls", the error of a callback, or that the call was cancelled.
  // The body is there again afterwards. `first` is a try that was made already.
  snapcore::Result<http::Response> send(Ask& ask, std::optional<Try> first = {});
  snapcore::Result<http::Response> send(const Ask& ask) {
    Ask own = ask;
    return send(own);
  }
  // An answer with a 2xx status; anything else is the error for `what`.
  snapcore::Result<http::Response> demand(Ask& ask, std::string_view what,
                                          std::optional<Try> first = {});
  snapcore::Result<http::Response> demand(const Ask& ask, std::string_view what) {
    Ask own = ask;
    return demand(own, what);
  }

  // Whether this store refuses bytes that do not fit the SHA-256 they are signed with; nothing
  // until somebody found out.
  std::optional<bool> sha256_is_checked() const;
  void note_sha256_is_checked(bool checked);

  // From here on the call may be cancelled and what is left behind is removed all the same; with
  // little patience.
  void tidy_up() { tidying_ = true; }

  const Store& store() const { return *store_; }
  snapcore::sdk::Call& call() { return *call_; }
  const Settings& settings() const { return store_->settings_; }

 private:
  struct Tries;
  enum class Next { kTake, kRefused, kAtOnce, kLater };
  http::Request request_for(const Ask& ask, const Signing& with) const;
  snapcore::Result<http::Response> send_once(Ask& ask);
  Next judge(const Ask& ask, const http::Response& answer, Tries& tries);
  snapcore::Result<std::optional<http::Response>> found_done(const Ask& ask, const Tries& tries);
  bool correct_credentials(const Ask& ask, const Refusal& refusal);
  bool correct_region(const Ask& ask, const Refusal& refusal);
  bool correct_clock(const http::Response& response, const Refusal& refusal);
  std::string region_by_listing();
  snapcore::Result<> keep_going() const;
  std::uint32_t attempts() const;

  std::shared_ptr<Store> store_;
  snapcore::sdk::Call* call_;
  Signing signed_with_;  // the request that was answered last
  bool tidying_ = false;
};

}  // namespace s3
