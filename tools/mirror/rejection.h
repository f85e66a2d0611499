// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The decision on commands that the target cannot or need not get.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_REJECTION_H_
#define KEVY_REPLICA_TOOLS_MIRROR_REJECTION_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/tools/mirror/mirror_state.h"
#include "kevy_replica/tools/mirror/reply_class.h"

namespace kevy_replica {

// A command and the reason against it.
struct Rejection {
  size_t shard = 0;
  // The frame's. Unset: the command loads a snapshot.
  std::optional<uint64_t> offset;
  absl::string_view command;  // In RESP.
  ReplyClass reply_class = ReplyClass::kUnable;
  // The reason's kind, one of few texts: it tells the first of each.
  absl::string_view kind;
  // "is rejected by the target: WRONGTYPE ..."
  std::string text;
};

// Decides by MirrorOptions. A refused command of a snapshot costs that item
// alone, and counts as one.
//
// Returns:
//   OK                   pass the command over: it is counted, and told if it
//                        is the first of its kind
//   kFailedPrecondition  stop; the message names the command and the remedy
absl::Status Decide(const MirrorOptions& options, MirrorCounters* counters,
                    const Rejection& rejection);

// The rejection of a command by an error reply.
Rejection RejectionByTarget(size_t shard, std::optional<uint64_t> offset,
                            absl::string_view command, absl::string_view error);

// The name and the first arguments of a command in RESP, escaped: "SET" "a" ...
std::string CommandExcerpt(absl::string_view command);

// The argument at `index` of a command in RESP. Empty if there is none.
absl::string_view ArgumentOf(absl::string_view command, size_t index);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_REJECTION_H_
