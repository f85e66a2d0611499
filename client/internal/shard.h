// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// One shard of a fleet: a FollowerSession, its connection and its handler.
//
// A link that the primary has not ended itself ends politely (polite_end.h).
// The next connection is made after that, so a shard has one connection at
// most.
//
// A shard never waits and never calls its loop. The loop calls Step(), stores
// the position if Step() says so, and waits:
//
//   Shard::Next next = shard.Step({waited, store_at});
//   if (next.store_due) {
//     Store(shard.session().applied());  // Then HandleStored() or Stop().
//   } else if (!next.ready) {
//     // Wait until the poller reports `id`, or until next.deadline.
//   }

#ifndef KEVY_REPLICA_CLIENT_INTERNAL_SHARD_H_
#define KEVY_REPLICA_CLIENT_INTERNAL_SHARD_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "absl/base/attributes.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_event.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/follower_session.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/client/internal/link_target.h"
#include "kevy_replica/client/internal/pump.h"
#include "kevy_replica/client/internal/snapshot_reader.h"
#include "kevy_replica/client/polite_end.h"
#include "kevy_replica/client/primary.h"
#include "kevy_replica/client/snapshot_options.h"
#include "kevy_replica/codec/shared_read_buffer.h"
#include "kevy_replica/transport/pending_connection.h"
#include "kevy_replica/transport/poller.h"
#include "kevy_replica/transport/socket_transport.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace client_internal {

// kInvalidArgument for a policy that keeps a snapshot's content from a handler.
absl::Status CheckSnapshotPolicy(SnapshotPolicy policy);

struct ShardOptions {
  // The loop owns the store's pace: `store_interval` must be infinite.
  FollowerSessionOptions session;
  // Connects by `factory`, which may block. If it is null: to target.address,
  // without blocking.
  TransportFactory factory;
  LinkTarget target;
  // Whether each link waits for HandlePrimary(), which replaces target.address.
  bool located = false;
  // Whether the first link starts at the tail of HandlePrimary(). Precondition:
  // `located`, and session.from is {0, 0}.
  bool start_now = false;
  ConnectOptions connect;
  // Must outlive the shard.
  FollowerHandler* handler = nullptr;
  bool applied_on_return = true;
  size_t read_bytes = 0;
  // The loop's buffer for reads. Must outlive the shard. Null: its own memory.
  SharedReadBuffer* shared_buffer = nullptr;
  absl::Duration write_timeout;  // Of the handshake's request.
  // A monotonic clock, and a faster, coarser reading of it.
  std::function<absl::Time()> now;
  std::function<absl::Time()> rough_now;
  // Step() returns before the next event while this is set. May be null.
  const std::atomic<bool>* interrupted = nullptr;
};

// Thread-safe in this only: any thread may call Applied(), Stats() and
// EndStatus().
class Shard {
 public:
  struct Turn {
    // Time that the thread has spent waiting so far. Only that much of the time
    // between two steps is the primary's silence.
    absl::Duration waited;
    // From here on a position that moved is due to be stored.
    absl::Time store_at = absl::InfiniteFuture();
  };
  struct Next {
    // The position must be stored before the next Step(): call HandleStored(),
    // or Stop() with the store's error.
    bool store_due = false;
    // Step() has more to do at once.
    bool ready = false;
    // A link ended, or an attempt at one failed.
    bool link_ended = false;
    // Call Step() then at the latest.
    absl::Time deadline;
  };

  // `poller` reports this shard's events as `id`. Null: Step() is called at
  // every turn.
  Shard(ShardOptions options, Poller* poller, uint64_t id);
  // Closes the connection. A shard that is done() has none.
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  // Connects, reads once, delivers events, acknowledges.
  Next Step(const Turn& turn);

  // Another shard's Step() comes next: gives the loop's buffer back, unless
  // undelivered events lie in it.
  void GiveBack();

  // The position was stored.
  void HandleStored(const FeedPosition& position);

