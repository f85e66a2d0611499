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
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {
namespace {

// A write that blocks is not sure to be woken by a signal, which may come right
// before it. So none is to block.

// A pipe with room, says POSIX, takes so much without blocking.
constexpr size_t kSurelyTaken = PIPE_BUF;

bool MayBlock(int fd) {
  struct stat file;
  if (fstat(fd, &file) != 0 || S_ISREG(file.st_mode)) return false;
  // The reading end of a pipe never has room: a write fails at once.
  return (fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY;
}

// The pipe that `fd` writes to, opened once more: to make `fd` itself
// non-blocking would make it so for all who share it, a shell for one. -1 if it
// is no pipe, or not on Linux.
int OpenNonBlocking(int fd) {
  struct stat file;
  if (fstat(fd, &file) != 0 || !S_ISFIFO(file.st_mode)) return -1;
  return open(absl::StrCat("/proc/self/fd/", fd).c_str(),
              O_WRONLY | O_NONBLOCK | O_CLOEXEC);
}

}  // namespace

Output::Output(int fd, const Interrupter* interrupter)
    : interrupter_(interrupter),
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
  // clear() keeps the capacity, and so may an assignment.
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
      status_ = absl::CancelledError("nobody reads the output");
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      WaitForRoom();
    } else if (errno != EINTR) {
      status_ = absl::ErrnoToStatus(errno, "cannot write the output");
    }
  }
}

bool Output::WaitForRoom() {
  // What there is room for is written after an interrupt too. An error is the
  // write's to tell.
  pollfd output = {fd_, POLLOUT, 0};
  if (poll(&output, 1, /*timeout=*/0) > 0) return true;
  status_ = interrupter_->WaitFor(fd_, POLLOUT, absl::InfiniteDuration());
  return status_.ok();
}

}  // namespace kevy_replica
