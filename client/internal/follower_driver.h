// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// One follower at work: its state, its connection and its handler joined,
// without waiting for anything.

#ifndef KEVY_REPLICA_CLIENT_INTERNAL_FOLLOWER_DRIVER_H_
#define KEVY_REPLICA_CLIENT_INTERNAL_FOLLOWER_DRIVER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "absl/base/attributes.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/follower_session.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/client/internal/snapshot_reader.h"
#include "kevy_replica/transport/pending_connection.h"
#include "kevy_replica/transport/poller.h"
#include "kevy_replica/transport/socket_transport.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace client_internal {

struct FollowerDriverOptions {
  FollowerSessionOptions session;
  // Where to connect to: by `factory`, which may wait, or if that is null to
  // `address`, without waiting.
  TransportFactory factory;
  std::string address;
  ConnectOptions connect;
  // Both must be set, and outlive the driver. `store` makes a position last.
  FollowerHandler* handler = nullptr;
  std::function<absl::Status(const FeedPosition&)> store;
  bool applied_on_return = true;
  bool decode_snapshots = false;
  std::function<uint64_t()> now_ms;
  size_t read_bytes = 0;
  absl::Duration write_timeout;  // Of the handshake's request.
  // A clock that does not go back; and the same, quicker and rougher.
  std::function<absl::Time()> now;
  std::function<absl::Time()> rough_now;
  // What the thread has spent in waiting so far: the rest of the time is not
  // the primary's silence. Null: all of the time between two steps is.
  std::function<absl::Duration()> waited;
  // Whether the thread is wanted for something else, so that Step() is to
  // return before all events are handed over. Null: never.
  std::function<bool()> interrupted;
};

// Step() again and again: at once while ready(), else when `fd` is ready for
// what it is registered for with the poller, or deadline() has come.
//
// Thread-safe in this only: Applied(), Stats() and EndStatus() may be called
// from any thread.
class FollowerDriver {
 public:
  // `poller` calls what the driver waits for `id`. Null: nobody waits, and
  // Step() is called at every turn.
  FollowerDriver(FollowerDriverOptions options, Poller* poller, uint64_t id);
  ~FollowerDriver();
  FollowerDriver(const FollowerDriver&) = delete;
  FollowerDriver& operator=(const FollowerDriver&) = delete;

  // Does all that can be done now, reading once. `read_timeout`: how long that
  // may take where there is no descriptor to wait for (must_wait_in_read()).
  void Step(absl::Duration read_timeout = absl::ZeroDuration());

  // Whether there may be more to be done at once.
  bool ready() const { return ready_; }
  absl::Time deadline() const;
  bool must_wait_in_read() const {
    return transport_ != nullptr && !ready_ && transport_->fd() < 0;
  }

  // Whether there is no connection, and none being made.
  bool waits_for_time_alone() const {
    return transport_ == nullptr && !pending_.has_value();
  }

  // Ends it: after the next Step() it is done(), and nothing more was handed
  // over.
  void Stop(const absl::Status& status);
  bool done() const { return session_.done(); }
  // How it ended: OK by Stop().
  const absl::Status& status() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return session_.status().ok() ? store_status_ : session_.status();
  }

  // Follow another primary from now on.
  void Retarget(std::string address);

  void Applied(uint64_t next_offset);
  FollowerStats Stats() const;
  // status(), once done().
  absl::Status EndStatus() const;

  const FollowerSession& session() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return session_;
  }
  // As FollowerSession::HandleStored().
  void HandleStored(const FeedPosition& position) {
    session_.HandleStored(position, options_.now());
  }

 private:
  void CountWait();
  void UpdateLink();
  void PollConnection();
  void Connected(std::unique_ptr<Transport> transport);
  void ConnectFailed(const absl::Status& status);
  void CloseLink();
  void Watch(int fd, short events);
  void Read(absl::Duration timeout);
  void HandleFailure(const absl::Status& status);
  void Dispatch();
  absl::Status Take(const FollowerEvent& event);
  absl::Status HandOver(const FollowerEvent& event);
  absl::Status Flush();
  void FlushOrStop();
  void TakeApplied();
  bool StoreDue(absl::Time now);
  void Transmit(absl::Time now, absl::Duration timeout = absl::ZeroDuration());
  void Publish(absl::Time now);

  FollowerDriverOptions options_;
  Poller* const poller_;
  const uint64_t id_;
  FollowerSession session_;
  absl::Status store_status_;

  uint64_t link_ = 0;  // The session's number for what follows.
  std::optional<PendingConnection> pending_;
  absl::Time pending_until_ = absl::InfiniteFuture();
  std::unique_ptr<Transport> transport_;
  bool bare_socket_ = false;  // Whether `transport_` is a socket of our making.
  int watched_fd_ = -1;
  short watched_events_ = 0;
  bool ready_ = true;
  bool events_left_ = false;     // Dispatch() was interrupted.
  absl::Duration waited_;        // At the end of the last step.
  bool snapshot_begun_ = false;  // Any was.
  bool to_flush_ = false;        // Frames were handed over.
  SnapshotReader snapshot_reader_;
  std::string out_;

  // One more than what was applied and is not yet taken; 0: nothing.
  std::atomic<uint64_t> applied_{0};
  std::atomic<uint64_t> handed_end_{0};  // What may be applied ends there.
  absl::Time published_at_ = absl::InfinitePast();
  mutable std::mutex mutex_;  // For what follows.
  absl::Status end_status_;
  FollowerStats stats_;
  std::optional<absl::Time> last_byte_;
};

}  // namespace client_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_INTERNAL_FOLLOWER_DRIVER_H_
