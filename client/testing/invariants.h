// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Calls the private CheckInvariants() of the client's classes. Only tests link
// it, so the checks cost nothing elsewhere.

#ifndef KEVY_REPLICA_CLIENT_TESTING_INVARIANTS_H_
#define KEVY_REPLICA_CLIENT_TESTING_INVARIANTS_H_

#include "absl/status/status.h"
#include "kevy_replica/client/follower_session.h"
#include "kevy_replica/client/holding.h"
#include "kevy_replica/client/session.h"

namespace kevy_replica {

class Invariants {
 public:
  // Each returns OK, or kInternal naming the first invariant that does not
  // hold, members included.
  static absl::Status Check(const Holding& holding) {
    return holding.CheckInvariants();
  }
  static absl::Status Check(const Session& session) {
    absl::Status status = session.CheckInvariants();
    status.Update(Check(session.received_));
    return status;
  }
  static absl::Status Check(const FollowerSession& session) {
    absl::Status status = session.CheckInvariants();
    status.Update(Check(session.held_));
    if (session.session_.has_value()) status.Update(Check(*session.session_));
    return status;
  }
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_TESTING_INVARIANTS_H_
