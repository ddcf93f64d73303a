#include "http.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <mutex>
#include <new>

namespace snapcore::http {
namespace {

struct FreeHandle {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using Handle = std::unique_ptr<CURL, FreeHandle>;

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using List = std::unique_ptr<curl_slist, FreeList>;

// One request under way; what the callbacks of libcurl fill in.
struct Transfer {
  const Request* request = nullptr;
  CURL* handle = nullptr;
  Response response = {};
  std::uint64_t received = 0;
  bool head_shown = false;
  bool too_large = false;
  bool cancelled = false;
  Result<> consumer = {};
};

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())))
    text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())))
    text.remove_suffix(1);
  return text;
}

// The headers of an answer are complete.
bool show_head(Transfer& transfer) {
  if (!transfer.request->on_head || transfer.head_shown) return true;
  long status = 0;
  curl_easy_getinfo(transfer.handle, CURLINFO_RESPONSE_CODE, &status);
  if (status < 200 || status > 299) return true;
  transfer.head_shown = true;  // what may follow the body are trailers
  transfer.response.status = static_cast<int>(status);
  transfer.consumer = transfer.request->on_head(transfer.response);
  return transfer.consumer.has_value();
}

// No exception may pass through libcurl; a callback that cannot go on says so by its answer.
std::size_t take_header(char* bytes, std::size_t, std::size_t size, void* user) noexcept try {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::string_view line(bytes, size);
  if (line.starts_with("HTTP/")) {
    transfer.response.headers.clear();  // of an earlier answer: 100, or a redirect
    transfer.response.body.clear();
  } else if (line == "\r\n" || line == "\n") {
    return show_head(transfer) ? size : 0;
  } else if (const auto colon = line.find(':'); colon != std::string_view::npos) {
    if (transfer.response.headers.size() >= 1000) return 0;
    transfer.response.headers.emplace_back(lower(line.substr(0, colon)),
                                           trimmed(line.substr(colon + 1)));
  }
  return size;
} catch (...) {
  return 0;
}

std::size_t take_body(char* bytes, std::size_t, std::size_t size, void* user) noexcept try {
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.received += size;
  if (transfer.received > transfer.request->max_response) {
    transfer.too_large = true;
    return 0;
  }
  long status = 0;
  curl_easy_getinfo(transfer.handle, CURLINFO_RESPONSE_CODE, &status);
  if (!transfer.request->on_body || status < 200 || status > 299) {
    transfer.response.body.append(bytes, size);
    return size;
  }
  transfer.consumer = transfer.request->on_body({bytes, size});
  return transfer.consumer ? size : 0;
} catch (...) {
  return 0;
}

int watch(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) noexcept try {
  auto& transfer = *static_cast<Transfer*>(user);
  if (transfer.request->cancelled && transfer.request->cancelled()) transfer.cancelled = true;
  return transfer.cancelled ? 1 : 0;
} catch (...) {
  return 1;
}

bool has_line_break(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

bool has_content_type(const Headers& headers) {
  return std::any_of(headers.begin(), headers.end(),
                     [](const auto& header) { return lower(header.first) == "content-type"; });
}

bool is_quiet(std::string_view method) { return method == "GET" || method == "HEAD"; }

Result<> check(const Request& request) {
  const auto refuse = [&](std::string_view why) {
    return fail({.code = "http.bad_request",
                 .message = "cannot ask " + shown_url(request.url) + ": " + std::string(why)});
  };
  if (has_line_break(request.url)) return refuse("the URL holds a line break");
  if (request.method.empty() || !std::all_of(request.method.begin(), request.method.end(),
                                             [](unsigned char c) { return std::isupper(c); })) {
    return refuse("the method is malformed");
  }
  for (const auto& [name, value] : request.headers) {
    if (name.empty() || has_line_break(name) || name.find(':') != std::string::npos ||
        has_line_break(value)) {
      return refuse("a header is malformed");
    }
  }
  return {};
}

struct Failure {
  std::string_view code;
  std::string_view words;
  Category category;
};

Failure failure_of(CURLcode code) {
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return {"http.bad_request", "the URL is malformed", Category::kPermanent};
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return {"http.unknown_host", "the host name is not known", Category::kTransient};
    case CURLE_COULDNT_CONNECT: return {"http.refused", "no connection", Category::kTransient};
    case CURLE_OPERATION_TIMEDOUT:
      return {"http.timeout", "no answer in time", Category::kTransient};
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CRL_BADFILE: return {"http.tls", "no trusted TLS connection", Category::kAuth};
    case CURLE_TOO_MANY_REDIRECTS:
      return {"http.broken", "too many redirects", Category::kPermanent};
    default: return {"http.broken", "the connection broke", Category::kTransient};
  }
}

}  // namespace

