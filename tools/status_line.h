// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A line on a terminal that tells how far a tail is.

#ifndef KEVY_REPLICA_TOOLS_STATUS_LINE_H_
#define KEVY_REPLICA_TOOLS_STATUS_LINE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"

namespace kevy_replica {

struct TailProgress {
  uint64_t frames = 0;
  uint64_t bytes = 0;
  std::optional<uint64_t> lag;  // In frames, as far as the primary has told.
};

// Renders "1204 frames, 84113 bytes, 310 frames/s, lag 0". The rate is that of
// the last second or more.
class StatusLine {
 public:
  // What goes before the text on a terminal, and alone takes it away.
  static constexpr char kClear[] = "\r\x1b[K";

  explicit StatusLine(absl::Time now) : mark_time_(now) {}

  std::string Text(const TailProgress& progress, absl::Time now);

 private:
  absl::Time mark_time_;  // Where the rate is counted from.
  uint64_t mark_frames_ = 0;
  std::optional<uint64_t> rate_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_STATUS_LINE_H_
