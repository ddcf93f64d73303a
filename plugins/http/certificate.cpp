#include "certificate.hpp"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <ctime>
#include <memory>

namespace web {

namespace {

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
};

}  // namespace

std::optional<std::chrono::sys_seconds> end_of_certificate(const std::string& pem) {
  const std::unique_ptr<BIO, Free> text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (!text) return std::nullopt;
  const std::unique_ptr<X509, Free> certificate(
      PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr));
  if (!certificate) return std::nullopt;
  std::tm end = {};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &end) != 1) return std::nullopt;
  return std::chrono::sys_seconds(std::chrono::seconds(::timegm(&end)));
}

}  // namespace web
