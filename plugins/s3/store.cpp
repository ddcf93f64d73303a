#include "store.hpp"

#include <algorithm>
#include <snapcore/support/digest.hpp>
#include <snapcore/support/http_headers.hpp>
#include <snapcore/utf8.hpp>

#include "credentials.hpp"

namespace s3 {

using snapcore::Category;
using snapcore::Error;
using snapcore::fail;
using snapcore::Outcome;
using snapcore::Result;
namespace sdk = snapcore::sdk;

namespace {

constexpr std::size_t kMostIdle = 8;
constexpr std::chrono::seconds kWorthCorrecting{60};
constexpr std::chrono::seconds kPutTogether{600};  // a store may need so long for many parts

bool is_quiet(const Ask& ask) { return ask.method == "GET" || ask.method == "HEAD"; }

http::Options options_of(const Settings& settings) {
  return {.ca_file = settings.ca_file,
          .proxy_of_environment = true,
          .connect_timeout = std::chrono::seconds(10)};
}

Error unreachable(const Error& cause, const Store& store) {
  const bool tls = cause.code == "http.tls";
  Error error{
      .code = tls ? "s3.tls" : "s3.unreachable",
      .message = "the store of " + store.shown("") + " does not answer: " + cause.message,
      .hint = tls ? "the setting 'ca' or AWS_CA_BUNDLE names the authority of its certificate" : "",
      .category = cause.category,
      .outcome = cause.outcome,
      .cause = std::make_shared<const Error>(cause)};
  return error;
}

// It becomes a part of a host name.
bool is_region(std::string_view text) {
  return !text.empty() && text.size() <= 40 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

}  // namespace

Result<std::shared_ptr<Store>> Store::open(sdk::Call& call, const Config& config,
                                           Surroundings surroundings) {
  auto profile = read_profile(config, surroundings);
  if (!profile) return fail(profile.error());
  auto settings = settle(config, *profile, surroundings);
  if (!settings) return fail(settings.error());
  if (auto address = address_of(*settings, settings->region); !address) {
    return fail(address.error());
  }
  std::shared_ptr<Store> store(new Store(config, std::move(*settings), std::move(surroundings)));
  if (auto fetched = store->fetch_credentials(call); !fetched) return fail(fetched.error());
  return store;
}

// Files and profiles are read again: others may have written them meanwhile.
Result<> Store::fetch_credentials(sdk::Call& call) {
  auto profile = read_profile(config_, surroundings_);
  if (!profile) return fail(profile.error());
  auto found = find_credentials(call, config_, *profile, settings_, surroundings_);
  if (!found) return fail(found.error());
  lent_ = std::move(*found);
  renewal_ = renewal_of(lent_, surroundings_.now());
  return {};
}

Result<aws::Credentials> Store::credentials(sdk::Call& call) {
  const std::lock_guard lock(lending_);
  const auto now = surroundings_.now();
  if (renewal_ && now >= *renewal_) {
    auto fetched = fetch_credentials(call);
    if (!fetched && now >= *lent_.end) return fail(fetched.error());
    if (!fetched) {
      call.log(sdk::Level::kWarning, "the credentials that end on " + sdk::Time{*lent_.end}.text() +
                                         " cannot be renewed yet: " + fetched.error().message);
      renewal_ = renewal_of(lent_, now);
    }
  }
  return lent_.keys;
}

bool Store::renew(sdk::Call& call, const aws::Credentials& refused) {
  const std::lock_guard lock(lending_);
  const auto are_others = [&] {
    return lent_.keys.access_key != refused.access_key ||
           lent_.keys.session_token != refused.session_token;
  };
  // Another call may have done it.
  if (are_others()) return true;
  if (auto fetched = fetch_credentials(call); !fetched) {
    call.log(sdk::Level::kWarning, fetched.error().message);
    return false;
  }
  return are_others();
}

std::string Store::shown(std::string_view key) const {
  return "s3://" + settings_.bucket + "/" + snapcore::shown(key);
}

std::string Store::identity() const {
  // Region and addressing are ways to a place; the place is the same.
  Settings plain = settings_;
  plain.addressing = Addressing::kPath;
  auto address = address_of(plain, "");
  return settings_.endpoint && address ? address->host + "/" + settings_.bucket : settings_.bucket;
}

http::Client Store::take_client() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      http::Client kept = std::move(idle_.back());
      idle_.pop_back();
      return kept;
    }
  }
  return http::Client(options_of(settings_));
}

void Store::give_back(http::Client client) {
  const std::lock_guard lock(mutex_);
  if (idle_.size() < kMostIdle) idle_.push_back(std::move(client));
}

Result<Session::Signing> Session::signing() {
  Signing with;
  {
    const std::lock_guard lock(store_->mutex_);
    with.region = store_->region_;
    with.skew = store_->skew_;
  }
  auto address = address_of(store_->settings_, with.region);
  if (!address) return fail(address.error());
  with.address = std::move(*address);
  auto credentials = store_->credentials(*call_);
  if (!credentials) return fail(credentials.error());
  with.credentials = std::move(*credentials);
  return with;
}

