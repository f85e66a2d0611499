// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The mark of an error that a transport's own handshake gave.
//
//   return HandshakeFailure(absl::UnavailableError("TLS handshake: ..."));

#ifndef KEVY_REPLICA_TRANSPORT_HANDSHAKE_FAILURE_H_
#define KEVY_REPLICA_TRANSPORT_HANDSHAKE_FAILURE_H_

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/strings/string_view.h"

namespace kevy_replica {

// The mark: a payload of the status under this URL.
inline constexpr absl::string_view kHandshakeFailureUrl =
    "kevy_replica/transport_handshake";

// Returns `status` with the mark, if it is an error. A transport that does a
// handshake, as of TLS, gives it to the errors of Read() and Write() inside of
// it. Without the mark, a client takes kUnavailable for the refusal of a
// primary, and tries an older protocol on the next link.
inline absl::Status HandshakeFailure(absl::Status status) {
  status.SetPayload(kHandshakeFailureUrl, absl::Cord());
  return status;
}

// Whether `status` has the mark.
inline bool IsHandshakeFailure(const absl::Status& status) {
  return status.GetPayload(kHandshakeFailureUrl).has_value();
}

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_HANDSHAKE_FAILURE_H_
