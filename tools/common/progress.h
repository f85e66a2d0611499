// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Shows a program's progress: a status line on a terminal and a file of
// metrics, both brought up to date every second.

#ifndef KEVY_REPLICA_TOOLS_COMMON_PROGRESS_H_
#define KEVY_REPLICA_TOOLS_COMMON_PROGRESS_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/fleet.h"
#include "kevy_replica/tools/common/quiet_thread.h"

namespace kevy_replica {

struct Progress {
  uint64_t frames = 0;
  uint64_t bytes = 0;
  std::optional<uint64_t> lag;  // In frames; unset: a primary has not told it.
};

// The sums over the shards of `fleet`. The lag is set if every shard's is.
Progress ProgressOf(const Fleet& fleet);

// Whether a program shows a status line: stderr is a terminal, and has no JSON.
bool HasStatusLine();

// Renders "1204 frames, 84113 bytes, 310 frames/s, lag 0". The rate is the
// average over the last second or a little more.
class StatusLine {
 public:
  // Monotonic, since a wall clock that is set back would freeze the rate.
  using Clock = std::chrono::steady_clock;

  // Clears the line on a terminal. Print it before the text.
  static constexpr char kClear[] = "\r\x1b[K";

  explicit StatusLine(Clock::time_point now = Clock::now()) : mark_time_(now) {}

  std::string Text(const Progress& progress,
                   Clock::time_point now = Clock::now());

 private:
  Clock::time_point mark_time_;  // The rate counts from here.
  uint64_t mark_frames_ = 0;
  std::optional<uint64_t> rate_;
};

// The file of --prometheus, replaced as a whole with each update. An empty
// path stands for a flag that was not given: all calls then do nothing.
class MetricsFile {
 public:
  explicit MetricsFile(std::string path) : path_(std::move(path)) {}

  // Makes the file, empty. Errors: the system's, with the flag's name.
  absl::Status Create() const;

  // Replaces the contents by `text`. Says the first error of a row of errors.
  void Write(absl::string_view text);

 private:
  const std::string path_;
  bool works_ = true;
};

// Calls `function` every second while it lives, on a thread of its own. The
// first call comes one second after construction.
class EverySecond {
 public:
  explicit EverySecond(std::function<void()> function);
  ~EverySecond();  // Waits for a call that still runs.
  EverySecond(const EverySecond&) = delete;
  EverySecond& operator=(const EverySecond&) = delete;

 private:
  void Run();

  const std::function<void()> function_;
  std::mutex mutex_;
  std::condition_variable ended_changed_;
  bool ended_ = false;
  QuietThread thread_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_COMMON_PROGRESS_H_