struct Client::State {
  explicit State(Options given) : options(std::move(given)) {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    handle.reset(curl_easy_init());
    if (!handle) throw std::bad_alloc();
  }

  Options options;
  Handle handle;

  void apply_options() {
    CURL* h = handle.get();
    curl_easy_reset(h);
    curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(h, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(h, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl_easy_setopt(h, CURLOPT_PATH_AS_IS, 1L);
    if (!options.proxy_of_environment) curl_easy_setopt(h, CURLOPT_PROXY, options.proxy.c_str());
    curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS,
                     static_cast<long>(options.connect_timeout.count()));
    if (!options.ca_file.empty()) {
      curl_easy_setopt(h, CURLOPT_CAINFO, options.ca_file.c_str());
      // The given authority alone, not those of the system beside it.
      curl_easy_setopt(h, CURLOPT_CAPATH, nullptr);
    }
    if (!options.certificate_file.empty()) {
      curl_easy_setopt(h, CURLOPT_SSLCERT, options.certificate_file.c_str());
      curl_easy_setopt(h, CURLOPT_SSLKEY, options.key_file.c_str());
    }
  }

  void apply_request(const Request& request) {
    CURL* h = handle.get();
    curl_easy_setopt(h, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, static_cast<long>(request.deadline.count()));
    if (request.stall.count() > 0) {
      curl_easy_setopt(h, CURLOPT_LOW_SPEED_LIMIT, 1L);
      curl_easy_setopt(h, CURLOPT_LOW_SPEED_TIME, static_cast<long>(request.stall.count()));
    }
    if (request.follow_redirects && is_quiet(request.method)) {
      curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 1L);
      curl_easy_setopt(h, CURLOPT_MAXREDIRS, 5L);
    }
    // Few large pieces are cheaper than many small ones.
    if (request.on_body) curl_easy_setopt(h, CURLOPT_BUFFERSIZE, 512L << 10);
    if (request.body.size() > (64u << 10)) {
      curl_easy_setopt(h, CURLOPT_UPLOAD_BUFFERSIZE, 512L << 10);
    }
    if (request.method == "HEAD") {
      curl_easy_setopt(h, CURLOPT_NOBODY, 1L);
    } else if (request.method != "GET") {
      // libcurl repeats a request by itself when a kept connection turns out to be dead.
      curl_easy_setopt(h, CURLOPT_FRESH_CONNECT, 1L);
      curl_easy_setopt(h, CURLOPT_POST, 1L);
      curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, request.method.c_str());
      curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE,
                       static_cast<curl_off_t>(request.body.size()));
      curl_easy_setopt(h, CURLOPT_POSTFIELDS, request.body.data());
    }
  }

  void listen(Transfer& transfer) {
    CURL* h = handle.get();
    curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(h, CURLOPT_HEADERDATA, &transfer);
    curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(h, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(h, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(h, CURLOPT_XFERINFOFUNCTION, watch);
    curl_easy_setopt(h, CURLOPT_XFERINFODATA, &transfer);
  }

  // Nothing was sent when no byte of a request left.
  Outcome outcome(const Request& request) const {
    if (is_quiet(request.method)) return Outcome::kNothingHappened;
    long sent = 0;
    curl_easy_getinfo(handle.get(), CURLINFO_REQUEST_SIZE, &sent);
    return sent > 0 ? Outcome::kMayHaveHappened : Outcome::kNothingHappened;
  }

  Error error(const Request& request, const Transfer& transfer, CURLcode code,
              const char* detail) const {
    const std::string who = request.method + " " + shown_url(request.url);
    if (!transfer.consumer) {
      Error failed = transfer.consumer.error();
      if (outcome(request) == Outcome::kMayHaveHappened) failed.outcome = Outcome::kMayHaveHappened;
      return failed;
    }
    Failure failure = failure_of(code);
    if (transfer.cancelled) failure = {"http.cancelled", "cancelled", Category::kTransient};
    if (transfer.too_large) {
      failure = {"http.too_large", "the answer is larger than allowed", Category::kPermanent};
    }
    Error failed{.code = std::string(failure.code),
                 .message = who + ": " + std::string(failure.words),
                 .category = failure.category,
                 .outcome = outcome(request)};
    if (*detail && !transfer.cancelled && !transfer.too_large) {
      failed.message += " (" + std::string(detail) + ")";
    }
    return failed;
  }
};

Client::Client(Options options) : state_(std::make_unique<State>(std::move(options))) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

Result<Response> Client::send(const Request& request) {
  if (auto checked = check(request); !checked) return fail(checked.error());
  state_->apply_options();
  state_->apply_request(request);

  Transfer transfer{.request = &request, .handle = state_->handle.get()};
  state_->listen(transfer);
  List headers;
  const auto add = [&](const std::string& line) {
    curl_slist* longer = curl_slist_append(headers.get(), line.c_str());
    if (!longer) throw std::bad_alloc();
    (void)headers.release();
    headers.reset(longer);
  };
  add("Expect:");                                                // no waiting for "100 Continue"
  if (!has_content_type(request.headers)) add("Content-Type:");  // libcurl would claim it is a form
  // "name;" is libcurl's way to send an empty value.
  for (const auto& [name, value] : request.headers)
    add(value.empty() ? name + ";" : name + ": " + value);
  curl_easy_setopt(state_->handle.get(), CURLOPT_HTTPHEADER, headers.get());

  char detail[CURL_ERROR_SIZE] = "";
  curl_easy_setopt(state_->handle.get(), CURLOPT_ERRORBUFFER, detail);
  const CURLcode code = curl_easy_perform(state_->handle.get());
  curl_easy_setopt(state_->handle.get(), CURLOPT_ERRORBUFFER, nullptr);
  if (code != CURLE_OK) return fail(state_->error(request, transfer, code, detail));
  long status = 0;
  curl_easy_getinfo(state_->handle.get(), CURLINFO_RESPONSE_CODE, &status);
  transfer.response.status = static_cast<int>(status);
  return std::move(transfer.response);
}

Result<Peer> knock(const Knock& wish, const Options& options) {
  const auto bracketed = [](const std::string& host) {
    return host.find(':') == std::string::npos ? host : "[" + host + "]";
  };
  const std::string port = std::to_string(wish.port);
  const std::string place = bracketed(wish.host) + ":" + port;
  const std::string name = wish.name.empty() ? place : bracketed(wish.name) + ":" + port;
  const Request request{.method = "GET",
                        .url = (wish.tls ? "https://" : "http://") + name + "/",
                        .deadline = wish.deadline,
                        .stall = std::chrono::seconds(0),
                        .cancelled = wish.cancelled};
  if (auto checked = check(request); !checked) return fail(checked.error());
  Client::State state(options);
  state.options.proxy.clear();
  state.options.proxy_of_environment = false;
  state.apply_options();
  state.apply_request(request);
  CURL* h = state.handle.get();
  Transfer transfer{.request = &request, .handle = h};
  state.listen(transfer);
  curl_easy_setopt(h, CURLOPT_CONNECT_ONLY, 1L);
  curl_easy_setopt(h, CURLOPT_CERTINFO, 1L);
  const List where(curl_slist_append(nullptr, ("::" + place).c_str()));
  if (!where) throw std::bad_alloc();
  curl_easy_setopt(h, CURLOPT_CONNECT_TO, where.get());
  char detail[CURL_ERROR_SIZE] = "";
  curl_easy_setopt(h, CURLOPT_ERRORBUFFER, detail);
  const CURLcode code = curl_easy_perform(h);
  if (code != CURLE_OK) {
    Error failed = state.error(request, transfer, code, detail);
    failed.message.replace(0, failed.message.find(": ") + 2, place + ": ");
    return fail(std::move(failed));
  }
  Peer peer;
  curl_certinfo* found = nullptr;
  if (wish.tls && curl_easy_getinfo(h, CURLINFO_CERTINFO, &found) == CURLE_OK && found &&
      found->num_of_certs > 0) {
    for (const curl_slist* line = found->certinfo[0]; line; line = line->next) {
      const std::string_view text(line->data);
      if (text.starts_with("Cert:")) peer.certificate = text.substr(5);
    }
  }
  return peer;
}

std::string_view Response::header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_case_name) return value;
  }
  return {};
}

bool is_network(const Error& error) {
  return error.code == "http.refused" || error.code == "http.timeout" ||
         error.code == "http.broken" || error.code == "http.unknown_host";
}

std::string shown_url(std::string_view url) {
  std::string shown(url.substr(0, url.find_first_of("?#")));
  const auto scheme = shown.find("://");
  if (scheme == std::string::npos) return shown;
  const auto host = scheme + 3;
  const auto slash = std::min(shown.find('/', host), shown.size());
  if (const auto at = shown.rfind('@', slash); at != std::string::npos && at >= host) {
    shown.erase(host, at + 1 - host);
  }
  return shown;
}

}  // namespace snapcore::http
