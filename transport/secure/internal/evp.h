// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Ownership and errors of OpenSSL's EVP objects.

#ifndef KEVY_REPLICA_TRANSPORT_SECURE_INTERNAL_EVP_H_
#define KEVY_REPLICA_TRANSPORT_SECURE_INTERNAL_EVP_H_

#include <openssl/types.h>

#include <memory>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace kevy_replica {
namespace secure_internal {

// Frees an EVP object. OpenSSL wipes the key in it.
struct EvpFree {
  void operator()(EVP_CIPHER_CTX* p) const;
  void operator()(EVP_PKEY_CTX* p) const;
  void operator()(EVP_PKEY* p) const;
  void operator()(EVP_MD_CTX* p) const;
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, EvpFree>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, EvpFree>;
using Key = std::unique_ptr<EVP_PKEY, EvpFree>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, EvpFree>;

inline const unsigned char* Bytes(absl::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
inline unsigned char* Bytes(char* bytes) {
  return reinterpret_cast<unsigned char*>(bytes);
}

// Returns kInternal, "OpenSSL: X25519: unsupported", with the reason of this
// thread's last error, and empties the thread's error queue.
absl::Status OpenSslError(absl::string_view operation);

}  // namespace secure_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_SECURE_INTERNAL_EVP_H_
