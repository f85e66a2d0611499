// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/secure/internal/secret.h"

#include <openssl/crypto.h>

#include <cstddef>

namespace kevy_replica {
namespace secure_internal {

void Cleanse(char* bytes, size_t size) { OPENSSL_cleanse(bytes, size); }

}  // namespace secure_internal
}  // namespace kevy_replica
