// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/status_line.h"

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace kevy_replica {

std::string StatusLine::Text(const TailProgress& progress, absl::Time now) {
  const absl::Duration elapsed = now - mark_time_;
  const uint64_t frames = progress.frames - mark_frames_;
  if (elapsed >= absl::Seconds(1)) {
    rate_ = static_cast<uint64_t>(static_cast<double>(frames) /
                                  absl::ToDoubleSeconds(elapsed));
    mark_time_ = now;
    mark_frames_ = progress.frames;
  }
  std::string text =
      absl::StrCat(progress.frames, " frames, ", progress.bytes, " bytes, ",
                   // The first second is not over: that many in it so far.
                   rate_.value_or(frames), " frames/s");
  if (progress.lag.has_value()) {
    absl::StrAppend(&text, ", lag ", *progress.lag);
  }
  return text;
}

}  // namespace kevy_replica
