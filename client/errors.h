// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Errors of a replication link, and the action that each one asks for.
//
//   if (!client->status().ok()) {
//     switch (RecommendedAction(client->status())) {
//       case Action::kReconnect:
//         return ResumeFrom(applied);  // Your own cursor.
//       case Action::kResync:
//         return ResumeFrom(FeedPosition{0, 0});
//       ...
//
// | kind                  | status code          | action         |
// |-----------------------|----------------------|----------------|
// | kHandshakeRejected    | kFailedPrecondition  | kBackOff       |
// | kAckMalformed         | kDataLoss (a limit:  | kBackOff       |
// |                       | kResourceExhausted)  |                |
// | kTruncated            | kUnavailable         | kReconnect     |
// | kFrame                | kDataLoss (a limit:  | kReconnect     |
// |                       | kResourceExhausted)  |                |
// | kOffsetGap            | kOutOfRange          | kResync        |
// | kForeignHistory       | kOutOfRange          | kResync        |
// | kGenerationChanged    | kAborted             | kReconnect     |
// | kStalled              | kUnavailable         | kReconnect     |
// | kNotPrimary           | kFailedPrecondition  | kLocatePrimary |
// | kUnexpectedInSnapshot | kDataLoss            | kReconnect     |
// | kSnapshotInProgress   | kFailedPrecondition  | kReadEvents    |
// | kPayload              | kDataLoss (a limit:  | kBackOff       |
// |                       | kResourceExhausted)  |                |
// | kIo                   | the transport's      | kReconnect     |
// | -: interrupted        | kCancelled           | kCaller        |
// | -: a timeout          | kDeadlineExceeded    | kCaller        |
//
// A lack of memory for the peer's bytes has the code of a limit, and
// WireError::kOutOfMemory.
//
// The kind and its numbers travel as payloads of the absl::Status, so they
// survive being passed on. If bytes of the stream are at fault, the message
// names the wrong byte's index, the next offset and an escaped excerpt. For
// kPayload it names the index in the payload, and the key if it is known.
//
// A second kStalled at one position asks for kResync instead: a snapshot gets
// past a frame that the primary does not send. FollowerSession does so.
//
// An error in the bytes, a limit above all, is likely to repeat with the same
// bytes. Limit the number of reconnections after a kFrame.

#ifndef KEVY_REPLICA_CLIENT_ERRORS_H_
#define KEVY_REPLICA_CLIENT_ERRORS_H_

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <tuple>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/internal/value.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {

enum class ReplicaErrorKind : uint8_t {
  kHandshakeRejected,     // Closed before an answer: the way primaries refuse.
  kAckMalformed,          // The first line is not an answer to the handshake.
  kTruncated,             // The stream ended inside an element or a snapshot.
  kFrame,                 // Malformed bytes; WireErrorOf() tells which.
  kOffsetGap,             // The frame has another offset than expected;
                          // OffsetGapOf() returns both.
  kForeignHistory,        // The primary has another history than the held data;
                          // ForeignHistoryOf() returns both generations, which
                          // are the same if its history ends below the data.
  kGenerationChanged,     // Another history follows without a snapshot.
  kStalled,               // Heartbeats say that the primary is ahead, and no
                          // frame comes: see LinkOptions::stall_timeout.
  kNotPrimary,            // The node is a replica now.
  kUnexpectedInSnapshot,  // A frame, or another snapshot, inside a snapshot.
  kSnapshotInProgress,    // A frame-only read met a snapshot.
  kPayload,  // A snapshot's payload is malformed, or has a row whose data lies
             // on the primary's disk (WireError::kRowSegment). The next
             // snapshot would have it, too.
  kIo,       // The transport failed.
};

// The two offsets of a kOffsetGap.
struct OffsetGap {
  uint64_t expected = 0;
  uint64_t got = 0;

  template <typename T>
  static auto ValueFields(const T& gap) {
    return std::tie(gap.expected, gap.got);
  }
};
// Appends "expected=8 got=9".
void AppendText(const OffsetGap& gap, std::string* out);

// Generations; 0: unknown.
struct ForeignHistory {
  uint64_t held = 0;     // Of the held data.
  uint64_t primary = 0;  // Of the primary's stream.

  template <typename T>
  static auto ValueFields(const T& history) {
    return std::tie(history.held, history.primary);
  }
};
// Appends "held=7 primary=9".
void AppendText(const ForeignHistory& history, std::string* out);

enum class Action : uint8_t {
  kNone,           // The status is OK.
  kReconnect,      // Connect again and resume from the applied position.
  kResync,         // Connect again from {0, 0}: only a snapshot helps.
  kBackOff,        // Connect again, but not soon: it is likely to fail again.
  kLocatePrimary,  // Find the primary, then resume there from the applied
                   // position.
  kReadEvents,  // Connect again from the applied position, and use NextEvent()
                // or another snapshots.policy.
  kCaller,      // The caller asked for this end, or set the timeout.
};

// The kind of a status that came from this library's client. Empty for OK,
// interrupts, timeouts, and statuses from elsewhere.
std::optional<ReplicaErrorKind> ReplicaErrorKindOf(const absl::Status& status);

// The codec's error behind a kFrame, kAckMalformed, kUnexpectedInSnapshot or
// kPayload.
std::optional<WireError> WireErrorOf(const absl::Status& status);

// The two offsets of a kOffsetGap.
std::optional<OffsetGap> OffsetGapOf(const absl::Status& status);

// The two generations of a kForeignHistory.
std::optional<ForeignHistory> ForeignHistoryOf(const absl::Status& status);

// The action of the table above. A status without a kind: kNone if it is OK,
// kCaller for kCancelled, kDeadlineExceeded and kInvalidArgument, otherwise
// kReconnect (a transport's error).
Action RecommendedAction(const absl::Status& status);

// "handshake_rejected" for kHandshakeRejected; "reconnect" for kReconnect.
absl::string_view ReplicaErrorKindName(ReplicaErrorKind kind);
absl::string_view ActionName(Action action);
std::ostream& operator<<(std::ostream& out, ReplicaErrorKind kind);
std::ostream& operator<<(std::ostream& out, Action action);
template <typename Sink>
void AbslStringify(Sink& sink, ReplicaErrorKind kind) {
  sink.Append(ReplicaErrorKindName(kind));
}
template <typename Sink>
void AbslStringify(Sink& sink, Action action) {
  sink.Append(ActionName(action));
}

// Constructors of such errors, each with its code of the table.
absl::Status ReplicaError(ReplicaErrorKind kind, absl::string_view message);
absl::Status ReplicaWireError(ReplicaErrorKind kind, WireError error,
                              absl::string_view message);
absl::Status OffsetGapError(const OffsetGap& gap, absl::string_view message);
// The message names both generations, then `where`.
absl::Status ForeignHistoryError(const ForeignHistory& history,
                                 absl::string_view where);
// The same where the generations do not differ: the primary's history ends at
// `primary_end`, below the data's offset `held_end`.
absl::Status ShortHistoryError(const ForeignHistory& history, uint64_t held_end,
                               uint64_t primary_end, absl::string_view where);
// `status` keeps its code and gets kind kIo, unless it has a kind, is OK, or is
// kCancelled or kDeadlineExceeded.
absl::Status AsIoError(const absl::Status& status);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_ERRORS_H_