  // Ends the shard: flushes the handler, acknowledges. After the next steps it
  // is done(). Only events that end a snapshot or a link are still delivered.
  void Stop(const absl::Status& status);
  // Whether all events are delivered, and the link has ended.
  bool done() const { return session_.done() && !end_.has_value(); }
  // A link that is ending is closed by the next step.
  void AbandonEnd() {
    if (end_.has_value()) end_->Abandon();
  }
  // The status of Stop(), or the handler's error.
  const absl::Status& status() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return session_.status();
  }

  // Follows the primary at `target` from now on.
  void Retarget(LinkTarget target);

  // Follows a located primary from now on: the functions below tell it. `wrap`
  // as LinkTarget::wrap.
  void Locate(TransportWrapper wrap);
  // The shard's listener at the primary is primary.shards[id]. A link may begin
  // there, if none stands. `tell`: the handler is told.
  void HandlePrimary(const Primary& primary,
                     const std::optional<FeedPosition>& tail, bool tell);
  // The primary of the last HandlePrimary() is one no more: its link ends with
  // `status`.
  void HandleDemoted(const absl::Status& status);
  // No primary was found. The handler is told.
  void HandleNoPrimary(const absl::Status& status);
  // Whether the start is StartAt::kNow. For any thread.
  bool starts_now() const { return options_.start_now; }
  // Whether HandlePrimary() must have a tail.
  bool wants_tail() const {
    return options_.start_now && session_.stats().links == 0 &&
           !session_.stopping();
  }

  void Applied(uint64_t next_offset);
  FollowerStats Stats() const;
  // status(), once all events are delivered.
  absl::Status EndStatus() const;

  const FollowerSession& session() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return session_;
  }

  // Whether a connection neither stands nor is being made nor is ending.
  bool waits_for_time_alone() const {
    return pump_.transport() == nullptr && !pending_.has_value() &&
           !end_.has_value();
  }

 private:
  void CountWait(absl::Duration waited);
  void UpdateLink();
  void PollEnd();
  void Connect();
  void PollConnection();
  void Connected(std::unique_ptr<Transport> transport, bool is_socket);
  void ConnectFailed(const absl::Status& status);
  void EndLink();
  absl::Status Watch(int fd, short events);
  void Unwatch();
  // Ends the link if its descriptor cannot be watched.
  void WatchOrFail(int fd, short events);
  // As Pump::Read().
  void Read(size_t max = 0);
  // Reads the rest of a large cut element, if it may be there. Returns whether
  // it has read.
  bool ReadRest();
  // Returns whether the position is due to be stored. Events may be left then.
  bool DeliverEvents(absl::Time store_at);
  void Deliver(const FollowerEvent& event);
  absl::Status CallHandler(const FollowerEvent& event);
  absl::Status Flush();
  void FlushOrFail();
  // Ends the follower, or only the link if the primary is at fault.
  void HandleError(const absl::Status& status);
  void Apply(uint64_t next_offset);
  void TakeApplied();
  bool StoreIsDue(absl::Time now, absl::Time store_at) const;
  absl::Time Deadline() const;
  void Transmit(absl::Time now, absl::Duration timeout = absl::ZeroDuration());
  void Publish(absl::Time now);

  ShardOptions options_;
  Poller* const poller_;
  const uint64_t id_;
  FollowerSession session_;
  Pump<FollowerSession> pump_;

  uint64_t link_ = 0;             // The session's number of the connection.
  std::optional<PoliteEnd> end_;  // Of the last connection.
  bool end_ready_ = false;        // It may have more bytes.
  absl::Time end_until_;          // The time of its next look.
  bool connect_due_ = false;      // Once `end_` is over.
  std::optional<PendingConnection> pending_;
  absl::Time pending_until_ = absl::InfiniteFuture();
  bool is_socket_ = false;  // A socket that this class connected.
  int watched_fd_ = -1;
  short watched_events_ = 0;
  bool ready_ = true;
  bool parked_;  // Waits for HandlePrimary().
  bool link_ended_ = false;
  bool events_left_ = false;  // DeliverEvents() returned early.
  // An event that was polled. Its delivery waits until the position is stored.
  const FollowerEvent* undelivered_ = nullptr;
  absl::Duration waited_;  // At the last step.
  // A snapshot's begin was delivered, and the snapshot is not applied.
  bool snapshot_open_ = false;
  bool to_flush_ = false;  // Frames were delivered since the last flush.
  SnapshotReader snapshot_reader_;

  // 0, or one more than the offset of an Applied() that is not taken yet.
  std::atomic<uint64_t> applied_{0};
  std::atomic<uint64_t> delivered_end_{0};
  absl::Time published_at_ = absl::InfinitePast();
  mutable std::mutex mutex_;  // For the members below.
  absl::Status end_status_;
  FollowerStats stats_;
  std::optional<absl::Time> last_byte_;
};

}  // namespace client_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_INTERNAL_SHARD_H_
