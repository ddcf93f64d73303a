// A loopback HTTPS server with an authority of its own. Each connection gets the same answer;
// whether it asks the client for a certificate is chosen. Keys and certificates lie as PEM files in
// a directory.
#pragma once

#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

namespace snapcore::fakes {

struct FreeTls {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* connection) const { SSL_free(connection); }
};
using TlsKey = std::unique_ptr<EVP_PKEY, FreeTls>;
using TlsCertificate = std::unique_ptr<X509, FreeTls>;

// An authority that signs; writes NAME.pem and NAME.key.
class Authority {
 public:
  Authority(std::filesystem::path directory, const std::string& name)
      : directory_(std::move(directory)), key_(EVP_EC_gen("P-256")) {
    certificate_ = sign(name, key_.get(), nullptr);
    write(name, certificate_.get(), key_.get());
  }

  // `address` goes into the certificate as its only valid host.
  void issue(const std::string& name, const std::string& address) const {
    const TlsKey key(EVP_EC_gen("P-256"));
    write(name, sign(name, key.get(), address.c_str()).get(), key.get());
  }
  std::string path(const std::string& file) const { return (directory_ / file).string(); }

 private:
  TlsCertificate sign(const std::string& name, EVP_PKEY* key, const char* address) const {
    TlsCertificate made(X509_new());
    X509_set_version(made.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), address ? 2 : 1);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
    X509_set_pubkey(made.get(), key);
    X509_NAME* subject = X509_get_subject_name(made.get());
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509* issuer = certificate_ ? certificate_.get() : made.get();
    X509_set_issuer_name(made.get(), X509_get_subject_name(issuer));
    const std::string names = address ? "IP:" + std::string(address) : "";
    extend(made.get(), issuer, NID_basic_constraints, address ? "CA:FALSE" : "critical,CA:TRUE");
    if (address) extend(made.get(), issuer, NID_subject_alt_name, names.c_str());
    X509_sign(made.get(), key_.get(), EVP_sha256());
    return made;
  }
  static void extend(X509* certificate, X509* issuer, int nid, const char* text) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, text);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }
  void write(const std::string& name, X509* certificate, EVP_PKEY* key) const {
    std::FILE* file = std::fopen(path(name + ".pem").c_str(), "w");
    PEM_write_X509(file, certificate);
    std::fclose(file);
    file = std::fopen(path(name + ".key").c_str(), "w");
    PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
  }

  std::filesystem::path directory_;
  TlsKey key_;
  TlsCertificate certificate_;
};

class TlsServer {
 public:
  // With `client_authority`, a client without a certificate of it is turned away.
  TlsServer(const std::string& certificate, const std::string& key,
            const std::string& client_authority = "")
      : context_(SSL_CTX_new(TLS_server_method())) {
    SSL_CTX_use_certificate_file(context_.get(), certificate.c_str(), SSL_FILETYPE_PEM);
    SSL_CTX_use_PrivateKey_file(context_.get(), key.c_str(), SSL_FILETYPE_PEM);
    if (!client_authority.empty()) {
      SSL_CTX_load_verify_locations(context_.get(), client_authority.c_str(), nullptr);
      SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                         nullptr);
    }
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, generic, size) != 0 || ::listen(listener_, 16) != 0) return;
    ::getsockname(listener_, generic, &size);
    port_ = ntohs(address.sin_port);
    stop_ = ::eventfd(0, EFD_CLOEXEC);
    thread_ = std::thread([this] { serve(); });
  }
  ~TlsServer() {
    (void)::eventfd_write(stop_, 1);
    if (thread_.joinable()) thread_.join();
    ::close(listener_);
    ::close(stop_);
  }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  std::string url(const std::string& host = "127.0.0.1") const {
    return "https://" + host + ":" + std::to_string(port_) + "/";
  }

 private:
  void serve() {
    // Who only looks at the certificate leaves while we still write.
    sigset_t broken_pipe;
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
    for (;;) {
      pollfd watched[2] = {{listener_, POLLIN, 0}, {stop_, POLLIN, 0}};
      if (::poll(watched, 2, -1) <= 0 || watched[1].revents != 0) return;
      const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) continue;
      answer(client);
      ::close(client);
    }
  }
  void answer(int client) {
    const std::unique_ptr<SSL, FreeTls> connection(SSL_new(context_.get()));
    SSL_set_fd(connection.get(), client);
    if (SSL_accept(connection.get()) != 1) return;
    char request[4096];
    if (SSL_read(connection.get(), request, sizeof request) <= 0) return;
    static constexpr char kAnswer[] = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret";
    SSL_write(connection.get(), kAnswer, sizeof kAnswer - 1);
    SSL_shutdown(connection.get());
  }

  std::unique_ptr<SSL_CTX, FreeTls> context_;
  int listener_ = -1;
  int stop_ = -1;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace snapcore::fakes
