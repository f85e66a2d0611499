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
