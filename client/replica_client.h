// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A replica's connection to a primary: one Session over one Transport,
// blocking. It ends when the connection does. To reconnect and resume use
// Follower (follower.h, with a table: which class is yours); on an event loop
// of your own Session or FollowerSession.
//
//   ReplicaClientOptions options;
//   options.link.replica_id = "search-indexer";
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
// For readers of frames only:
//
//   options.snapshots.policy = SnapshotPolicy::kSkip;
//   ...
//   for (const FrameView& frame : (*client)->Frames()) Apply(frame.argv());
//   return (*client)->status();
//
// A current primary (kevy 5.0 and later) sends every fresh replica a snapshot
// first. A reader of frames chooses how to treat it: see SnapshotPolicy.

#ifndef KEVY_REPLICA_CLIENT_REPLICA_CLIENT_H_
#define KEVY_REPLICA_CLIENT_REPLICA_CLIENT_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>

#include "absl/base/attributes.h"
#include "absl/base/optimization.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/internal/pump.h"
#include "kevy_replica/client/link_options.h"
#include "kevy_replica/client/session.h"
#include "kevy_replica/client/snapshot_options.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/payload_record.h"
#include "kevy_replica/codec/stream_decoder.h"
#include "kevy_replica/transport/socket_transport.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace client_internal {
class SnapshotReader;
}  // namespace client_internal

// Options of one connection.
struct ReplicaClientOptions {
  ReplicaClientOptions() { snapshots.policy = SnapshotPolicy::kError; }

  LinkOptions link;
  // Where to resume. Default: {0, 0}, a fresh start.
  FeedPosition from;
  // For Connect(address): timeouts, keepalive, a resolver, and an Interrupter
  // that also ends the lookup, connecting and the handshake early.
  ConnectOptions connect;
  // Secures the link: see FollowerOptions::secure. Default: null, a plain link.
  TransportSecurity secure;
  // For NextFrame(), NextFrames() and Frames(). NextEvent() returns everything.
  // A snapshot that NextEvent() began must be read to its end by NextEvent().
  // snapshots.policy is kError by default. Assigning another SnapshotOptions
  // makes it kChunks.
  SnapshotOptions snapshots;
  // For kChunks: gets each SnapshotBegin, SnapshotChunk and SnapshotEnd. An
  // error ends the client with that status. Required by kChunks.
  std::function<absl::Status(const StreamEvent&)> on_snapshot;
  // For kRecords: gets each event of the payload, from PayloadHeader to
  // PayloadEnd and the PayloadTrailer behind it, valid during the call. The
  // snapshot replaces the held data. An error ends the client with that status;
  // an unreadable payload with ReplicaErrorKind::kPayload. Required by
  // kRecords.
  std::function<absl::Status(const PayloadEvent&)> on_payload;
  // For kRecords: gets most records, many in one call and valid during it;
  // `on_payload` then gets all other events. Errors as there. Default: null,
  // `on_payload` gets each event.
  std::function<absl::Status(absl::Span<const PayloadRecord>)> on_records;
  // The least room for a read, in bytes. Default: 256 KiB.
  size_t read_bytes = 256 << 10;
  // The longest write (the request, an acknowledgement). Default: 10 s.
  absl::Duration write_timeout = absl::Seconds(10);
  // A monotonic clock. Default: the system's.
  std::function<absl::Time()> now;
};

// Not thread-safe, except Interrupt(), which any thread may call.
class ReplicaClient {
 public:
  // Connects to a replication listener ("localhost:16004", or with keys:
  // kevy_url.h) and shakes hands. With several keys it tries one after the
  // other, each on a new connection. Errors: kInvalidArgument (the address, the
  // id, a null transport or factory, snapshots.policy without its function,
  // snapshots.in_place), those of connecting (as kIo), kHandshakeRejected,
  // kAckMalformed, kTruncated, kDeadlineExceeded, kCancelled.
  static absl::StatusOr<std::unique_ptr<ReplicaClient>> Connect(
      absl::string_view address, ReplicaClientOptions options);

  // The same over any transport. Calls `factory` once, and once more if
  // ProtocolChoice::kAuto tries protocol 1.
  static absl::StatusOr<std::unique_ptr<ReplicaClient>> Connect(
      const TransportFactory& factory, ReplicaClientOptions options);

  // The same over a transport that stands already. A second protocol would need
  // a second connection, so kAuto means protocol 2 here.
  static absl::StatusOr<std::unique_ptr<ReplicaClient>> Connect(
      std::unique_ptr<Transport> transport, ReplicaClientOptions options);

  // Null names neither an address, a factory nor a transport.
  static absl::StatusOr<std::unique_ptr<ReplicaClient>> Connect(
      std::nullptr_t, ReplicaClientOptions options) = delete;

