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

// Append to buffer(), and Flush() when it is_large() and before waiting for
// more input, so that a reader sees at once what there is.
class Output {
 public:
  // Writes to `fd`. An `interrupter` that is interrupted ends the wait for a
  // slow reader, now or later. Neither is owned.
  Output(int fd, const Interrupter* interrupter);
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  std::string* buffer() ABSL_ATTRIBUTE_LIFETIME_BOUND { return &buffer_; }

  // Appends `bytes`. A few are copied; many are viewed, so that they take no
  // memory a second time: it is_large() then, and until the next Flush() they
  // must stay as they are, and nothing else may be appended.
  void Append(absl::string_view bytes);

  // Writes all that was appended. Returns status().
  const absl::Status& Flush() ABSL_ATTRIBUTE_LIFETIME_BOUND;

  // Whether it is time to flush, whatever comes next.
  bool is_large() const {
    return buffer_.size() >= kLargeBytes || !borrowed_.empty();
  }

  // Not OK from the first failure on. kCancelled is none to speak of: nobody
  // reads any more, or the wait for a slow reader was interrupted.
  const absl::Status& status() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return status_;
  }

 private:
  static constexpr size_t kLargeBytes = 64 << 10;
  // A larger capacity is given back once it is written.
  static constexpr size_t kKeptBytes = 1 << 20;

  void Write(absl::string_view bytes);
  // Returns status().ok().
  bool WaitForRoom();

  const Interrupter* const interrupter_;
  const bool may_block_;  // As all but regular files do.
  const int own_fd_;      // Does not block. -1: none was to be had.
  const int fd_;          // Is written to.
  std::string buffer_;
  absl::string_view borrowed_;  // What comes behind the buffer.
  absl::Status status_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_COMMON_OUTPUT_H_
