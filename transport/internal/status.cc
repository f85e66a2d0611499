// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/internal/status.h"

#include <cerrno>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace kevy_replica {
namespace transport_internal {

absl::Status ErrnoStatus(int error, const Operation& operation) {
  absl::Status status = absl::ErrnoToStatus(
      error, absl::StrCat(operation.verb, " ", operation.object));
  switch (error) {
    case EADDRINUSE:
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:  // An IPv6 address, a machine without IPv6.
    case ENOTCONN:
    case EPIPE:
    case ETIMEDOUT:  // The system's timeout of a connection, not the caller's.
      return absl::UnavailableError(status.message());
    default:
      return status;
  }
}

absl::Status InterruptedStatus(const Operation& operation) {
  return absl::CancelledError(
      absl::StrCat(operation.verb, " ", operation.object, ": interrupted"));
}

absl::Status TimedOutStatus(const Operation& operation) {
  return absl::DeadlineExceededError(
      absl::StrCat(operation.verb, " ", operation.object, ": timed out"));
}

}  // namespace transport_internal
}  // namespace kevy_replica