  // Ends the link politely, unless the primary has ended it: half-close, read
  // up to the primary's EOF, close. It waits for that EOF, but 1 s at most. An
  // interrupt during the wait ends it. An earlier one does not, so that a
  // client that was interrupted leaves politely, too. (kevy 2.0.20 and 3.18.0
  // lose a shard to another end.)
  ~ReplicaClient();
  ReplicaClient(const ReplicaClient&) = delete;
  ReplicaClient& operator=(const ReplicaClient&) = delete;

  // Waits for the next event. Null: the stream has ended, and status() tells
  // how. Valid until the next non-const call.
  [[nodiscard]] const StreamEvent* NextEvent() ABSL_ATTRIBUTE_LIFETIME_BOUND;

  // Waits for the next frame. Skips heartbeats, and treats snapshots by
  // `snapshots.policy`. Otherwise as NextEvent().
  [[nodiscard]] const FrameView* NextFrame() ABSL_ATTRIBUTE_LIFETIME_BOUND {
    const absl::Span<const FrameView> frames = NextFrames(1);
    return frames.empty() ? nullptr : frames.data();
  }

  // The same for a batch: waits for one frame, and returns all that have come
  // with it, at most `max` (1 or more) and StreamDecoder::kBatch of them.
  // Empty: the stream has ended. position() is behind the last frame. Valid
  // until the next non-const call.
  [[nodiscard]] absl::Span<const FrameView> NextFrames(
      size_t max = StreamDecoder::kBatch) ABSL_ATTRIBUTE_LIFETIME_BOUND {
    const absl::Span<const FrameView> frames = session_.PollFrames(max);
    return ABSL_PREDICT_TRUE(!frames.empty()) ? frames : WaitForFrames(max);
  }

  // The frames from here to the end of the stream, as a range for one pass.
  // After the loop status() tells how the stream ended. The client must outlive
  // the loop, so this does not compile on a temporary.
  class FrameRange;
  FrameRange Frames() & ABSL_ATTRIBUTE_LIFETIME_BOUND;
  FrameRange Frames() && = delete;

  // OK while the stream goes on, and after a clean end. The first error stays.
  const absl::Status& status() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return session_.status();
  }

  // The application applied everything below `next_offset`. The
  // acknowledgement goes out with this call, if `ack_interval` has passed since
  // the last one; otherwise while the client reads, and after each heartbeat.
  // Ignored: an offset beyond the received one, and any offset inside a
  // snapshot. It reads a coarse clock, 3 to 20 ns: one call for a batch of
  // NextFrames() is cheaper than one for each frame.
  void Applied(uint64_t next_offset);

  // The same, sent at once. Returns:
  //   kInvalidArgument     the offset lies beyond the received one
  //   kFailedPrecondition  inside a snapshot, after the stream's end, or before
  //                        the snapshot of another generation
  //   other errors         the write's, as kIo
  // A failed write does not end the client: bytes that the primary sent before
  // can still be read. (After kDeadlineExceeded a part of the line may be sent:
  // connect anew.)
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

  // Ends a blocked read, and every later one, with kCancelled, promptly. Frames
  // read before may still be returned first. Any thread; async-signal-safe over
  // a socket or a file.
  void Interrupt() { pump_.transport()->Interrupt(); }

  const Transport& transport() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return *pump_.transport();
  }

 private:
  explicit ReplicaClient(ReplicaClientOptions options);
  // Checks the options.
  static absl::StatusOr<std::unique_ptr<ReplicaClient>> Make(
      ReplicaClientOptions options);

  static absl::StatusOr<std::unique_ptr<ReplicaClient>> ConnectOnce(
      const TransportFactory& factory, const TransportWrapper& wrap,
      ReplicaClientOptions options);
  absl::Status Handshake(std::unique_ptr<Transport> transport,
                         const TransportWrapper& wrap);
  absl::Time Now() const;
  void ReadMore();
  absl::Span<const FrameView> WaitForFrames(size_t max);
  absl::Status HandleSnapshot(const StreamEvent& event);
  void FailSnapshot(const absl::Status& status);

  const ReplicaClientOptions options_;
  Session session_;
  client_internal::Pump<Session> pump_;
  const std::unique_ptr<client_internal::SnapshotReader> snapshot_reader_;
  // Applied() alone makes no acknowledgement due before this Unix time in
  // nanoseconds. It may lag behind Session::next_ack().
  int64_t next_ack_nanos_ = std::numeric_limits<int64_t>::min();
};

// An input range: begin() reads the first frame, each ++ the next one.
class ReplicaClient::FrameRange {
 public:
  // An input iterator: ++ reads the next frame.
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

inline ReplicaClient::FrameRange ReplicaClient::Frames() & {
  return FrameRange(this);
}

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_REPLICA_CLIENT_H_
