// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/output.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kevy_replica/transport/internal/fd.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {
namespace {

// Writes must not block: a signal right before write() would not end it.

// Bytes that a pipe with room takes without blocking, by POSIX.
constexpr size_t kSurelyTaken = PIPE_BUF;

bool MayBlock(int fd) {
  struct stat file;
  if (fstat(fd, &file) != 0 || S_ISREG(file.st_mode)) return false;
  // A write to the reading end of a pipe fails at once.
  return (fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY;
}

// Opens the pipe behind `fd` a second time, non-blocking. O_NONBLOCK on `fd`
// itself would change it for all processes that share it, a shell for example.
// Returns -1 if `fd` is not a pipe, or outside of Linux.
int OpenNonBlocking(int fd) {
  struct stat file;
  if (fstat(fd, &file) != 0 || !S_ISFIFO(file.st_mode)) return -1;
  const std::string path = absl::StrCat("/proc/self/fd/", fd);
  return transport_internal::RetryOnEintr([&path] {
    return open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  });
}

}  // namespace

Output::Output(int fd, const Interrupter* interrupter, absl::string_view name)
    : interrupter_(interrupter),
      name_(name),
      may_block_(MayBlock(fd)),
      own_fd_(may_block_ ? OpenNonBlocking(fd) : -1),
      fd_(own_fd_ >= 0 ? own_fd_ : fd) {}

Output::~Output() {
  if (own_fd_ >= 0) close(own_fd_);
}

void Output::Append(absl::string_view bytes) {
  assert(borrowed_.empty());
  if (bytes.size() < kLargeBytes) {
    buffer_.append(bytes.data(), bytes.size());
  } else {
    borrowed_ = bytes;
  }
}

const absl::Status& Output::Flush() {
  Write(buffer_);
  Write(borrowed_);
  borrowed_ = {};
  buffer_.clear();
  // clear() keeps the capacity, and an assignment may keep it.
  if (buffer_.capacity() > kKeptBytes) std::string().swap(buffer_);
  return status_;
}

void Output::Write(absl::string_view rest) {
  const bool in_pieces = may_block_ && own_fd_ < 0;
  while (status_.ok() && !rest.empty()) {
    if (in_pieces && !WaitForRoom()) return;
    const size_t size =
        in_pieces ? std::min(rest.size(), kSurelyTaken) : rest.size();
    const ssize_t n = write(fd_, rest.data(), size);
    if (n >= 0) {
      rest.remove_prefix(static_cast<size_t>(n));
    } else if (errno == EPIPE) {
      status_ = absl::CancelledError(
          absl::StrCat("the reader of ", name_, " is gone"));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      WaitForRoom();
    } else if (errno != EINTR) {
      status_ =
          absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", name_));
    }
  }
}

bool Output::WaitForRoom() {
  // While there is room, bytes are written even after an interrupt. write()
  // reports an error of the descriptor.
  pollfd output = {fd_, POLLOUT, 0};
  if (poll(&output, 1, /*timeout=*/0) > 0) return true;
  status_ = interrupter_->WaitFor(fd_, POLLOUT, absl::InfiniteDuration());
  return status_.ok();
}

}  // namespace kevy_replica
