// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A replica's connection to a primary: one Session over one Transport,
// blocking.
//
//   ReplicaClientOptions options;
//   options.replica_id = "search-indexer";
//   auto client = ReplicaClient::Connect("localhost:16004", options);
//   if (!client.ok()) return client.status();
//   while (const StreamEvent* event = (*client)->NextEvent()) {
//     if (const auto* frame = std::get_if<FrameView>(event)) {
//       Apply(frame->argv());
//       (*client)->Applied(frame->offset() + 1);
//     }
//   }
//   return (*client)->status();  // OK: the primary has closed, cleanly.
//
// For those who want frames only:
//
//   options.snapshot_policy = SnapshotPolicy::kSkip;
//   ...
//   for (const FrameView& frame : (*client)->Frames()) Apply(frame.argv());
//   return (*client)->status();
//
// A current primary (5.x) sends every fresh replica a snapshot first, so a
// reader of frames has to say what is to become of it: see SnapshotPolicy.

#ifndef KEVY_REPLICA_CLIENT_REPLICA_CLIENT_H_
#define KEVY_REPLICA_CLIENT_REPLICA_CLIENT_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/attributes.h"
#include "absl/base/optimization.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/errors.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/internal/snapshot_reader.h"
#include "kevy_replica/client/session.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/stream_decoder.h"
#include "kevy_replica/transport/socket_transport.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

// What NextFrame(), NextFrames() and Frames() do with a snapshot.
enum class SnapshotPolicy : uint8_t {
  kError,   // End with kSnapshotInProgress.
  kSkip,    // Read past it: its content is lost to this reader.
  kHandle,  // Hand its events to `on_snapshot`, then go on with frames.
  kDecode,  // Hand its records to `on_payload`, then go on with frames.
};

struct ReplicaClientOptions : SessionOptions {
  // For Connect(address): timeouts, keepalive, and an Interrupter that also
  // ends connecting and the handshake early.
  ConnectOptions connect;
  // For NextFrame(), NextFrames() and Frames(); NextEvent() hands out
  // everything. A snapshot that it has begun to hand out is to be read to its
  // end by it.
  SnapshotPolicy snapshot_policy = SnapshotPolicy::kError;
  // For kHandle: gets each SnapshotBegin, SnapshotChunk and SnapshotEnd. An
  // error ends the client with that status.
  std::function<absl::Status(const StreamEvent&)> on_snapshot;
  // For kDecode: gets each event of the payload, from PayloadHeader to
  // PayloadEnd, valid during the call. What was held before is replaced by it.
  // An error ends the client with that status; a payload that cannot be read,
  // with a ReplicaErrorKind::kPayload.
  std::function<absl::Status(const PayloadEvent&)> on_payload;
  // Unix time in milliseconds, from which old payloads (version 2) count their
  // expiries. Unset: the system's.
  std::function<uint64_t()> now_ms;
  // The least room given to a read.
  size_t read_bytes = 256 << 10;
  // How long one write (the request, an acknowledgement) may take.
  absl::Duration write_timeout = absl::Seconds(10);
  // The time, for timeouts and acknowledgements: a clock that does not go back.
  // Unset: the system's monotonic clock.
  std::function<absl::Time()> now;
};

// Thread-safe in this only: Interrupt() may be called from any thread.
class ReplicaClient {
 public:
  // Connects and shakes hands. Errors: kInvalidArgument (the address, the id, a
  // null transport or factory, a SnapshotPolicy without its function), those of
  // connecting (as kIo), kHandshakeRejected, kAckMalformed, kTruncated,
  // kDeadlineExceeded, kCancelled.
  static absl::StatusOr<std::unique_ptr<ReplicaClient>> Connect(
      absl::string_view address, ReplicaClientOptions options);

  // The same over any transport. `factory` is called once, and once more if
  // ProtocolChoice::kAuto has to try protocol 1.
  static absl::StatusOr<std::unique_ptr<ReplicaClient>> Connect(
      const TransportFactory& factory, ReplicaClientOptions options);

  // The same over one transport that stands already. There is no second
  // connection for a second protocol, so kAuto means protocol 2 here.
  static absl::StatusOr<std::unique_ptr<ReplicaClient>> Connect(
      std::unique_ptr<Transport> transport, ReplicaClientOptions options);

  ~ReplicaClient();
  ReplicaClient(const ReplicaClient&) = delete;
  ReplicaClient& operator=(const ReplicaClient&) = delete;

  // Waits for the next event. Null: the stream has ended, and status() tells
  // how. Valid until the next non-const call.
  const StreamEvent* NextEvent() ABSL_ATTRIBUTE_LIFETIME_BOUND;

