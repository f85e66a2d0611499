// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Plays a recorded stream to a handler, without a primary, a thread or a clock:
// to see a handler's work on the traffic of yesterday.
//
//   ./bazelw run //examples:replay_recording -- /tmp/recording
//
// `kevy_tail --once --record=/tmp/recording` records a stream.
// testdata/captures has some.

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/payload_commands.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/testing/replay.h"

namespace {

// Counts commands. A snapshot's records come as the commands that write them.
class Counter : public kevy_replica::FollowerHandler {
 public:
  absl::Status OnFrames(absl::Span<const kevy_replica::FrameView> frames,
                        const kevy_replica::FeedPosition& position) override {
    for (const kevy_replica::FrameView& frame : frames) {
      ++counts_[std::string(frame.argv()[0])];
    }
    position_ = position;
    return absl::OkStatus();
  }
  absl::Status OnReset(const kevy_replica::FeedPosition&) override {
    return absl::OkStatus();
  }
  absl::Status OnSnapshotBegin() override { return absl::OkStatus(); }
  absl::Status OnPayload(const kevy_replica::PayloadEvent& event) override {
    return commands_.Take(event);
  }
  absl::Status OnSnapshotEnd(
      const kevy_replica::FeedPosition& position) override {
    std::cout << "a snapshot, then frames from " << position << '\n';
    position_ = position;
    return absl::OkStatus();
  }
  // It tells the generation of a position that did not have one.
  absl::Status OnHeartbeat(
      const kevy_replica::Heartbeat&,
      const kevy_replica::FeedPosition& position) override {
    position_ = position;
    return absl::OkStatus();
  }

  void Print() const {
    for (const auto& [command, count] : counts_) {
      std::cout << command << ' ' << count << '\n';
    }
    std::cout << "applied up to " << position_ << '\n';
  }

 private:
  std::map<std::string, uint64_t> counts_;
  kevy_replica::FeedPosition position_;
  kevy_replica::PayloadCommands commands_{
      [this](const kevy_replica::PayloadCommand& command) {
        ++counts_[std::string(command.argv[0])];
        return absl::OkStatus();
      }};
};

}  // namespace

int main(int argc, char** argv) {
  std::ifstream file(argc == 2 ? argv[1] : "", std::ios::binary);
  if (!file) {
    std::cerr << "usage: replay_recording FILE\n";
    return 2;
  }
  const std::string recording{std::istreambuf_iterator<char>(file), {}};
  Counter counter;
  kevy_replica::ReplayOptions options;
  options.decode = true;
  const absl::Status status =
      kevy_replica::Replay(recording, &counter, options);
  counter.Print();
  if (status.ok()) return 0;
  std::cerr << status << '\n';
  return 1;
}
