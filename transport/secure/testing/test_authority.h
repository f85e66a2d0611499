// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Certificates for tests, made when the test runs.
//
//   const TestAuthority authority;
//   const std::string server = authority.Issue({});  // Of localhost.
//   options.ca_file = authority.file();

#ifndef KEVY_REPLICA_TRANSPORT_SECURE_TESTING_TEST_AUTHORITY_H_
#define KEVY_REPLICA_TRANSPORT_SECURE_TESTING_TEST_AUTHORITY_H_

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace kevy_replica {
namespace transport_testing {

// An authority with a folder for its files. The destructor removes all of them.
class TestAuthority {
 public:
  struct Request {
    std::string names = "DNS:localhost,IP:127.0.0.1";
    // Validity, from now on.
    absl::Duration begin = -absl::Hours(1);
    absl::Duration end = absl::Hours(1);
    bool self_signed = false;
    // Encrypts the key. Empty: it is not.
    std::string passphrase;
  };

  TestAuthority();
  ~TestAuthority();
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  // The path of the authority's certificate.
  const std::string& file() const { return file_; }

  // Makes a certificate. Returns the path of a file with it and its key.
  std::string Issue(const Request& request) const;

  // Writes a file. Returns its path.
  std::string Write(absl::string_view content) const;

 private:
  struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const { X509_free(certificate); }
  };

  std::string folder_;
  mutable std::vector<std::string> files_;
  std::unique_ptr<EVP_PKEY, Free> key_;
  std::unique_ptr<X509, Free> certificate_;
  std::string file_;
};

}  // namespace transport_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_SECURE_TESTING_TEST_AUTHORITY_H_
