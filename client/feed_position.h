// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A place in a primary's feed of writes.

#ifndef KEVY_REPLICA_CLIENT_FEED_POSITION_H_
#define KEVY_REPLICA_CLIENT_FEED_POSITION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/internal/value.h"

namespace kevy_replica {

// An offset means something only within its generation: the primary's name for
// one unbroken history, drawn anew at FLUSHALL or a promotion.
struct FeedPosition {
  uint64_t generation = 0;   // 0: unknown. Real generations are above 0.
  uint64_t next_offset = 0;  // The offset of the next write wanted.

  friend auto ValueFields(const FeedPosition& position) {
    return std::tie(position.generation, position.next_offset);
  }
};

// "GENERATION:OFFSET", two decimal numbers, as kevy_tail's --from takes it.
std::string ToString(const FeedPosition& position);
void AppendText(const FeedPosition& position, std::string* out);

// The position that all of `text` spells in that form, or nothing.
std::optional<FeedPosition> ParseFeedPosition(absl::string_view text);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_FEED_POSITION_H_
