// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Commands that the target rejects.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_REJECTION_H_
#define KEVY_REPLICA_TOOLS_MIRROR_REJECTION_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/tools/mirror/mirror_state.h"

namespace kevy_replica {

// The beginning of a sent command, for a message if its reply is an error.
// Every frame on its way has one, so it must not allocate memory.
class SentCommand {
 public:
  static constexpr size_t kExcerptBytes = 48;

  SentCommand() = default;
  // `offset`: the frame's; 0 for a command of a snapshot.
  SentCommand(uint64_t offset, absl::string_view command);

  uint64_t offset() const { return offset_; }
  // The excerpt in quotes, escaped.
  std::string ToString() const;

 private:
  uint64_t offset_ = 0;
  std::array<char, kExcerptBytes> excerpt_;
  uint8_t excerpt_size_ = 0;
};

// Decides on a command that the target rejects, by MirrorOptions. `message`
// names the command and the error.
//
// Returns:
//   OK                   skip it: it is counted and logged
//   kFailedPrecondition  stop, with `message`
absl::Status Reject(const MirrorOptions& options, MirrorCounters* counters,
                    const std::string& message);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_REJECTION_H_
