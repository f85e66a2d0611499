// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Buffered output to a descriptor.

#ifndef KEVY_REPLICA_TOOLS_COMMON_OUTPUT_H_
#define KEVY_REPLICA_TOOLS_COMMON_OUTPUT_H_

#include <cstddef>
#include <string>

#include "absl/base/attributes.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {

// Append to buffer(). Call Flush() when it is_large(), and before waiting for
// more input, so that a reader sees all output at once.
class Output {
 public:
  // Writes to `fd`. Interrupting `interrupter` ends a wait for a slow reader,
  // now or later. Both must outlive this object. Errors call it `name`.
  Output(int fd, const Interrupter* interrupter,
         absl::string_view name = "the output");
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  std::string* buffer() ABSL_ATTRIBUTE_LIFETIME_BOUND { return &buffer_; }

  // Appends `bytes`. Less than 64 KiB are copied; more are viewed, which saves
  // the memory of a copy. The output is_large() then.
  // Precondition: after viewed bytes the next call is Flush(). They must stay
  // valid until then.
  void Append(absl::string_view bytes);

  // Writes all appended bytes. Returns status().
  const absl::Status& Flush() ABSL_ATTRIBUTE_LIFETIME_BOUND;

  // Whether to flush now, even if more output follows at once.
  bool is_large() const {
    return buffer_.size() >= kLargeBytes || !borrowed_.empty();
  }

  // The first error; later bytes are dropped.
  //
  // Returns:
  //   OK            all flushed bytes were written
  //   kCancelled    the reader is gone, or the wait for it was interrupted: end
  //                 quietly
  //   other errors  the system's
  const absl::Status& status() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return status_;
  }

 private:
  static constexpr size_t kLargeBytes = 64 << 10;
  // The capacity to keep after a flush. A larger buffer is freed.
  static constexpr size_t kKeptBytes = 1 << 20;

  void Write(absl::string_view bytes);
  // Waits until a write does not block. Returns status().ok().
  bool WaitForRoom();

  const Interrupter* const interrupter_;
  const std::string name_;
  const bool may_block_;  // True except for regular files.
  const int own_fd_;      // A non-blocking descriptor of the pipe, or -1.
  const int fd_;          // The descriptor to write to.
  std::string buffer_;
  absl::string_view borrowed_;  // Viewed bytes, which follow the buffer.
  absl::Status status_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_COMMON_OUTPUT_H_
