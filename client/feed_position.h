// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A place in a primary's feed of writes.

#ifndef KEVY_REPLICA_CLIENT_FEED_POSITION_H_
#define KEVY_REPLICA_CLIENT_FEED_POSITION_H_

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>

#include "absl/strings/string_view.h"

namespace kevy_replica {

// An offset means something only within its generation: the identity of one
// unbroken history, drawn anew by a primary at FLUSHALL or a promotion.
struct FeedPosition {
  uint64_t generation = 0;   // 0: unknown, no claim. Real ones are never 0.
  uint64_t next_offset = 0;  // Of the next write wanted: last one held + 1.

  friend bool operator==(const FeedPosition& a, const FeedPosition& b) {
    return a.generation == b.generation && a.next_offset == b.next_offset;
  }
  friend bool operator!=(const FeedPosition& a, const FeedPosition& b) {
    return !(a == b);
  }
};

// "GENERATION:OFFSET", two decimal numbers, as kevy_tail's --from takes it.
std::string ToString(const FeedPosition& position);
std::ostream& operator<<(std::ostream& out, const FeedPosition& position);

// The position that all of `text` spells in that form, or nothing.
std::optional<FeedPosition> ParseFeedPosition(absl::string_view text);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_FEED_POSITION_H_
