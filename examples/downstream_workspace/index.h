// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A user's replica: the strings of one shard, in a map.

#ifndef INDEX_H_
#define INDEX_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/payload_event.h"

// For FollowerOptions with SnapshotPolicy::kRecords.
class Index : public kevy_replica::FollowerHandler {
 public:
  absl::Status OnFrames(absl::Span<const kevy_replica::FrameView> frames,
                        const kevy_replica::FeedPosition& position) override;
  absl::Status OnReset(const kevy_replica::FeedPosition&) override;
  absl::Status OnSnapshotBegin() override;
  absl::Status OnPayload(const kevy_replica::PayloadEvent& event) override;
  absl::Status OnSnapshotEnd(
      const kevy_replica::FeedPosition& position) override;

  const std::map<std::string, std::string>& strings() const { return strings_; }

 private:
  std::map<std::string, std::string> strings_;
  std::map<std::string, std::string> loading_;  // The snapshot so far.
  std::string key_;
};

#endif  // INDEX_H_
