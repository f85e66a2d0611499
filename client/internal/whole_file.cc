// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/internal/whole_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/internal/file_lock.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/transport/internal/fd.h"
#include "kevy_replica/transport/internal/status.h"

namespace kevy_replica {
namespace client_internal {
namespace {

using transport_internal::ErrnoStatus;
using transport_internal::RetryOnEintr;
using transport_internal::UniqueFd;

// Makes the system call `call`, named `name`, unless the hook fails it.
template <typename SystemCall>
auto Call(const SystemCallHook& hook, const char* name, SystemCall call) {
  return RetryOnEintr([&]() -> decltype(call()) {
    const int error = hook != nullptr ? hook(name) : 0;
    if (error == 0) return call();
    errno = error;
    return -1;
  });
}

// Closes `fd` even if the hook fails the call. After EINTR it is closed, too.
int Close(const SystemCallHook& hook, UniqueFd fd) {
  const int error = hook != nullptr ? hook("close") : 0;
  int result = ::close(fd.release());
  if (error != 0) {
    errno = error;
    result = -1;
  }
  return result == -1 && errno == EINTR ? 0 : result;
}

// The path without links and dots. On an error it is empty and errno is set.
std::optional<std::string> RealPath(const SystemCallHook& hook,
                                    const std::string& path) {
  char* resolved = nullptr;
  if (Call(hook, "realpath", [&] {
        resolved = ::realpath(path.c_str(), nullptr);
        return resolved == nullptr ? -1 : 0;
      }) != 0) {
    return std::nullopt;
  }
  std::string result = resolved;
  ::free(resolved);
  return result;
}

}  // namespace

absl::StatusOr<WholeFile> WholeFile::Open(absl::string_view path,
                                          SystemCallHook hook) {
  const std::string given(path);
  std::optional<std::string> real = RealPath(hook, given);
  if (!real.has_value()) {
    if (errno != ENOENT) return ErrnoStatus(errno, {"find", path});
    struct stat info;
    if (::lstat(given.c_str(), &info) == 0) {
      return ErrnoStatus(ENOENT, {"follow the link", path});
    }
    // The file does not exist yet, so its folder must.
    const size_t slash = given.rfind('/');
    const std::string name =
        slash == std::string::npos ? given : given.substr(slash + 1);
    if (name.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("not the path of a file: ", Escaped(path)));
    }
    real = RealPath(
        hook, slash == std::string::npos ? "." : given.substr(0, slash + 1));
    if (!real.has_value()) {
      return ErrnoStatus(errno, {"find the folder of", path});
    }
    if (real->back() != '/') real->push_back('/');
    real->append(name);
  }
  std::string folder = real->substr(0, real->rfind('/') + 1);
  if (Call(hook, "faccessat", [&] {
        return ::faccessat(AT_FDCWD, folder.c_str(), R_OK | W_OK | X_OK,
                           AT_EACCESS);
      }) != 0) {
    return ErrnoStatus(errno, {"write into", folder});
  }
  return WholeFile(std::move(folder), *std::move(real), std::move(hook));
}

absl::Status WholeFile::Lock() {
  const std::string name = path_ + ".lock";
  UniqueFd fd(Call(hook_, "open", [&name] {
    return ::open(name.c_str(),
                  O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
                  0644);
  }));
  if (fd.get() < 0) return ErrnoStatus(errno, {"create", name});
  absl::Status status = LockFile(fd.get(), path_);
  if (status.ok()) lock_ = std::move(fd);
  return status;
}

absl::StatusOr<std::optional<std::string>> WholeFile::Read(size_t max_size) {
  // O_NONBLOCK: opening a named pipe would otherwise wait for its writer.
  const UniqueFd fd(Call(hook_, "open", [this] {
    return ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  }));
  if (fd.get() < 0) {
    if (errno == ENOENT) return std::nullopt;
    return ErrnoStatus(errno, {"open", path_});
  }
  struct stat info;
  if (Call(hook_, "fstat", [&] { return ::fstat(fd.get(), &info); }) != 0) {
    return ErrnoStatus(errno, {"examine", path_});
  }
  if (!S_ISREG(info.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat("open ", path_, ": it is not a regular file"));
  }
  const auto too_long = [&] {
    return absl::ResourceExhaustedError(absl::StrCat(
        "read ", path_, ": it is longer than ", max_size, " bytes"));
  };
  if (static_cast<uintmax_t>(info.st_size) > max_size) return too_long();
  std::string contents;
  // Read to the end, since the size may have changed after fstat().
  for (;;) {
    constexpr size_t kPiece = 64 << 10;
    const size_t old_size = contents.size();
    contents.resize(old_size + kPiece);
    const ssize_t size = Call(hook_, "read", [&] {
      return ::read(fd.get(), &contents[old_size], kPiece);
    });
    if (size < 0) return ErrnoStatus(errno, {"read", path_});
    contents.resize(old_size + static_cast<size_t>(size));
    if (size == 0) return contents;
    if (contents.size() > max_size) return too_long();
  }
}

WholeFile::Replacement WholeFile::Replace(absl::string_view contents) {
  // Open the folder first: if that fails, the file is still unchanged.
  const UniqueFd folder(Call(hook_, "open", [this] {
    return ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  }));
  if (folder.get() < 0) return {ErrnoStatus(errno, {"open", folder_}), false};

  absl::Status status = WriteTemporary(contents);
  if (status.ok() && Call(hook_, "rename", [this] {
                       return ::rename(temporary_.c_str(), path_.c_str());
                     }) != 0) {
    status = ErrnoStatus(errno, {"replace", path_});
  }
  if (!status.ok()) {
    // Remove the temporary file: the disk may be full.
    Call(hook_, "unlink", [this] { return ::unlink(temporary_.c_str()); });
    return {status, false};
  }

  // EINVAL: this file system cannot sync a folder, and need not.
  if (Call(hook_, "fsync", [&] { return ::fsync(folder.get()); }) != 0 &&
      errno != EINVAL) {
    return {ErrnoStatus(errno, {"make the new name last in", folder_}), true};
  }
  return {absl::OkStatus(), true};
}

absl::Status WholeFile::WriteTemporary(absl::string_view contents) {
  struct stat old;
  const bool is_new =
      Call(hook_, "stat", [&] { return ::stat(path_.c_str(), &old); }) != 0;
  if (is_new && errno != ENOENT) return ErrnoStatus(errno, {"examine", path_});

  // Remove a leftover: its permissions, or a link in its place, must not count.
  if (Call(hook_, "unlink", [this] { return ::unlink(temporary_.c_str()); }) !=
          0 &&
      errno != ENOENT) {
    return ErrnoStatus(errno, {"remove", temporary_});
  }
  UniqueFd fd(Call(hook_, "open", [this] {
    return ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                  0644);
  }));
  if (fd.get() < 0) return ErrnoStatus(errno, {"create", temporary_});
  if (!is_new && Call(hook_, "fchmod", [&] {
                   return ::fchmod(fd.get(), old.st_mode & 07777);
                 }) != 0) {
    return ErrnoStatus(errno, {"set the permissions of", temporary_});
  }
  while (!contents.empty()) {
    const ssize_t size = Call(hook_, "write", [&] {
      return ::write(fd.get(), contents.data(), contents.size());
    });
    if (size < 0) return ErrnoStatus(errno, {"write", temporary_});
    contents.remove_prefix(static_cast<size_t>(size));
  }
  // Sync before the rename: a power failure could otherwise leave an empty file
  // under the new name.
  if (Call(hook_, "fsync", [&] { return ::fsync(fd.get()); }) != 0) {
    return ErrnoStatus(errno, {"make last", temporary_});
  }
  if (Close(hook_, std::move(fd)) != 0) {
    return ErrnoStatus(errno, {"close", temporary_});
  }
  return absl::OkStatus();
}

}  // namespace client_internal
}  // namespace kevy_replica
