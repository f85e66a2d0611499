// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Errors that name the operation and the peer.

#ifndef KEVY_REPLICA_TRANSPORT_INTERNAL_STATUS_H_
#define KEVY_REPLICA_TRANSPORT_INTERNAL_STATUS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace kevy_replica {
namespace transport_internal {

// The verb and object of an error message: "read from", "127.0.0.1:16004". The
// message is built only after an error.
struct Operation {
  absl::string_view verb;
  absl::string_view object;
};

// Returns "read from 127.0.0.1:16004: Connection reset by peer". The code is
// Abseil's for `error`, and kUnavailable for the failures of a network.
absl::Status ErrnoStatus(int error, const Operation& operation);

// kCancelled.
absl::Status InterruptedStatus(const Operation& operation);

// kDeadlineExceeded.
absl::Status TimedOutStatus(const Operation& operation);

}  // namespace transport_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_INTERNAL_STATUS_H_
