// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Fails calls of OpenSSL, and allocations inside of it, for tests.
//
// A binary that links this library has both counted and failed by
// FailEachCall(): each call of a function that returns an error, and each
// allocation under the names OPENSSL_malloc and OPENSSL_realloc. A failed call
// returns its error without doing anything, and leaves OpenSSL's error for lack
// of memory. EVP_DecryptFinal_ex() does not fail: its error means a forged
// message.

#ifndef KEVY_REPLICA_TRANSPORT_SECURE_TESTING_OPENSSL_FAILURES_H_
#define KEVY_REPLICA_TRANSPORT_SECURE_TESTING_OPENSSL_FAILURES_H_

#include <cstddef>

namespace kevy_replica {
namespace transport_testing {

// Whether allocations are counted, and fail. Default: true, unless the
// environment variable KEVY_SPARE_ALLOCATIONS is set.
void CountAllocations(bool counted);

// The allocated blocks of OpenSSL that are not freed. Ends OpenSSL's state of
// this thread before, which holds some of them.
size_t OpenSslBlocks();

}  // namespace transport_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_SECURE_TESTING_OPENSSL_FAILURES_H_
