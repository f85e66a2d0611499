// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Counts the writes of all shards of a primary, on one thread.
//
//   ./bazelw run //examples:fleet -- 127.0.0.1:16004 4 /tmp/positions

#include "kevy_replica/client/fleet.h"

#include <cstddef>
#include <cstdint>
#include <iostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/file_position_store.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/position_store.h"
#include "kevy_replica/codec/frame.h"

namespace {

class Counter : public kevy_replica::FollowerHandler {
 public:
  explicit Counter(size_t shard) : shard_(shard) {}

  absl::Status OnFrames(absl::Span<const kevy_replica::FrameView> frames,
                        const kevy_replica::FeedPosition& position) override {
    count_ += frames.size();
    std::cout << "shard " << shard_ << ": " << count_ << " writes, up to "
              << position << std::endl;
    return absl::OkStatus();
  }
  absl::Status OnReset(const kevy_replica::FeedPosition&) override {
    return absl::OkStatus();
  }
  absl::Status OnSnapshotBegin() override { return absl::OkStatus(); }
  absl::Status OnSnapshotChunk(absl::string_view) override {
    return absl::OkStatus();
  }
  absl::Status OnSnapshotEnd(const kevy_replica::FeedPosition&) override {
    return absl::OkStatus();
  }

 private:
  const size_t shard_;
  uint64_t count_ = 0;
};

absl::Status FollowAll(
    absl::string_view first, size_t shards, kevy_replica::PositionStore* store,
    absl::Span<kevy_replica::FollowerHandler* const> handlers) {
  auto addresses = kevy_replica::ShardAddresses(first, shards);
  if (!addresses.ok()) return addresses.status();
  kevy_replica::FleetOptions options;
  options.link.replica_id = "search-indexer";
  options.store.positions = store;  // Shard 3's position is "shard-3".
  auto fleet = kevy_replica::Fleet::Create(*addresses, handlers, options);
  if (!fleet.ok()) return fleet.status();
  return (*fleet)->Run();  // WaitCaughtUp(), Stats(), Stop(): on any thread.
}

absl::Status Count(absl::string_view first, size_t shards,
                   absl::string_view positions) {
  auto store = kevy_replica::FilePositionStore::Open(positions);
  if (!store.ok()) return store.status();
  std::vector<Counter> counters;
  for (size_t i = 0; i < shards; ++i) counters.emplace_back(i);
  std::vector<kevy_replica::FollowerHandler*> handlers;
  for (Counter& counter : counters) handlers.push_back(&counter);
  return FollowAll(first, shards, store->get(), handlers);
}

}  // namespace

int main(int argc, char** argv) {
  uint32_t shards = 0;
  if (argc != 4 || !absl::SimpleAtoi(argv[2], &shards)) {
    std::cerr << "usage: fleet HOST:PORT SHARDS FILE\n";
    return 2;
  }
  const absl::Status status = Count(argv[1], shards, argv[3]);
  if (status.ok()) return 0;
  std::cerr << status << '\n';
  return 1;
}
