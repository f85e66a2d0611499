// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// One shard, followed in an event loop of your own: epoll_follower.cc and
// libuv_follower.cc run it. No thread is started, except to look up a host's
// name. Put your code into Take().
//
//   while (!follower.done()) {
//     // Wait for follower.events() of follower.fd(), or until
//     // follower.deadline(). Then stop to watch the descriptor:
//     follower.Step(now);
//   }
//
// `now` is the time of one monotonic clock in all calls.

#ifndef KEVY_REPLICA_EXAMPLES_LOOP_FOLLOWER_H_
#define KEVY_REPLICA_EXAMPLES_LOOP_FOLLOWER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_event.h"
#include "kevy_replica/client/follower_session.h"
#include "kevy_replica/client/polite_end.h"
#include "kevy_replica/client/position_store.h"
#include "kevy_replica/transport/pending_connection.h"
#include "kevy_replica/transport/transport.h"

class LoopFollower {
 public:
  // Starts at `from`, and keeps its position in `*store`.
  LoopFollower(std::string address, const kevy_replica::FeedPosition& from,
               kevy_replica::PositionStore* store, absl::Time now);

  // Does all that needs no waiting. It may close the descriptor, and open
  // another one with the same number.
  void Step(absl::Time now);

  // The descriptor to watch (-1: none), for POLLIN or POLLOUT, and the time of
  // the next Step() at the latest. Precondition: Step() was called.
  int fd() const;
  short events() const;
  absl::Time deadline() const { return deadline_; }

  // Ends it: go on with Step() until done().
  void Stop(const absl::Status& status, absl::Time now);
  bool done() const { return session_.done() && !ending_.has_value(); }
  const absl::Status& status() const { return session_.status(); }

 private:
  // In the order of Step(). The first returns whether the last link has ended.
  bool EndLink(absl::Time now);
  void Connect(absl::Time now);
  void Read(absl::Time now);
  void Deliver(absl::Time now);
  void Take(const kevy_replica::FollowerEvent& event);
  void Store(absl::Time now);
  void Transmit(absl::Time now);
  void BeginLink(absl::Time now);

  const std::string address_;
  kevy_replica::PositionStore* const store_;
  kevy_replica::FollowerSession session_;
  uint64_t link_ = 0;                                       // Of PollLink().
  std::optional<kevy_replica::PendingConnection> pending_;  // Being made.
  std::unique_ptr<kevy_replica::Transport> transport_;      // Made.
  bool closed_by_primary_ = false;
  std::optional<kevy_replica::PoliteEnd> ending_;  // Of the last link.
  bool ready_ = false;  // Step() has more to do at once.
  absl::Time deadline_ = absl::InfinitePast();
};

#endif  // KEVY_REPLICA_EXAMPLES_LOOP_FOLLOWER_H_
