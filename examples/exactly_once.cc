// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Counts the writes of a primary by command, each write exactly once, even if
// this program is killed and started again any number of times.
//
//   ./bazelw run //examples:exactly_once -- 127.0.0.1:16004 /tmp/counts
//
// Save() does it: it replaces the counts and their position together. With a
// database, both go into one transaction.

#include <signal.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower.h"
#include "kevy_replica/client/follower_event.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/follower_options.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/heartbeat.h"

namespace {

using kevy_replica::FeedPosition;
using kevy_replica::FrameView;

class Counter : public kevy_replica::FollowerHandler {
 public:
  explicit Counter(std::string path) : path_(std::move(path)) {}

  // Returns the position of the counts of the last run, or {0, 0} for the
  // first.
  absl::StatusOr<FeedPosition> Load() {
    std::error_code error;
    if (!std::filesystem::exists(path_, error) && !error) {
      return FeedPosition{0, 0};
    }
    std::ifstream file(path_);
    std::string position;
    file >> position;
    const std::optional<FeedPosition> parsed =
        kevy_replica::ParseFeedPosition(position);
    if (!parsed.has_value()) return absl::DataLossError(path_ + ": no counts");
    std::string command;
    uint64_t count;
    while (file >> command >> count) counts_[command] = count;
    saved_ = *parsed;
    return saved_;
  }

  absl::Status OnFrames(absl::Span<const FrameView> frames,
                        const FeedPosition& position) override {
    for (const FrameView& frame : frames) {
      ++counts_[std::string(frame.argv()[0])];
    }
    return Save(position);
  }

  // A new history begins: so do the counts.
  absl::Status OnReset(const FeedPosition&) override {
    counts_.clear();
    return absl::OkStatus();  // Saved with the first frames.
  }
  absl::Status OnSnapshotBegin() override { return absl::OkStatus(); }
  absl::Status OnSnapshotChunk(absl::string_view) override {
    return absl::OkStatus();
  }
  absl::Status OnSnapshotEnd(const FeedPosition& position) override {
    counts_.clear();
    return Save(position);
  }

  // The counts belong to a history that the primary has left. Drop them.
  absl::Status OnLinkDown(const kevy_replica::LinkDown& link) override {
    if (!link.resync) return absl::OkStatus();
    counts_.clear();
    return Save({});  // The old position must go.
  }

  // The heartbeat may be the first to tell the generation of a new history.
  absl::Status OnHeartbeat(const kevy_replica::Heartbeat&,
                           const FeedPosition& position) override {
    return position == saved_ ? absl::OkStatus() : Save(position);
  }

 private:
  absl::Status Save(const FeedPosition& position) {
    // (To survive a power failure too, call fsync before and after the rename.)
    const std::string new_path = path_ + ".new";
    std::ofstream file(new_path, std::ios::trunc);
    file << position << '\n';
    for (const auto& [command, count] : counts_) {
      file << command << ' ' << count << '\n';
    }
    file.close();
    if (!file || std::rename(new_path.c_str(), path_.c_str()) != 0) {
      return absl::UnavailableError("write " + path_ + ": failed");
    }
    saved_ = position;
    return absl::OkStatus();
  }

  const std::string path_;
  std::map<std::string, uint64_t> counts_;
  FeedPosition saved_;
};

kevy_replica::Follower* stopped_by_signal = nullptr;

absl::Status Count(absl::string_view address, const std::string& path) {
  Counter counter(path);
  const absl::StatusOr<FeedPosition> from = counter.Load();
  if (!from.ok()) return from.status();
  kevy_replica::FollowerOptions options;
  options.link.replica_id = "counter";
  options.from = *from;
  auto follower =
      kevy_replica::Follower::Create(address, &counter, std::move(options));
  if (!follower.ok()) return follower.status();
  stopped_by_signal = follower->get();
  signal(SIGINT, [](int) { stopped_by_signal->Stop(); });
  const absl::Status status = (*follower)->Run();
  signal(SIGINT, SIG_DFL);  // The handler must not outlive the follower.
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: exactly_once HOST:PORT FILE\n";
    return 2;
  }
  const absl::Status status = Count(argv[1], argv[2]);
  if (status.ok()) return 0;
  std::cerr << status << '\n';
  return 1;
}
