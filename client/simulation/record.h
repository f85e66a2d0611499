// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The record of a run: the number of events of each kind, the trace, and the
// first failure.

#ifndef KEVY_REPLICA_CLIENT_SIMULATION_RECORD_H_
#define KEVY_REPLICA_CLIENT_SIMULATION_RECORD_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

#include "absl/strings/string_view.h"
#include "kevy_replica/client/simulation/virtual_clock.h"

namespace kevy_replica {
namespace simulation {

enum class Happening : uint8_t {
  // The network.
  kCut,
  kReset,
  kWriteCut,
  kWriteFailed,
  kStall,
  kRefusal,
  kUnnoticedClose,
  // The primary.
  kRejection,
  kSnapshotAtOnce,
  kSnapshotInMidStream,
  kHeartbeatInSnapshot,
  kEmptyChunk,
  kFlush,
  kPromotion,
  kHistoryChangedWhileAway,
  kExchange,
  kPrimaryRestart,
  kSlowReplicaClosed,
  kBadAnswer,
  kMissingSnapshot,
  kGap,
  kRepeat,
  kMalformed,
  kOversizedLine,
  kForeignHeartbeat,
  kStrayElement,
  kEofInSnapshot,
  // The replica.
  kHistoryReset,
  kSnapshotTaken,
  kSnapshotVoid,
  kForeignHistoryFed,
  kAckChecked,
  kAppliedLate,
  kGivenAgain,
  kKill,
  kKillInSnapshot,
  kStop,
  kInterrupted,
  kStopAmidEvents,
  kHandlerError,
  kStoreError,
  // How links ended, in the order of LinkEnd.
  kClosed,
  kHandshakeRejected,
  kAckMalformed,
  kTruncated,
  kFrameError,
  kOffsetGap,
  kForeignHistory,
  kGenerationChanged,
  kStalled,
  kNotPrimary,
  kUnexpectedInSnapshot,
  kPayload,
  kIo,
  kTimeout,
  kRetargeted,
  kStopped,
};
inline constexpr size_t kHappenings =
    static_cast<size_t>(Happening::kStopped) + 1;

absl::string_view HappeningName(Happening happening);

using Counts = std::array<uint64_t, kHappenings>;

class Record {
 public:
  // With `tracing`, keeps the last lines; with `print` too, writes all lines to
  // the standard error output.
  Record(const VirtualClock* clock, bool tracing, bool print)
      : clock_(clock), tracing_(tracing), print_(print) {}

  void Count(Happening happening) {
    ++counts_[static_cast<size_t>(happening)];
    if (tracing_) Trace(HappeningName(happening));
  }
  const Counts& counts() const { return counts_; }

  // Ask before composing a line: most runs keep no trace.
  bool tracing() const { return tracing_; }
  void Trace(absl::string_view line);
  std::string TraceText() const;

  // The first failure counts.
  void Fail(absl::string_view message);
  bool failed() const { return !failure_.empty(); }
  const std::string& failure() const { return failure_; }

 private:
  static constexpr size_t kLines = 300;

  const VirtualClock* const clock_;
  const bool tracing_;
  const bool print_;
  Counts counts_{};
  std::deque<std::string> lines_;
  std::string failure_;
};

}  // namespace simulation
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_SIMULATION_RECORD_H_
