// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Waits for a descriptor, and complete writes to one.

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

// Waits until poll() reports one of `events`, an error or a hangup for `fd`. An
// `fd` of -1 waits for the deadline and the interrupter only. `interrupter` may
// be null.
//
// Returns:
//   OK                 `fd` is ready
//   kCancelled         interrupted, even if `fd` is ready
//   kDeadlineExceeded  the deadline passed first
absl::Status WaitFor(int fd, short events, const Interrupter* interrupter,
                     const Deadline& deadline, const Operation& operation);

// Writes all of `bytes` by calls of `write_some` (send, write), and waits when
// one would block. Errors: those of WaitFor, and those of errno.
absl::Status WriteAll(int fd, absl::string_view bytes,
                      ssize_t (*write_some)(int fd, const void* data,
                                            size_t size),
                      const Interrupter* interrupter, const Deadline& deadline,
                      const Operation& operation);

}  // namespace transport_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_INTERNAL_IO_H_
