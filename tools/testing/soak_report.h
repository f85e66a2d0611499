// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The figures and the violations of a soak, from all its threads.

#ifndef KEVY_REPLICA_TOOLS_TESTING_SOAK_REPORT_H_
#define KEVY_REPLICA_TOOLS_TESTING_SOAK_REPORT_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace kevy_replica {

// The faults of a primary.
enum class SoakFault : uint8_t {
  kClosedUnread,    // Closes before it has read the request.
  kRefused,         // Closes instead of an answer.
  kResetAnswer,     // Resets instead of an answer.
  kBadAnswer,       // Answers with another line.
  kReset,           // Resets behind a random byte.
  kTruncated,       // Half-closes behind a random byte.
  kStalled,         // Falls silent behind a random byte.
  kSlowBytes,       // Sends some hundred bytes one by one.
  kBrokenSnapshot,  // One of the four above, inside a snapshot.
  kGap,             // Sends a frame with a later offset.
  kRepeated,        // Sends a frame with an earlier offset.
  kMalformed,       // Sends bytes that are not an element.
  kNewGeneration,   // Draws a new generation in mid-stream.
  kLostBacklog,     // Sends a snapshot of the same generation.
  kCleanEnd,        // Half-closes between two elements.
  kSilentAhead,     // Heartbeats say ahead, but frames do not come.
  kSlowClose,       // Keeps its end open after the replica's half-close.
};
inline constexpr size_t kSoakFaults = 17;

// "closed_unread".
absl::string_view SoakFaultName(SoakFault fault);

// Thread-safe.
class SoakReport {
 public:
  std::atomic<uint64_t> frames{0};     // Delivered and checked.
  std::atomic<uint64_t> snapshots{0};  // The same.
  std::atomic<uint64_t> links{0};      // Answered.
  std::atomic<uint64_t> acks{0};       // Checked.

  void Count(SoakFault fault) { ++faults_[static_cast<size_t>(fault)]; }
  uint64_t count(SoakFault fault) const {
    return faults_[static_cast<size_t>(fault)];
  }

  // Keeps `text` and prints it on standard error.
  void AddViolation(absl::string_view text);
  size_t violations() const;
  // The texts of the first hundred, in order.
  std::vector<std::string> texts() const;

  // "frames=1 links=2 snapshots=3 acks=4 closed_unread=5 ... violations=0".
  std::string ToString() const;

 private:
  std::array<std::atomic<uint64_t>, kSoakFaults> faults_{};
  mutable std::mutex mutex_;
  size_t violations_ = 0;           // Guarded by mutex_.
  std::vector<std::string> texts_;  // Guarded by mutex_.
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_TESTING_SOAK_REPORT_H_
