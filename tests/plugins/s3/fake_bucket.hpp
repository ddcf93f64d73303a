// A bucket in memory, strict about what it is sent: a body whose digests do not fit is refused, as
// is a part that nobody announced.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <snapcore/support/base64.hpp>
#include <snapcore/support/digest.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "writing.hpp"

namespace s3 {

class FakeBucket {
 public:
  struct Version {
    std::string id;
    std::string body;
    std::map<std::string, std::string> headers = {};  // x-amz-meta-* and content-type
    bool marker = false;
  };
  struct Request {
    std::string method;
    std::string key;
    std::map<std::string, std::string> query;
    std::map<std::string, std::string> headers;
    std::string body;
  };

  bool versioned = false;
  bool honours_conditions = true;
  bool locks = false;                      // every version, for ever
  bool takes_markers_for_content = false;  // when a new object is to be made
  bool checks_sha256 = true;               // that requests are signed with
  bool insists_on_md5 = false;             // of parts, as where there is a retention
  std::string words_for_md5 = "Content-MD5 is required";
  std::map<std::string, std::vector<Version>> keys;  // the newest last
  std::map<std::string, std::pair<Request, std::map<int, std::string>>> uploads;
  // Before a request is looked at: an answer in its place.
  std::function<std::optional<std::string>(const Request&)> instead;
  // After it was done: an answer in the place of the true one.
  std::function<std::optional<std::string>(const Request&)> then;

  std::string answer(const std::string& raw) {
    const Request request = parse(raw);
    if (instead) {
      if (auto given = instead(request)) return *given;
    }
    const std::string made = act(request);
    if (then) {
      if (auto given = then(request)) return *given;
    }
    return made;
  }

  const Version* newest(const std::string& key) const {
    const auto found = keys.find(key);
    if (found == keys.end() || found->second.empty() || found->second.back().marker) return nullptr;
    return &found->second.back();
  }
  std::vector<std::string> visible() const {
    std::vector<std::string> names;
    for (const auto& [key, versions] : keys) {
      if (newest(key)) names.push_back(key);
    }
    return names;
  }

