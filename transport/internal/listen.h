// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Listens on one of several addresses.

#ifndef KEVY_REPLICA_TRANSPORT_INTERNAL_LISTEN_H_
#define KEVY_REPLICA_TRANSPORT_INTERNAL_LISTEN_H_

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "kevy_replica/transport/internal/fd.h"
#include "kevy_replica/transport/internal/socket.h"

namespace kevy_replica {
namespace transport_internal {

// Returns a listening socket on the first of `addresses` that can be bound, or
// the last error.
//
// Precondition: there is at least one address.
absl::StatusOr<UniqueFd> ListenOnFirst(
    absl::Span<const SocketAddress> addresses);

}  // namespace transport_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_INTERNAL_LISTEN_H_