  // Waits for the next frame, passing over heartbeats, and treating snapshots
  // by `snapshot_policy`. Otherwise as NextEvent().
  const FrameView* NextFrame() ABSL_ATTRIBUTE_LIFETIME_BOUND {
    const absl::Span<const FrameView> frames = NextFrames(1);
    return frames.empty() ? nullptr : frames.data();
  }

  // The same for several frames at once, for those who apply in batches: waits
  // for one, and hands out those that have come with it, at most `max` (1 or
  // more) and StreamDecoder::kBatch of them. Empty: the stream has ended.
  // position() is behind the last of them; all are valid until the next
  // non-const call.
  absl::Span<const FrameView> NextFrames(size_t max = StreamDecoder::kBatch)
      ABSL_ATTRIBUTE_LIFETIME_BOUND {
    const absl::Span<const FrameView> frames = session_.PollFrames(max);
    return ABSL_PREDICT_TRUE(!frames.empty()) ? frames : WaitForFrames(max);
  }

  // The frames from here to the end of the stream, as a range to be gone
  // through once. After the loop status() tells how it ended.
  class FrameRange;
  FrameRange Frames() ABSL_ATTRIBUTE_LIFETIME_BOUND;

  // OK while the stream goes on, and after a clean end. After an error, that
  // error, for ever.
  const absl::Status& status() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return session_.status();
  }

  // Says that everything below `next_offset` was applied. The acknowledgement
  // goes out with this call, if `ack_interval` has passed since the last, or by
  // itself while the client reads, after each heartbeat too. More than was
  // received, and anything inside a snapshot, is ignored. Reads a clock, to a
  // few milliseconds: where frames are small, call it once for several.
  void Applied(uint64_t next_offset);

  // The same, sent at once. kInvalidArgument if it is more than was received;
  // kFailedPrecondition inside a snapshot or after the stream's end; else what
  // writing fails with, as kIo. That does not end the client: what the primary
  // had sent can still be read. (After kDeadlineExceeded a part of the line may
  // be out: better begin anew.)
  absl::Status SendAck(uint64_t next_offset);

  // The primary's answer: its protocol and generation.
  const HandshakeAnswer& answer() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return *session_.answer();
  }
  // As Session::position(), last_heartbeat(), lag() and bytes_received().
  FeedPosition position() const { return session_.position(); }
  const std::optional<Heartbeat>& last_heartbeat() const
      ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return session_.last_heartbeat();
  }
  std::optional<uint64_t> lag() const { return session_.lag(); }
  uint64_t bytes_received() const { return session_.bytes_received(); }

  // Makes a read that is blocked, and every later one, end with kCancelled,
  // promptly. What had been read before may still be handed out first. Any
  // thread; async-signal-safe over a socket or a file.
  void Interrupt() { transport_->Interrupt(); }

  const Transport& transport() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return *transport_;
  }

 private:
  explicit ReplicaClient(ReplicaClientOptions options);

  void Handshake(std::unique_ptr<Transport> transport);
  absl::Time Now() const;
  absl::Status Transmit(absl::Time now);
  void TransmitDue(absl::Time now);
  void ReadMore();
  absl::Span<const FrameView> WaitForFrames(size_t max);
  absl::Status HandleSnapshot(const StreamEvent& event);
  void FailSnapshot(const absl::Status& status);

  const ReplicaClientOptions options_;
  Session session_;
  std::unique_ptr<Transport> transport_;
  std::string out_;
  client_internal::SnapshotReader snapshot_reader_;
};

// An input range: begin() reads the first frame, each ++ the next.
class ReplicaClient::FrameRange {
 public:
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = FrameView;
    using difference_type = std::ptrdiff_t;
    using pointer = const FrameView*;
    using reference = const FrameView&;

    const FrameView& operator*() const { return *frame_; }
    const FrameView* operator->() const { return frame_; }
    Iterator& operator++() {
      frame_ = client_->NextFrame();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator& a, const Iterator& b) {
      return a.frame_ == b.frame_;
    }
    friend bool operator!=(const Iterator& a, const Iterator& b) {
      return !(a == b);
    }

   private:
    friend class FrameRange;
    Iterator(ReplicaClient* client, const FrameView* frame)
        : client_(client), frame_(frame) {}

    ReplicaClient* client_;
    const FrameView* frame_;  // Null at the end.
  };

  Iterator begin() { return Iterator(client_, client_->NextFrame()); }
  Iterator end() { return Iterator(client_, nullptr); }

 private:
  friend class ReplicaClient;
  explicit FrameRange(ReplicaClient* client) : client_(client) {}

  ReplicaClient* client_;
};

inline ReplicaClient::FrameRange ReplicaClient::Frames() {
  return FrameRange(this);
}

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_REPLICA_CLIENT_H_
