// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/standard_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/transport/internal/fd.h"

namespace kevy_replica {
namespace {

bool output_was_closed = false;

}  // namespace

absl::Status OpenStandardFiles() {
  // In this order: open() takes the lowest free number.
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
    if (fd == STDOUT_FILENO) output_was_closed = true;
    if (transport_internal::RetryOnEintr(
            [] { return open("/dev/null", O_RDWR); }) < 0) {
      return absl::ErrnoToStatus(errno, "open /dev/null");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckStandardOutput(absl::string_view flag) {
  if (!output_was_closed) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("standard output is closed: give ", flag));
}

}  // namespace kevy_replica
