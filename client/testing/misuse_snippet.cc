// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Misuses of the client under macros: a dropped result, a loop over a temporary
// client, a null address. See bazel/compile_fail/compile_fail.bzl.

#include <cstdint>
#include <utility>

#include "absl/time/time.h"
#include "kevy_replica/client/follower.h"
#include "kevy_replica/client/follower_options.h"
#include "kevy_replica/client/follower_session.h"
#include "kevy_replica/client/holding.h"
#include "kevy_replica/client/replica_client.h"
#include "kevy_replica/client/session.h"
#include "kevy_replica/codec/frame.h"

namespace kevy_replica {

uint64_t Use(ReplicaClient* client, Session* session,
             FollowerSession* follower_session, Holding* holding) {
#ifdef DROPS_NEXT_EVENT
  client->NextEvent();
#endif
#ifdef DROPS_NEXT_FRAME
  client->NextFrame();
#endif
#ifdef DROPS_NEXT_FRAMES
  client->NextFrames();
#endif
#ifdef DROPS_POLL_EVENT
  session->PollEvent();
#endif
#ifdef DROPS_POLL_FRAMES
  session->PollFrames();
#endif
#ifdef DROPS_FOLLOWER_EVENT
  follower_session->PollEvent(absl::UnixEpoch());
#endif
#ifdef DROPS_APPLIED
  holding->Applied(1);
#endif
#ifdef DROPS_TOLD
  holding->Told(7);
#endif
#ifdef CONNECTS_NULL
  (void)ReplicaClient::Connect(nullptr, ReplicaClientOptions());
#endif
#ifdef FOLLOWS_NULL
  (void)Follower::Create(nullptr, nullptr, FollowerOptions());
#endif
  uint64_t last = 0;
#ifdef LOOPS_OVER_TEMPORARY
  for (const FrameView& frame : std::move(*client).Frames()) {
    last = frame.offset();
  }
#endif
  for (const FrameView& frame : client->Frames()) last = frame.offset();
  if (holding->Applied(last) && session->PollEvent() != nullptr &&
      follower_session->PollEvent(absl::UnixEpoch()) != nullptr) {
    ++last;
  }
  return last;
}

}  // namespace kevy_replica
