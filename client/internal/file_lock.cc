// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/internal/file_lock.h"

#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>
#include <cstdio>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/transport/internal/fd.h"
#include "kevy_replica/transport/internal/status.h"

namespace kevy_replica {
namespace client_internal {
namespace {

// The process that holds the lock of `fd`, from Linux's /proc/locks. Returns 0
// if it is unknown: elsewhere, in a container, on some file systems.
int HolderOf(int fd) {
  struct stat info;
  if (::fstat(fd, &info) != 0) return 0;
  std::FILE* const locks = std::fopen("/proc/locks", "re");
  if (locks == nullptr) return 0;
  int holder = 0;
  char line[256];
  while (holder == 0 && std::fgets(line, sizeof(line), locks) != nullptr) {
    // "1: FLOCK  ADVISORY  WRITE 708 00:16:28403 0 EOF"
    int process = 0;
    unsigned major_number = 0;
    unsigned minor_number = 0;
    unsigned long long inode = 0;
    if (std::sscanf(line, "%*d: FLOCK %*s %*s %d %x:%x:%llu", &process,
                    &major_number, &minor_number, &inode) == 4 &&
        inode == info.st_ino && major_number == major(info.st_dev) &&
        minor_number == minor(info.st_dev)) {
      holder = process;
    }
  }
  std::fclose(locks);
  return holder;
}

}  // namespace

absl::Status LockFile(int fd, absl::string_view path) {
  if (transport_internal::RetryOnEintr(
          [fd] { return ::flock(fd, LOCK_EX | LOCK_NB); }) == 0) {
    return absl::OkStatus();
  }
  switch (errno) {
    case EWOULDBLOCK: {
      const int holder = HolderOf(fd);
      return absl::FailedPreconditionError(absl::StrCat(
          path, " is in use by another process",
          holder > 0 ? absl::StrCat(", with the pid ", holder) : ""));
    }
    case ENOLCK:
    case ENOSYS:
    case EOPNOTSUPP:
      return absl::OkStatus();
    default:
      return transport_internal::ErrnoStatus(errno, {"lock", path});
  }
}

}  // namespace client_internal
}  // namespace kevy_replica
