// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A handler that notes its calls, for tests.

#ifndef KEVY_REPLICA_CLIENT_TESTING_RECORDING_HANDLER_H_
#define KEVY_REPLICA_CLIENT_TESTING_RECORDING_HANDLER_H_

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_event.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/client/primary.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/payload_event.h"

namespace kevy_replica {
namespace client_testing {

// Each call is a line: "up 7:8", "frame 8 v" (with the last argument), "reset",
// "begin", "chunk KEVYSNAP", "end 7:30", "void", "heartbeat 7:9", "down
// closed", "primary db1:6004", "no primary".
//
// Thread-safe.
class RecordingHandler : public FollowerHandler {
 public:
  // Returns each call's status, by its line. Unset: OK. Called without a lock.
  std::function<absl::Status(absl::string_view line)> on_line;

  absl::Status OnFrames(absl::Span<const FrameView> frames,
                        const FeedPosition& /*position*/) override {
    absl::Status status;
    for (const FrameView& frame : frames) {
      status.Update(Note(absl::StrCat("frame ", frame.offset(), " ",
                                      frame.argv()[frame.argv().size() - 1])));
    }
    return status;
  }
  // Whether OnFlush() is noted. Its time is chance in most tests.
  bool notes_flush = false;
  absl::Status OnFlush() override {
    return notes_flush ? Note("flush") : absl::OkStatus();
  }
  absl::Status OnReset(const FeedPosition&) override { return Note("reset"); }
  absl::Status OnSnapshotBegin() override { return Note("begin"); }
  absl::Status OnSnapshotChunk(absl::string_view bytes) override {
    return Note(absl::StrCat("chunk ", bytes));
  }
  absl::Status OnPayload(const PayloadEvent& event) override {
    std::string line = "payload ";
    AppendText(event, &line);
    return Note(std::move(line));
  }
  absl::Status OnSnapshotEnd(const FeedPosition& position) override {
    return Note("end " + ToString(position));
  }
  absl::Status OnSnapshotVoid() override { return Note("void"); }
  absl::Status OnHeartbeat(const Heartbeat& /*heartbeat*/,
                           const FeedPosition& position) override {
    return Note("heartbeat " + ToString(position));
  }
  void OnPrimary(const Primary& primary) override {
    Note("primary " + primary.node).IgnoreError();
  }
  void OnNoPrimary(const absl::Status& /*status*/) override {
    Note("no primary").IgnoreError();
  }
  void OnLinkUp(const LinkUp& link) override {
    Note("up " + ToString(link.from)).IgnoreError();
  }
  absl::Status OnLinkDown(const LinkDown& link) override {
    return Note(absl::StrCat("down ", LinkEndName(link.end)));
  }

  std::vector<std::string> lines() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return lines_;
  }
  // Waits until `line` was noted `times` times. Aborts after 30 s, and prints
  // the noted lines.
  void Await(absl::string_view line, int times = 1) const {
    std::unique_lock<std::mutex> lock(mutex_);
    const bool noted = changed_.wait_for(lock, std::chrono::seconds(30), [&] {
      return std::count(lines_.begin(), lines_.end(), line) >= times;
    });
    if (noted) return;
    std::cerr << "waited in vain for: " << line << "\nnoted:\n"
              << absl::StrJoin(lines_, "\n") << std::endl;
    std::abort();
  }

 private:
  absl::Status Note(std::string line) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      lines_.push_back(line);
    }
    changed_.notify_all();
    return on_line ? on_line(line) : absl::OkStatus();
  }

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<std::string> lines_;
};

}  // namespace client_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_TESTING_RECORDING_HANDLER_H_
