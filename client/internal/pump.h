// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Moves bytes between a session and a transport.

#ifndef KEVY_REPLICA_CLIENT_INTERNAL_PUMP_H_
#define KEVY_REPLICA_CLIENT_INTERNAL_PUMP_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/errors.h"
#include "kevy_replica/codec/shared_read_buffer.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace client_internal {

// `SessionType` is Session or FollowerSession. The session is told of every
// result; events are polled from the session, by the caller.
//
// Not thread-safe.
template <typename SessionType>
class Pump {
 public:
  enum class Progress : uint8_t {
    kFull,   // Bytes came, and filled the room: more may be there.
    kSome,   // Bytes came, and left room.
    kNone,   // The timeout is over. The session was asked for its own timeout.
    kEnded,  // The stream ended, reading failed, or no memory was left.
  };

  // `session` and `shared` must outlive it. `read_bytes`: the least room for a
  // read. Reads go into `shared`, or if it is null into the session's memory.
  Pump(SessionType* session, size_t read_bytes, SharedReadBuffer* shared,
       std::function<absl::Time()> now)
      : session_(session),
        read_bytes_(read_bytes),
        shared_(shared),
        now_(std::move(now)) {}

  // Begins a connection: the session's next bytes go there. Replaces the last.
  void Connect(std::unique_ptr<Transport> transport) {
    transport_ = std::move(transport);
    ended_by_primary_ = false;
    session_->HandleConnected(now_());
  }

  // Closes a connection that the primary has ended. Returns any other one, to
  // be ended politely. Null without a connection.
  std::unique_ptr<Transport> Release() {
    if (ended_by_primary_) transport_.reset();
    return std::move(transport_);
  }

  // Null without a connection.
  Transport* transport() const { return transport_.get(); }

  // Reads once, at most `max` bytes. 0: all that the room takes.
  // Precondition: a connection stands.
  Progress Read(absl::Duration timeout, size_t max = 0) {
    absl::Span<char> room =
        session_->PrepareRead(max == 0 ? read_bytes_ : max, shared_);
    if (max != 0) room = room.subspan(0, max);
    if (room.empty()) {
      session_->HandleFailure(ReplicaWireError(
          ReplicaErrorKind::kFrame, WireError::kOutOfMemory,
          absl::StrCat("no memory is left for an element: ",
                       session_->memory_bytes(), " bytes are held")));
      return Progress::kEnded;
    }
    const absl::StatusOr<size_t> n = transport_->Read(room, timeout);
    if (n.ok() && *n > 0) {
      session_->HandleRead(*n, now_());
      return *n == room.size() ? Progress::kFull : Progress::kSome;
    }
    if (n.ok()) {
      ended_by_primary_ = true;
      session_->HandleEof();
      return Progress::kEnded;
    }
    if (absl::IsDeadlineExceeded(n.status()) &&
        timeout != absl::InfiniteDuration()) {
      // Asked only now: while there are bytes, the primary is not silent.
      session_->HandleTimeout(now_());
      return Progress::kNone;
    }
    session_->HandleFailure(AsIoError(n.status()));
    return Progress::kEnded;
  }

  // Writes the bytes that are due, if any. The session is not told of a
  // failure. Precondition: a connection stands.
  absl::Status Send(absl::Time now, absl::Duration timeout) {
    if (!session_->PollTransmit(now, &out_)) return absl::OkStatus();
    return AsIoError(transport_->Write(out_, timeout));
  }

  // The same, but a failure ends the session. Returns whether it did. A primary
  // that closed is not a failure: it may have sent much before, and the end of
  // reading counts. Without a connection it has no effect.
  bool Transmit(absl::Time now, absl::Duration timeout) {
    if (transport_ == nullptr) return false;
    const absl::Status status = Send(now, timeout);
    if (status.ok() || absl::IsUnavailable(status)) return false;
    session_->HandleFailure(status);
    return true;
  }

 private:
  SessionType* const session_;
  const size_t read_bytes_;
  SharedReadBuffer* const shared_;
  const std::function<absl::Time()> now_;
  std::unique_ptr<Transport> transport_;
  bool ended_by_primary_ = false;  // By EOF.
  std::string out_;
};

}  // namespace client_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_INTERNAL_PUMP_H_