// Without its body.
http::Request Session::request_for(const Ask& ask, const Signing& with) const {
  const std::string path = with.address.path(ask.key);
  aws::Request signed_request{
      .method = ask.method,
      .path = path,
      .query = ask.query,
      .headers = ask.headers,
      .payload_hash = ask.payload_hash.empty() ? snapcore::sha256_hex(ask.body) : ask.payload_hash};
  signed_request.headers.emplace_back("host", with.address.host);
  const aws::Pairs added = aws::sign(signed_request, with.credentials, {with.region, "s3"},
                                     store_->surroundings_.now() + with.skew, store_->keys_);

  const std::string query = aws::query_text(ask.query);
  http::Request request{.method = ask.method,
                        .url = with.address.origin + path + (query.empty() ? "" : "?" + query),
                        .headers = ask.headers,
                        .deadline = std::chrono::milliseconds::zero(),
                        .stall = ask.late_errors ? kPutTogether : store_->surroundings_.stall,
                        .on_head = ask.on_head,
                        .on_body = ask.on_body};
  // Compressed on the way it would be other bytes than those the store has.
  request.headers.emplace_back("accept-encoding", "identity");
  request.headers.insert(request.headers.end(), added.begin(), added.end());
  if (ask.on_body) request.max_response = UINT64_MAX;
  return request;
}

Session::Try Session::try_once(Ask& ask, Signing signing,
                               const std::function<bool()>& stopped) const {
  http::Request request = request_for(ask, signing);
  request.cancelled = [&] {
    return stopped() || (!tidying_ && !ask.to_the_end && call_->cancelled());
  };
  request.body = std::move(ask.body);
  http::Client client = store_->take_client();
  auto answer = client.send(request);
  store_->give_back(std::move(client));
  ask.body = std::move(request.body);
  return {std::move(signing), std::move(answer)};
}

Result<http::Response> Session::send_once(Ask& ask) {
  auto with = signing();
  if (!with) return fail(with.error());
  Try tried = try_once(ask, std::move(*with), [] { return false; });
  signed_with_ = std::move(tried.signing);
  return std::move(tried.answer);
}

std::optional<bool> Session::sha256_is_checked() const {
  const std::lock_guard lock(store_->mutex_);
  return store_->sha256_is_checked_;
}

void Session::note_sha256_is_checked(bool checked) {
  const std::lock_guard lock(store_->mutex_);
  store_->sha256_is_checked_ = checked;
}

Result<> Session::keep_going() const {
  if (tidying_) return {};
  return call_->keep_going();
}

std::uint32_t Session::attempts() const {
  const std::uint32_t set = store_->settings_.attempts;
  return tidying_ ? std::min(set, 2U) : set;
}

// The bucket is elsewhere than we were told. Amazon's hosts follow the region; an endpoint that
// somebody configured stays, and only the signature changes.
bool Session::correct_region(const Ask& ask, const Refusal& refusal) {
  const bool hinted = refusal.code == "AuthorizationHeaderMalformed" ||
                      refusal.code == "PermanentRedirect" || refusal.code == "TemporaryRedirect" ||
                      refusal.code == "IllegalLocationConstraintException";
  const bool bare = ask.method == "HEAD" && (refusal.status == 400 || refusal.status == 403);
  const bool moved = refusal.status == 301 || refusal.status == 302 || refusal.status == 307;
  if (!hinted && !bare && !moved) return false;
  const std::string signed_for = signed_with_.region;
  std::string region = refusal.region;
  if (region.empty() && ask.method == "HEAD" && refusal.status != 403) region = region_by_listing();
  if (!is_region(region) || region == signed_for) return false;
  const std::lock_guard lock(store_->mutex_);
  store_->region_ = region;
  return true;
}

// An answer to HEAD has no body to say it in.
std::string Session::region_by_listing() {
  Ask ask{.query = {{"list-type", "2"}, {"max-keys", "1"}}};
  auto answer = send_once(ask);
  return answer && !answer->ok() ? refusal_of(*answer).region : std::string();
}

// Credentials may end earlier than they say. An answer to HEAD has no body to say it in.
bool Session::correct_credentials(const Ask& ask, const Refusal& refusal) {
  const bool over = refusal.code == "ExpiredToken" || refusal.code == "ExpiredTokenException";
  const bool bare = ask.method == "HEAD" && refusal.status == 400;
  if (!over && (!bare || signed_with_.credentials.session_token.empty())) return false;
  return store_->renew(*call_, signed_with_.credentials);
}

