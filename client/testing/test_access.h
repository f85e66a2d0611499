// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The way of tests to private members: see codec/testing/test_access.h.

#ifndef KEVY_REPLICA_CLIENT_TESTING_TEST_ACCESS_H_
#define KEVY_REPLICA_CLIENT_TESTING_TEST_ACCESS_H_

#include "absl/status/status.h"
#include "kevy_replica/client/follower_session.h"
#include "kevy_replica/client/holding.h"
#include "kevy_replica/client/session.h"
#include "kevy_replica/codec/testing/test_access.h"

namespace kevy_replica {
namespace client_testing {

class TestAccess {
 public:
  // Each returns OK, or kInternal naming the first invariant that does not
  // hold, members included. (A decoder's broken invariant aborts.)
  static absl::Status CheckInvariants(const Holding& holding) {
    return holding.CheckInvariants();
  }
  static absl::Status CheckInvariants(const Session& session) {
    absl::Status status = session.CheckInvariants();
    status.Update(CheckInvariants(session.received_));
    codec_testing::TestAccess::CheckInvariants(session.decoder_);
    return status;
  }
  static absl::Status CheckInvariants(const FollowerSession& session) {
    absl::Status status = session.CheckInvariants();
    status.Update(CheckInvariants(session.held_));
    if (session.session_.has_value())
      status.Update(CheckInvariants(*session.session_));
    return status;
  }
};

}  // namespace client_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_TESTING_TEST_ACCESS_H_
