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

// A generation is the primary's name for one unbroken history of offsets. The
// primary draws a new one at FLUSHALL and at a promotion. Offsets of different
// generations cannot be compared.
struct FeedPosition {
  uint64_t generation = 0;   // 0: unknown. Primaries use other numbers only.
  uint64_t next_offset = 0;  // Of the next write: the last held one's plus 1.

  template <typename T>
  static auto ValueFields(const T& position) {
    return std::tie(position.generation, position.next_offset);
  }
};

// "GENERATION:OFFSET", two decimal numbers, the form of kevy_tail's --from.
std::string ToString(const FeedPosition& position);
void AppendText(const FeedPosition& position, std::string* out);

// Reads that form. Empty if `text` has another one, or has bytes behind it.
std::optional<FeedPosition> ParseFeedPosition(absl::string_view text);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_FEED_POSITION_H_
