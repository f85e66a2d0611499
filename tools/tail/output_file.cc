// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/tail/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/internal/file_lock.h"
#include "kevy_replica/client/position_store.h"
#include "kevy_replica/tools/common/files.h"
#include "kevy_replica/transport/internal/fd.h"

namespace kevy_replica {

using transport_internal::RetryOnEintr;

namespace {

constexpr mode_t kMode = 0600;
constexpr off_t kFingerprintBytes = 4096;

// FNV-1a. Stored marks contain it, so it must never change.
uint64_t Fingerprint(absl::string_view bytes) {
  uint64_t hash = 14695981039346656037u;
  for (const char c : bytes) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  }
  return hash;
}

absl::Status SystemError(absl::string_view action, const std::string& path) {
  return absl::ErrnoToStatus(errno, absl::StrCat(action, " ", path));
}

int OpenPath(const char* path, int flags) {
  return RetryOnEintr([=] { return open(path, flags, kMode); });
}

int Truncate(int fd, off_t length) {
  return RetryOnEintr([=] { return ftruncate(fd, length); });
}

// Makes a created file survive a power failure.
absl::Status SyncFolderOf(const std::string& path) {
  const std::string folder = FolderOf(path);
  const int fd = OpenPath(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return SystemError("open", folder);
  absl::Status status;
  // EINVAL: this file system does not sync folders.
  if (RetryOnEintr([fd] { return fsync(fd); }) != 0 && errno != EINVAL)
    status = SystemError("sync", folder);
  close(fd);
  return status;
}

}  // namespace

absl::StatusOr<std::unique_ptr<OutputFile>> OutputFile::Open(
    const std::string& path) {
  const int fd =
      OpenPath(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC);
  if (fd < 0) return SystemError("open", path);
  std::unique_ptr<OutputFile> file = absl::WrapUnique(new OutputFile(fd, path));
  absl::Status status = file->Lock();
  if (!status.ok()) return status;
  return file;
}

absl::StatusOr<std::unique_ptr<OutputFile>> OutputFile::Resume(
    const std::string& path, const std::optional<FeedPosition>& mark) {
  int fd = OpenPath(path.c_str(), O_RDWR | O_APPEND | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) {
    if (mark.has_value() && mark->next_offset > 0) {
      return absl::FailedPreconditionError(absl::StrCat(
          path, " is missing, but the stored position covers ",
          mark->next_offset,
          " bytes of it. Put it back, or create an empty file to start over"));
    }
    fd = OpenPath(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC);
    if (fd >= 0) {
      absl::Status status = SyncFolderOf(path);
      if (!status.ok()) {
        close(fd);
        return status;
      }
    }
  }
  if (fd < 0) return SystemError("open", path);
  std::unique_ptr<OutputFile> file = absl::WrapUnique(new OutputFile(fd, path));
  absl::Status status = file->Lock();
  if (status.ok()) status = file->CutTo(mark);
  if (!status.ok()) return status;
  return file;
}

OutputFile::~OutputFile() { close(fd_); }

absl::Status OutputFile::Reopen() {
  struct stat opened;
  if (fstat(fd_, &opened) != 0) return SystemError("stat", path_);
  if (!S_ISREG(opened.st_mode)) return absl::OkStatus();
  struct stat named;
  if (stat(path_.c_str(), &named) == 0 && named.st_dev == opened.st_dev &&
      named.st_ino == opened.st_ino) {
    return absl::OkStatus();
  }
  const int fd = OpenPath(path_.c_str(),
                          O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return SystemError("open", path_);
  const OutputFile fresh(fd, path_);
  if (fstat(fd, &named) != 0) return SystemError("stat", path_);
  if (!S_ISREG(named.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat(path_, " is no longer a regular file"));
  }
  absl::Status status = fresh.Lock();
  if (status.ok()) status = SyncFolderOf(path_);
  if (status.ok() &&
      RetryOnEintr([&] { return dup3(fd, fd_, O_CLOEXEC); }) < 0) {
    status = SystemError("reopen", path_);
  }
  return status;
}

absl::Status OutputFile::Empty() {
  struct stat file;
  if (fstat(fd_, &file) != 0) return SystemError("stat", path_);
  if (S_ISREG(file.st_mode) && Truncate(fd_, 0) != 0) {
    return SystemError("truncate", path_);
  }
  return absl::OkStatus();
}

absl::Status OutputFile::Lock() const {
  struct stat file;
  if (fstat(fd_, &file) != 0) return SystemError("stat", path_);
  if (!S_ISREG(file.st_mode)) return absl::OkStatus();
  return client_internal::LockFile(fd_, path_);
}

absl::StatusOr<FeedPosition> OutputFile::Sync() {
  if (RetryOnEintr([this] { return fdatasync(fd_); }) != 0)
    return SystemError("sync", path_);
  struct stat file;
  if (fstat(fd_, &file) != 0) return SystemError("stat", path_);
  return MarkAt(file.st_size);
}

absl::Status OutputFile::CutTo(const std::optional<FeedPosition>& mark) {
  struct stat file;
  if (fstat(fd_, &file) != 0) return SystemError("stat", path_);
  if (!S_ISREG(file.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat(path_,
                     " is not a regular file, so it cannot be truncated "
                     "to the stored position"));
  }
  if (!mark.has_value() || file.st_size == 0) return absl::OkStatus();
  const auto size = static_cast<uint64_t>(file.st_size);
  if (size >= mark->next_offset) {
    const auto length = static_cast<off_t>(mark->next_offset);
    const absl::StatusOr<FeedPosition> found = MarkAt(length);
    if (!found.ok()) return found.status();
    if (*found == *mark) {
      if (size == mark->next_offset || Truncate(fd_, length) == 0) {
        return absl::OkStatus();
      }
      return SystemError("truncate", path_);
    }
  }
  if (mark->next_offset == 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(path_,
                     " has contents, but the stored position covers none of "
                     "them. Give an empty file to start over"));
  }
  return absl::FailedPreconditionError(absl::StrCat(
      path_, " does not begin with the ", mark->next_offset,
      " bytes that the stored position covers: it is another file, or it was "
      "truncated or changed. Put the right file back, or give an empty one to "
      "start over"));
}

bool OutputFile::empty() const {
  struct stat file;
  return fstat(fd_, &file) == 0 && file.st_size == 0;
}

absl::StatusOr<FeedPosition> OutputFile::MarkAt(off_t length) const {
  if (length == 0) {
    struct stat file;
    if (fstat(fd_, &file) != 0) return SystemError("stat", path_);
    return FeedPosition{static_cast<uint64_t>(file.st_ino), 0};
  }
  std::string bytes(static_cast<size_t>(std::min(length, kFingerprintBytes)),
                    '\0');
  off_t at = length - static_cast<off_t>(bytes.size());
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t n = RetryOnEintr([&] {
      return pread(fd_, &bytes[done], bytes.size() - done, at + off_t(done));
    });
    if (n < 0) return SystemError("read", path_);
    if (n == 0) {
      return absl::DataLossError(
          absl::StrCat("read ", path_, ": shorter than its length"));
    }
    done += static_cast<size_t>(n);
  }
  return FeedPosition{Fingerprint(bytes), static_cast<uint64_t>(length)};
}

absl::StatusOr<std::optional<FeedPosition>> OutputPositionStore::Load(
    absl::string_view name) {
  return inner_->Load(name);
}

absl::Status OutputPositionStore::Store(
    absl::Span<const NamedPosition> positions) {
  const absl::Status& written = output_->Flush();
  if (!written.ok()) return written;
  const absl::StatusOr<FeedPosition> mark = file_->Sync();
  if (!mark.ok()) return mark.status();
  std::vector<NamedPosition> all(positions.begin(), positions.end());
  all.push_back({kName, *mark});
  return inner_->Store(all);
}

absl::Status OutputPositionStore::Reopen() {
  absl::Status status = file_->Reopen();
  if (!status.ok()) return status;
  const absl::StatusOr<FeedPosition> mark = file_->Sync();
  if (!mark.ok()) return mark.status();
  return inner_->Store({{kName, *mark}});
}

}  // namespace kevy_replica
