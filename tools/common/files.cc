// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/transport/internal/fd.h"

namespace kevy_replica {

using transport_internal::RetryOnEintr;

namespace {

// Creates a file in the folder of `path`, and sets `*name` to its path.
// Returns -1 and sets errno on an error.
int CreateBeside(const std::string& path, std::string* name) {
  while (true) {
    uint64_t number = 0;
    if (getentropy(&number, sizeof(number)) != 0) return -1;
    *name =
        absl::StrCat(path, ".", absl::Hex(number, absl::kZeroPad16), ".tmp");
    const int fd = RetryOnEintr([name] {
      return open(name->c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    });
    if (fd >= 0 || errno != EEXIST) return fd;
  }
}

// Writes all of `contents`. Returns whether it did, and sets errno if not.
bool WriteAll(int fd, absl::string_view contents) {
  while (!contents.empty()) {
    const ssize_t n = RetryOnEintr(
        [&] { return write(fd, contents.data(), contents.size()); });
    if (n < 0) return false;
    contents.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

// Fills the new file `fd` and renames it to `path`. Closes `fd`.
absl::Status Replace(int fd, const std::string& temporary,
                     std::optional<mode_t> mode, const std::string& path,
                     absl::string_view contents) {
  const bool written =
      (!mode.has_value() || fchmod(fd, *mode) == 0) && WriteAll(fd, contents);
  const int error = errno;
  // After EINTR the descriptor is closed, too.
  const bool closed = close(fd) == 0 || errno == EINTR;
  if (!closed || !written) {
    return absl::ErrnoToStatus(written ? errno : error,
                               absl::StrCat("write ", temporary));
  }
  if (std::rename(temporary.c_str(), path.c_str()) != 0) {
    return absl::ErrnoToStatus(
        errno, absl::StrCat("rename ", temporary, " to ", path));
  }
  return absl::OkStatus();
}

}  // namespace

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "./" : path.substr(0, slash + 1);
}

std::string Followed(std::string path) {
  constexpr int kMostLinks = 40;  // Linux takes a longer chain for a circle.
  for (int i = 0; i < kMostLinks; ++i) {
    std::string link(4096, '\0');
    const ssize_t size = readlink(path.c_str(), &link[0], link.size());
    if (size <= 0) break;
    link.resize(static_cast<size_t>(size));
    path = link[0] == '/' ? link : FolderOf(path) + link;
  }
  return path;
}

absl::Status ReplaceFile(const std::string& path, absl::string_view contents) {
  struct stat old;
  std::optional<mode_t> mode;
  if (stat(path.c_str(), &old) == 0) {
    if (!S_ISREG(old.st_mode)) {
      return absl::FailedPreconditionError(
          absl::StrCat(path, " is not a regular file"));
    }
    mode = old.st_mode & 07777;
  } else if (lstat(path.c_str(), &old) == 0) {
    // The target's file system may not be mounted yet.
    return absl::NotFoundError(
        absl::StrCat("follow the link ", path, ": its target is missing"));
  }
  const std::string end = Followed(path);
  if (lstat(end.c_str(), &old) == 0 && S_ISLNK(old.st_mode)) {
    return absl::UnavailableError(
        absl::StrCat("follow the link ", end, ": it cannot be read"));
  }
  std::string temporary;
  const int fd = CreateBeside(end, &temporary);
  if (fd < 0) return absl::ErrnoToStatus(errno, absl::StrCat("create ", path));
  absl::Status status = Replace(fd, temporary, mode, end, contents);
  if (!status.ok()) std::remove(temporary.c_str());
  return status;
}

}  // namespace kevy_replica
