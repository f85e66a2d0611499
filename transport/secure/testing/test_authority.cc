// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/secure/testing/test_authority.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace kevy_replica {
namespace transport_testing {
namespace {

void AddExtension(int id, const std::string& value, X509* certificate) {
  X509_EXTENSION* const extension =
      X509V3_EXT_conf_nid(nullptr, nullptr, id, value.c_str());
  EXPECT_NE(extension, nullptr) << value;
  EXPECT_EQ(X509_add_ext(certificate, extension, -1), 1);
  X509_EXTENSION_free(extension);
}

// Makes a certificate without extensions and signature. Its name is unique.
X509* NewCertificate(EVP_PKEY* key, absl::Duration begin, absl::Duration end) {
  static std::atomic<uint64_t> count{0};
  const uint64_t serial = ++count;
  const std::string name = absl::StrCat("Test ", serial);
  X509* const certificate = X509_new();
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate),
                  absl::ToInt64Seconds(begin));
  X509_gmtime_adj(X509_getm_notAfter(certificate), absl::ToInt64Seconds(end));
  X509_NAME_add_entry_by_txt(
      X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
      reinterpret_cast<const unsigned char*>(name.data()),
      static_cast<int>(name.size()), -1, 0);
  X509_set_pubkey(certificate, key);
  return certificate;
}

// The bytes that `write` writes as PEM.
template <typename Write>
std::string Pem(Write write) {
  BIO* const bio = BIO_new(BIO_s_mem());
  EXPECT_EQ(write(bio), 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);  // NOLINT
  std::string pem(data, static_cast<size_t>(size));
  BIO_free(bio);
  return pem;
}

}  // namespace

TestAuthority::TestAuthority() : key_(EVP_EC_gen("P-256")) {
  std::string pattern = "/tmp/kevytlsXXXXXX";
  if (::mkdtemp(&pattern[0]) == nullptr) std::abort();
  folder_ = pattern;
  certificate_.reset(
      NewCertificate(key_.get(), -absl::Hours(2), absl::Hours(2)));
  X509_set_issuer_name(certificate_.get(),
                       X509_get_subject_name(certificate_.get()));
  AddExtension(NID_basic_constraints, "critical,CA:TRUE", certificate_.get());
  AddExtension(NID_key_usage, "critical,keyCertSign", certificate_.get());
  EXPECT_GT(X509_sign(certificate_.get(), key_.get(), EVP_sha256()), 0);
  file_ = Write(Pem(
      [&](BIO* bio) { return PEM_write_bio_X509(bio, certificate_.get()); }));
}

TestAuthority::~TestAuthority() {
  for (const std::string& file : files_) ::unlink(file.c_str());
  ::rmdir(folder_.c_str());
}

std::string TestAuthority::Issue(const Request& request) const {
  const std::unique_ptr<EVP_PKEY, Free> key(EVP_EC_gen("P-256"));
  const std::unique_ptr<X509, Free> certificate(
      NewCertificate(key.get(), request.begin, request.end));
  X509* const issuer =
      request.self_signed ? certificate.get() : certificate_.get();
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer));
  AddExtension(NID_subject_alt_name, request.names, certificate.get());
  EVP_PKEY* const signer = request.self_signed ? key.get() : key_.get();
  EXPECT_GT(X509_sign(certificate.get(), signer, EVP_sha256()), 0);
  const std::string& passphrase = request.passphrase;
  return Write(absl::StrCat(
      Pem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate.get()); }),
      Pem([&](BIO* bio) {
        return PEM_write_bio_PrivateKey(
            bio, key.get(), passphrase.empty() ? nullptr : EVP_aes_128_cbc(),
            reinterpret_cast<const unsigned char*>(passphrase.data()),
            static_cast<int>(passphrase.size()), nullptr, nullptr);
      })));
}

std::string TestAuthority::Write(absl::string_view content) const {
  files_.push_back(absl::StrCat(folder_, "/", files_.size(), ".pem"));
  std::ofstream file(files_.back());
  file << content;
  EXPECT_TRUE(file.good()) << files_.back();
  return files_.back();
}

}  // namespace transport_testing
}  // namespace kevy_replica