 private:
  static std::string decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '%') {
        out.push_back(
            static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16)));
        i += 2;
      } else {
        out.push_back(text[i]);
      }
    }
    return out;
  }

  static Request parse(const std::string& raw) {
    Request request;
    const auto end = raw.find("\r\n\r\n");
    request.body = raw.substr(end + 4);
    const auto space = raw.find(' ');
    request.method = raw.substr(0, space);
    std::string target = raw.substr(space + 1, raw.find(' ', space + 1) - space - 1);
    const auto mark = target.find('?');
    std::string query = mark == std::string::npos ? "" : target.substr(mark + 1);
    target.resize(std::min(mark, target.size()));
    if (target.starts_with("/bucket/")) request.key = decoded(target.substr(8));
    while (!query.empty()) {
      const auto stop = std::min(query.find('&'), query.size());
      const std::string item = query.substr(0, stop);
      request.query[decoded(item.substr(0, item.find('=')))] =
          decoded(item.substr(item.find('=') + 1));
      query.erase(0, stop + 1);
    }
    for (auto at = raw.find("\r\n"); at < end;) {
      const auto next = raw.find("\r\n", at + 2);
      const std::string line = raw.substr(at + 2, next - at - 2);
      const auto colon = line.find(':');
      if (colon != std::string::npos) {
        std::string name = line.substr(0, colon);
        std::transform(name.begin(), name.end(), name.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        request.headers[name] = line.substr(std::min(colon + 2, line.size()));
      }
      at = next;
    }
    return request;
  }

  static std::string reply(int status, const std::string& headers, const std::string& body) {
    return "HTTP/1.1 " + std::to_string(status) + " X\r\n" + headers +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  static std::string refuse(int status, const std::string& code) {
    return reply(status, {}, "<Error><Code>" + code + "</Code></Error>");
  }
  static std::string etag(const std::string& body) {
    return "\"" + snapcore::to_hex(snapcore::as_bytes(md5(body))) + "\"";
  }
  static bool has(const Request& request, const char* name) { return request.query.contains(name); }
  static std::string of(const std::map<std::string, std::string>& all, const char* name) {
    const auto found = all.find(name);
    return found == all.end() ? "" : found->second;
  }

  std::string act(const Request& request) {
    const bool has_md5 = request.headers.contains("content-md5");
    if (insists_on_md5 && has(request, "partNumber") && !has_md5) {
      return reply(
          400, {},
          "<Error><Code>InvalidRequest</Code><Message>" + words_for_md5 + "</Message></Error>");
    }
    if (checks_sha256 &&
        of(request.headers, "x-amz-content-sha256") != snapcore::sha256_hex(request.body)) {
      return refuse(400, "XAmzContentSHA256Mismatch");
    }
    if (has_md5 && of(request.headers, "content-md5") != snapcore::base64(md5(request.body))) {
      return refuse(400, "BadDigest");
    }
    if (request.key.empty()) {
      if (has(request, "versioning")) {
        return reply(200, {},
                     std::string("<VersioningConfiguration>") +
                         (versioned ? "<Status>Enabled</Status>" : "") +
                         "</VersioningConfiguration>");
      }
      if (has(request, "versions")) return list_versions(of(request.query, "prefix"));
      return refuse(501, "NotImplemented");
    }
    if (request.method == "HEAD" || (request.method == "GET" && !has(request, "uploadId"))) {
      return look(request);
    }
    if (request.method == "DELETE") return remove(request);
    if (has(request, "uploads") || has(request, "uploadId")) return upload(request);
    if (request.headers.contains("x-amz-copy-source")) return copy(request);
    if (!of(request.headers, "x-amz-checksum-sha256").empty() && honours_conditions) {
      return refuse(400, "BadDigest");  // no test sends a right one
    }
    return put(request, request, request.body, {});
  }

  std::string list_versions(const std::string& prefix) const {
    std::string items;
    for (const auto& [key, versions] : keys) {
      if (!key.starts_with(prefix)) continue;
      for (auto it = versions.rbegin(); it != versions.rend(); ++it) {
        const char* name = it->marker ? "DeleteMarker" : "Version";
        items += std::string("<") + name + "><Key>" + key + "</Key><VersionId>" + it->id +
                 "</VersionId><Size>" + std::to_string(it->body.size()) + "</Size></" + name + ">";
      }
    }
    return reply(200, {}, "<ListVersionsResult>" + items + "</ListVersionsResult>");
  }

  const Version* find(const Request& request) const {
    if (!has(request, "versionId")) return newest(request.key);
    const auto found = keys.find(request.key);
    if (found == keys.end()) return nullptr;
    for (const Version& version : found->second) {
      if (version.id == of(request.query, "versionId")) return &version;
    }
    return nullptr;
  }

  std::string look(const Request& request) const {
    const Version* version = find(request);
    if (!version) {
      const auto history = keys.find(request.key);
      const bool deleted = history != keys.end() && !history->second.empty();
      return reply(404, deleted ? "x-amz-delete-marker: true\r\n" : "", "");
    }
    if (version->marker) return reply(405, "x-amz-delete-marker: true\r\n", "");
    std::string headers = "ETag: " + etag(version->body) + "\r\n";
    if (versioned) headers += "x-amz-version-id: " + version->id + "\r\n";
    for (const auto& [name, value] : version->headers) headers += name + ": " + value + "\r\n";
    const std::string whole = reply(200, headers, version->body);
    return request.method == "GET" ? whole : whole.substr(0, whole.size() - version->body.size());
  }

  // `described` has the headers that stay with the object.
  std::string put(const Request& request, const Request& described, const std::string& body,
                  const std::string& answer_body) {
    const Version* there = newest(request.key);
    if (honours_conditions) {
      const auto old = keys.find(request.key);
      const bool marked = takes_markers_for_content && old != keys.end() && !old->second.empty();
      if (of(request.headers, "if-none-match") == "*" && (there || marked)) {
        return refuse(412, "PreconditionFailed");
      }
      const std::string match = of(request.headers, "if-match");
      if (!match.empty() && (!there || etag(there->body) != match)) {
        return refuse(412, "PreconditionFailed");
      }
    }
    Version version{versioned ? "v" + std::to_string(++count_) : "null", body};
    for (const auto& [name, value] : described.headers) {
      if (name.starts_with("x-amz-meta-") || name == "content-type") version.headers[name] = value;
    }
    auto& versions = keys[request.key];
    if (!versioned) versions.clear();
    versions.push_back(version);
    return reply(200,
                 "ETag: " + etag(body) + "\r\n" +
                     (versioned ? "x-amz-version-id: " + version.id + "\r\n" : ""),
                 answer_body);
  }

  std::string remove(const Request& request) {
    if (has(request, "uploadId")) {
      return uploads.erase(of(request.query, "uploadId")) ? reply(204, {}, "")
                                                          : refuse(404, "NoSuchUpload");
    }
    auto& versions = keys[request.key];
    if (has(request, "versionId")) {
      if (const Version* found = find(request); locks && found && !found->marker) {
        return reply(400, {},
                     "<Error><Code>InvalidRequest</Code><Message>Object is WORM protected and "
                     "cannot be overwritten</Message></Error>");
      }
      std::erase_if(versions, [&](const Version& version) {
        return version.id == of(request.query, "versionId");
      });
    } else if (versioned) {
      versions.push_back({"v" + std::to_string(++count_), "", {}, true});
      return reply(204, "x-amz-version-id: " + versions.back().id + "\r\n", "");
    } else {
      versions.clear();
    }
    if (versions.empty()) keys.erase(request.key);
    return reply(204, {}, "");
  }

  std::string copy(const Request& request) {
    const std::string from = of(request.headers, "x-amz-copy-source");
    const auto mark = from.find("?versionId=");
    const Request source{"GET",
                         decoded(from.substr(8, mark - 8)),
                         {{"versionId", decoded(from.substr(mark + 11))}},
                         {},
                         {}};
    const Version* version = find(source);
    if (!version || version->marker) return refuse(404, "NoSuchVersion");
    const std::string body = version->body;
    return put(request, request, body, "<CopyObjectResult/>");
  }

  std::string upload(const Request& request) {
    if (has(request, "uploads")) {
      const std::string id = "u" + std::to_string(++count_);
      uploads[id] = {request, {}};
      return reply(200, {},
                   "<InitiateMultipartUploadResult><UploadId>" + id +
                       "</UploadId></InitiateMultipartUploadResult>");
    }
    const auto found = uploads.find(of(request.query, "uploadId"));
    if (found == uploads.end()) return refuse(404, "NoSuchUpload");
    auto& [begun, parts] = found->second;
    if (request.method == "PUT") {
      parts[std::stoi(of(request.query, "partNumber"))] = request.body;
      return reply(200, "ETag: " + etag(request.body) + "\r\n", "");
    }
    if (request.method == "GET") {
      std::string items;
      for (const auto& [number, body] : parts) {
        items += "<Part><PartNumber>" + std::to_string(number) + "</PartNumber><Size>" +
                 std::to_string(body.size()) + "</Size><ETag>" + etag(body) + "</ETag></Part>";
      }
      return reply(200, {}, "<ListPartsResult>" + items + "</ListPartsResult>");
    }
    std::string whole;
    int last = 0;
    for (const auto& [number, body] : parts) {
      if (number != ++last || request.body.find(etag(body).substr(1, 32)) == std::string::npos) {
        return refuse(400, "InvalidPart");
      }
      whole += body;
    }
    const Request start = begun;
    std::string done = put(request, start, whole, "<CompleteMultipartUploadResult/>");
    if (done.starts_with("HTTP/1.1 200")) uploads.erase(of(request.query, "uploadId"));
    return done;
  }

  int count_ = 0;
};

}  // namespace s3
