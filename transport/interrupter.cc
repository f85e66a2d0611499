// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/interrupter.h"

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "kevy_replica/transport/internal/deadline.h"
#include "kevy_replica/transport/internal/io.h"

namespace kevy_replica {

using transport_internal::Deadline;

absl::Status Interrupter::WaitFor(int fd, short events,
                                  absl::Duration timeout) const {
  if (fd < 0) return absl::UnavailableError("wait: the descriptor is closed");
  return transport_internal::WaitFor(fd, events, this, Deadline(timeout),
                                     {"wait", ""});
}

bool Interrupter::Sleep(absl::Duration timeout) const {
  return absl::IsCancelled(transport_internal::WaitFor(
      -1, 0, this, Deadline(timeout), {"sleep", ""}));
}

}  // namespace kevy_replica
