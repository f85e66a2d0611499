// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/secure/internal/evp.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace kevy_replica {
namespace secure_internal {

void EvpFree::operator()(EVP_CIPHER_CTX* p) const { EVP_CIPHER_CTX_free(p); }
void EvpFree::operator()(EVP_PKEY_CTX* p) const { EVP_PKEY_CTX_free(p); }
void EvpFree::operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
void EvpFree::operator()(EVP_MD_CTX* p) const { EVP_MD_CTX_free(p); }

absl::Status OpenSslError(absl::string_view operation) {
  const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return absl::InternalError(absl::StrCat(
      "OpenSSL: ", operation, ": ", reason == nullptr ? "failed" : reason));
}

}  // namespace secure_internal
}  // namespace kevy_replica
