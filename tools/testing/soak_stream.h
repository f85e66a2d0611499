// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The contents of a soak's histories. Each frame and each snapshot is a
// function of its place, so a reader can check every byte of it.

#ifndef KEVY_REPLICA_TOOLS_TESTING_SOAK_STREAM_H_
#define KEVY_REPLICA_TOOLS_TESTING_SOAK_STREAM_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "kevy_replica/client/feed_position.h"

namespace kevy_replica {

// The generations of a shard rise by 1 from this one on. Those of two shards
// differ.
uint64_t FirstSoakGeneration(size_t shard);

// The command of the frame at `offset`: a few hundred bytes, some of up to 200
// KiB. Its key tells the generation and the offset.
std::vector<std::string> SoakCommand(uint64_t generation, uint64_t offset);

// The payload of the snapshot that ends at `position`, up to 500 KiB. It begins
// with the position.
std::string SoakPayload(const FeedPosition& position);

// Returns the position at the front of a payload. Empty without one.
std::optional<FeedPosition> PositionOfSoakPayload(absl::string_view payload);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_TESTING_SOAK_STREAM_H_
