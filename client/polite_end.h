// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The polite end of a link: half-close, read to the end, close.
//
//   PoliteEnd end(std::move(transport), now);
//   while (end.Poll(now) != PoliteEnd::Progress::kDone) {
//     // After kIdle: wait until end.fd() is readable, or until end.deadline().
//   }
//
// For links of your own, over a Session or FollowerSession, that the primary
// has not ended itself. Follower, Fleet and ReplicaClient do it themselves.
//
// kevy 2.0.20 and 3.18.0 need it. After another end of the replica's, a write
// to the closed socket takes the primary's shard down. (Observed; 4.0.0 and
// later are safe.) They answer a half-close by EOF within 102 ms, after at most
// 1.3 MB.

#ifndef KEVY_REPLICA_CLIENT_POLITE_END_H_
#define KEVY_REPLICA_CLIENT_POLITE_END_H_

#include <cstdint>
#include <memory>

#include "absl/time/time.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

// Drops all bytes that it reads, so its memory is constant. Not thread-safe.
class PoliteEnd {
 public:
  // The longest wait for the primary's EOF.
  static constexpr absl::Duration kLimit = absl::Seconds(1);

  enum class Progress : uint8_t {
    kReady,  // More bytes may be there.
    kIdle,   // All bytes that had arrived are read.
    kDone,   // The primary has closed, reading failed, or the time is over.
  };

  // Half-closes. Precondition: `transport` is not null.
  PoliteEnd(std::unique_ptr<Transport> transport, absl::Time now);

  // Reads without waiting, up to 256 KiB.
  Progress Poll(absl::Time now);

  // The transport's: see Transport::fd(). Precondition: Poll() has just
  // returned kIdle.
  int fd() const { return transport_->fd(); }
  absl::Time deadline() const { return deadline_; }

  // Ends it with the next Poll().
  void Abandon() { deadline_ = absl::InfinitePast(); }

  // The destructor closes the transport.

 private:
  const std::unique_ptr<Transport> transport_;
  absl::Time deadline_;
};

// Ends a link at once, and waits for it: up to PoliteEnd::kLimit, or until the
// transport is interrupted. An earlier interrupt does not count.
void EndPolitely(std::unique_ptr<Transport> transport);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_POLITE_END_H_
