// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/progress.h"

#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/fleet.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/tools/common/files.h"
#include "kevy_replica/tools/common/log.h"
#include "kevy_replica/tools/common/program.h"

namespace kevy_replica {

Progress ProgressOf(const Fleet& fleet) {
  Progress progress;
  progress.lag = 0;
  for (size_t i = 0; i < fleet.size(); ++i) {
    const FollowerStats stats = fleet.Stats(i);
    progress.frames += stats.frames;
    progress.bytes += stats.bytes;
    if (progress.lag.has_value() && stats.lag.has_value()) {
      *progress.lag += *stats.lag;
    } else {
      progress.lag.reset();
    }
  }
  return progress;
}

bool HasStatusLine() {
  return isatty(STDERR_FILENO) != 0 && CurrentLogFormat() == LogFormat::kText;
}

std::string StatusLine::Text(const Progress& progress, Clock::time_point now) {
  const std::chrono::duration<double> elapsed = now - mark_time_;
  const uint64_t frames = progress.frames - mark_frames_;
  if (elapsed >= std::chrono::seconds(1)) {
    rate_ =
        static_cast<uint64_t>(static_cast<double>(frames) / elapsed.count());
    mark_time_ = now;
    mark_frames_ = progress.frames;
  }
  std::string text =
      absl::StrCat(progress.frames, " frames, ", progress.bytes, " bytes, ",
                   // During the first second: its frames so far.
                   rate_.value_or(frames), " frames/s");
  if (progress.lag.has_value()) {
    absl::StrAppend(&text, ", lag ", *progress.lag);
  }
  return text;
}

absl::Status MetricsFile::Create() const {
  if (path_.empty()) return absl::OkStatus();
  absl::Status status = ReplaceFile(path_, "");
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      absl::StrCat("--prometheus: ", status.message()));
}

void MetricsFile::Write(absl::string_view text) {
  if (path_.empty()) return;
  const absl::Status status = ReplaceFile(path_, text);
  // A full disk, say, would otherwise bring a message every second.
  if (!status.ok() && works_) {
    Say({LogLevel::kWarning, "metrics_file",
         absl::StrCat("--prometheus: ", status.message())});
  }
  works_ = status.ok();
}

EverySecond::EverySecond(std::function<void()> function)
    : function_(std::move(function)), thread_([this] { Run(); }) {}

EverySecond::~EverySecond() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ended_ = true;
    ended_changed_.notify_all();
  }
  thread_.join();
}

void EverySecond::Run() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!ended_changed_.wait_for(lock, std::chrono::seconds(1),
                                  [this] { return ended_; })) {
    lock.unlock();
    function_();
    lock.lock();
  }
}

}  // namespace kevy_replica