bool Session::correct_clock(const http::Response& response, const Refusal& refusal) {
  if (refusal.code != "RequestTimeTooSkewed" && refusal.status != 403) return false;
  const auto theirs = http::date(response.header("date"));
  if (!theirs) return false;
  const auto ahead = *theirs - store_->surroundings_.now();
  if (std::chrono::abs(ahead - signed_with_.skew) < kWorthCorrecting) return false;
  {
    const std::lock_guard lock(store_->mutex_);
    // Another request that was under way at the same time may have done it.
    if (std::chrono::abs(ahead - store_->skew_) < kWorthCorrecting) return true;
    store_->skew_ = ahead;
  }
  call_->log(sdk::Level::kWarning, "the clock of this machine and that of " + store_->shown("") +
                                       " differ by " +
                                       std::to_string(std::chrono::abs(ahead).count()) +
                                       " s; requests are dated by the "
                                       "store's");
  return true;
}

// What is known of a request while it is made again and again.
struct Session::Tries {
  std::uint32_t count = 0;
  bool region_corrected = false;
  bool clock_corrected = false;
  bool credentials_corrected = false;
  bool lost = false;  // it may have happened
};

// The answer to a request that may have happened already, when it has.
Result<std::optional<http::Response>> Session::found_done(const Ask& ask, const Tries& tries) {
  if (!tries.lost || !ask.look_first) return std::optional<http::Response>();
  return ask.look_first();
}

// What to do about an answer: give it back, or try again at once or later.
Session::Next Session::judge(const Ask& ask, const http::Response& answer, Tries& tries) {
  const bool late = ask.late_errors && is_refused_with_success(answer);
  if (answer.ok() && !late) return Next::kTake;
  const Refusal refusal = refusal_of(answer);
  if (!tries.region_corrected && correct_region(ask, refusal)) {
    tries.region_corrected = true;
    return Next::kAtOnce;
  }
  if (!tries.clock_corrected && correct_clock(answer, refusal)) {
    tries.clock_corrected = true;
    return Next::kAtOnce;
  }
  if (!tries.credentials_corrected) {
    tries.credentials_corrected = true;
    if (correct_credentials(ask, refusal)) return Next::kAtOnce;
  }
  if (!late && !may_pass(refusal)) return Next::kRefused;
  // Neither a 5xx nor an error behind a 200 says that nothing happened.
  if (late || refusal.status >= 500) tries.lost = true;
  return Next::kLater;
}

Result<http::Response> Session::send(Ask& ask, std::optional<Try> first) {
  Tries tries;
  const auto may_have_happened = [&](Error error) {
    if (tries.lost && !is_quiet(ask)) error.outcome = Outcome::kMayHaveHappened;
    return fail(std::move(error));
  };
  const auto try_now = [&]() -> Result<http::Response> {
    if (!first) return send_once(ask);
    Try made = std::move(*first);
    first.reset();
    signed_with_ = std::move(made.signing);
    return std::move(made.answer);
  };
  for (;;) {
    if (!first) {
      if (auto going = keep_going(); !going) return may_have_happened(going.error());
    }
    if (tries.count > 0 && ask.go_on && ask.go_on(ask)) {
      tries.count = 0;
      store_->tokens_.refund();
    }
    ++tries.count;
    auto answer = try_now();
    Next next = Next::kLater;
    if (answer) {
      next = judge(ask, *answer, tries);
    } else {
      if (answer.error().code == "http.cancelled") {
        Error stopped = sdk::stopped();
        stopped.outcome = answer.error().outcome;
        return fail(std::move(stopped));
      }
      if (!http::is_network(answer.error())) return answer;
      if (answer.error().outcome != Outcome::kNothingHappened) tries.lost = true;
    }
    if (next == Next::kTake) {
      store_->tokens_.give_back();
      return answer;
    }
    if (next == Next::kAtOnce) continue;
    // Refused, perhaps because an earlier try was not: or the next one would be.
    auto done = found_done(ask, tries);
    if (!done) return may_have_happened(done.error());
    if (*done) return std::move(**done);
    if (next == Next::kRefused) return answer;
    if (ask.once || tries.count >= attempts() || !store_->tokens_.take()) {
      if (answer) return answer;
      return may_have_happened(unreachable(answer.error(), *store_));
    }
    const auto pause = snapcore::pause_after(tries.count, store_->surroundings_.random());
    if (auto waited =
            snapcore::wait_patiently(pause, store_->surroundings_, [this] { return keep_going(); });
        !waited) {
      return may_have_happened(waited.error());
    }
  }
}

Result<http::Response> Session::demand(Ask& ask, std::string_view what, std::optional<Try> first) {
  auto answer = send(ask, std::move(first));
  if (!answer) return answer;
  if (answer->ok() && !(ask.late_errors && is_refused_with_success(*answer))) return answer;
  const Refusal refusal = refusal_of(*answer);
  Error error = error_of(refusal, what);
  const bool late = answer->ok();
  if (!is_quiet(ask) && (late || refusal.status >= 500)) error.outcome = Outcome::kMayHaveHappened;
  if (late) error.category = Category::kTransient;
  return fail(std::move(error));
}

}  // namespace s3
