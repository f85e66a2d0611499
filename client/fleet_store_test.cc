// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Shows that a fleet stores the positions of all shards together.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/fleet.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/position_store.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/testing/scripted_primary.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

using ::testing::Contains;

// Notes the position of its shard.
class Handler : public FollowerHandler {
 public:
  absl::Status OnFrames(absl::Span<const FrameView>,
                        const FeedPosition& position) override {
    at = position;
    return absl::OkStatus();
  }
  absl::Status OnReset() override { return absl::OkStatus(); }
  absl::Status OnSnapshotBegin() override { return absl::OkStatus(); }
  absl::Status OnSnapshotChunk(absl::string_view) override {
    return absl::OkStatus();
  }
  absl::Status OnSnapshotEnd(const FeedPosition&) override {
    return absl::OkStatus();
  }

  FeedPosition at;
};

// At each store, expects the position of `busy` to be stored, too.
class ComparingStore : public InMemoryPositionStore {
 public:
  explicit ComparingStore(const Handler* busy) : busy_(busy) {}

  absl::Status Store(absl::Span<const NamedPosition> positions) override {
    const absl::Status status = InMemoryPositionStore::Store(positions);
    const absl::StatusOr<std::optional<FeedPosition>> held = Load("shard-0");
    if (!status.ok() || !held.ok()) return status;
    EXPECT_EQ(held->value_or(FeedPosition{}), busy_->at);
    for (const NamedPosition& position : positions) {
      if (position.name != "shard-1") continue;
      seen.push_back(position.position);
      if (position.position == FeedPosition{0, 0} && on_resync) on_resync();
    }
    return status;
  }

  std::vector<FeedPosition> seen;  // Positions of shard 1.
  std::function<void()> on_resync;

 private:
  const Handler* const busy_;
};

TEST(FleetStoreTest, UrgentStoreIncludesOtherShards) {
  ScriptedPrimary primary;
  primary.SetDefault(PrimaryScript().Frame(0, {"PING"}).Stall());
  // After its gap the history of the held data is unknown.
  ScriptedPrimary broken;
  broken.SetDefault(PrimaryScript().Generation(5).Frame(11, {"PING"}));
  Handler handlers[2];
  ComparingStore store(&handlers[0]);
  handlers[1].at = {5, 10};
  ASSERT_TRUE(store.Store({{"shard-1", handlers[1].at}}).ok());

  FleetOptions options;
  options.link.replica_id = "r1";
  options.store.positions = &store;
  options.store.interval = absl::Hours(1);
  options.retry.initial_backoff = absl::Milliseconds(1);
  // Connects once the other shard has an unstored position.
  const TransportFactory connect = broken.InMemory();
  const TransportFactory later =
      [&]() -> absl::StatusOr<std::unique_ptr<Transport>> {
    if (handlers[0].at == FeedPosition{}) {
      return absl::UnavailableError("not yet");
    }
    return connect();
  };
  FollowerHandler* const both[] = {&handlers[0], &handlers[1]};
  absl::StatusOr<std::unique_ptr<Fleet>> fleet =
      Fleet::Create({primary.InMemory(), later}, both, options);
  ASSERT_TRUE(fleet.ok()) << fleet.status();
  store.on_resync = [&] { (*fleet)->Stop(); };
  EXPECT_TRUE((*fleet)->Run().ok());
  EXPECT_THAT(store.seen, Contains(FeedPosition{0, 0}));
}

}  // namespace
}  // namespace kevy_replica
