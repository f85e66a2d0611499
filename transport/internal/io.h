// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Waiting for a descriptor, and writing all of something to one.

#ifndef KEVY_REPLICA_TRANSPORT_INTERNAL_IO_H_
#define KEVY_REPLICA_TRANSPORT_INTERNAL_IO_H_

#include <sys/types.h>

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/transport/internal/deadline.h"
#include "kevy_replica/transport/internal/status.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {
namespace transport_internal {

// Waits until poll() reports one of `events`, or an error or a hangup, for `fd`
// (-1: for nothing). kCancelled once `interrupter` (may be null) is set, also
// where `fd` is ready; kDeadlineExceeded.
absl::Status WaitFor(int fd, short events, const Interrupter* interrupter,
                     const Deadline& deadline, const Operation& operation);

// Writes all of `bytes`, by as many calls of `write_some` (send, write) as it
// takes, and waits where one would block. Errors: those of WaitFor, and
// errno's.
absl::Status WriteAll(int fd, absl::string_view bytes,
                      ssize_t (*write_some)(int fd, const void* data,
                                            size_t size),
                      const Interrupter* interrupter, const Deadline& deadline,
                      const Operation& operation);

}  // namespace transport_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_INTERNAL_IO_H_
