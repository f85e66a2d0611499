// Copyright 2026 The kevy_replica Authors
//
// Licensed under the Apache License, Version 2.0 (the "License");
// you may not use this file except in compliance with the License.
// You may obtain a copy of the License at
//
//     https://www.apache.org/licenses/LICENSE-2.0
//
// Unless required by applicable law or agreed to in writing, software
// distributed under the License is distributed on an "AS IS" BASIS,
// WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
// See the License for the specific language governing permissions and
// limitations under the License.

#include "kevy_replica/tools/output.h"

#include <poll.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace kevy_replica {

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
  while (status_.ok() && !rest.empty()) {
    const ssize_t n = write(fd_, rest.data(), rest.size());
    const bool some = n >= 0;
    if (some) rest.remove_prefix(static_cast<size_t>(n));
    if (some && rest.empty()) return;
    if (some || errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK) {
      // A signal has come, after some of it was written or before; or somebody
      // has made a terminal or pipe non-blocking.
      pollfd waited[] = {{fd_, POLLOUT, 0}, {interrupter_->fd(), POLLIN, 0}};
      poll(waited, 2, /*timeout=*/-1);
      if (interrupter_->interrupted()) {
        status_ = absl::CancelledError("interrupted");
      }
    } else if (errno == EPIPE) {
      status_ = absl::CancelledError("nobody reads the output");
    } else {
      status_ = absl::ErrnoToStatus(errno, "cannot write the output");
    }
  }
}

}  // namespace kevy_replica
