// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Reads the value of a key in pieces.

#ifndef KEVY_REPLICA_TOOLS_VERIFY_KEY_WALK_H_
#define KEVY_REPLICA_TOOLS_VERIFY_KEY_WALK_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/tools/verify/server.h"

namespace kevy_replica {

// A piece of a value.
struct Piece {
  // | type   | elements                                    | command        |
  // |--------|---------------------------------------------|----------------|
  // | string | one, 256 KiB at most                        | GETRANGE       |
  // | hash   | a field and its value in turn               | HSCAN          |
  // | list   | items                                       | LRANGE         |
  // | set    | members                                     | SSCAN          |
  // | zset   | a member and its score in turn              | ZRANGE         |
  // | stream | entries: [id, [field, value, ...]]          | XRANGE         |
  //
  // Each is kText, or kNull; an entry is a kArray of such elements.
  std::vector<TargetReply> elements;
  // Of a string and a list: the place of the first byte or element.
  int64_t begin = 0;
  // Of a stream: the piece holds all entries from this id to its last one.
  std::string begin_id;
};

// Whether Walk() can read values of `type`, a name as TYPE tells it.
bool IsKnownType(absl::string_view type);

// The most elements of a piece.
inline constexpr int64_t kPieceElements = 512;

// The elements to try after a reply to `elements` of them was over a limit.
inline int64_t FewerElements(int64_t elements) {
  return elements > 32 ? elements / 32 : 1;
}

// Calls `take` for each piece of the value on `server`, in the value's order
// where it has one. A hash or set may bring an element twice, if it changes.
// A piece has at most `elements` elements. Memory is bounded by one reply: kevy
// sends a whole hash or set in one. A reply over a limit is asked for again
// with fewer elements.
//
// Returns:
//   OK                   the whole value was taken
//   kNotFound            the key has changed its type, or is gone
//   kFailedPrecondition  the server refuses the command, with its error
//   kResourceExhausted   one element is over the limit of a reply
//   other errors         Server's, and those of `take`
//
// Precondition: IsKnownType(type); `elements` is 1 to kPieceElements.
absl::Status Walk(Server* server, absl::string_view key, absl::string_view type,
                  const std::function<absl::Status(const Piece& piece)>& take,
                  int64_t elements = kPieceElements);

// Reads "5-1". Unset for another form.
std::optional<StreamId> ParseStreamId(absl::string_view id);

// Whether `a` is less than `b`.
bool IsBefore(const StreamId& a, const StreamId& b);

// The id behind `id`, "5-1" to "5-2": ids are 128-bit numbers. Empty if `id`
// is not an id, or the last one.
std::string NextStreamId(absl::string_view id);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_VERIFY_KEY_WALK_H_
