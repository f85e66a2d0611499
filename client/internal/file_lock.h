// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Keeps two processes from writing to one file.
//
//   absl::Status status = LockFile(fd, path);
//   if (!status.ok()) return status;  // Another process writes to it.
//
// Also for the programs in tools/, which lock their output files.

#ifndef KEVY_REPLICA_CLIENT_INTERNAL_FILE_LOCK_H_
#define KEVY_REPLICA_CLIENT_INTERNAL_FILE_LOCK_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace kevy_replica {
namespace client_internal {

// Locks the open file `fd`, by flock(). `path` is for the message. The lock
// ends when `fd` and its duplicates are closed, so at the latest with the
// process. It also excludes a second open() of the file in this process.
//
// Returns:
//   OK                   the file is locked, or its file system has no locks
//   kFailedPrecondition  the file is locked already; the message names the path
//                        and, where the system tells it, the process
//   other errors         the system's
absl::Status LockFile(int fd, absl::string_view path);

}  // namespace client_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_INTERNAL_FILE_LOCK_H_
