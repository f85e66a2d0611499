// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// GoogleMock matchers for the elements of a stream.
//
//   EXPECT_THAT(*client->NextEvent(), IsSnapshotBegin());
//   EXPECT_THAT(*client->NextEvent(), IsSnapshotChunk(StartsWith("KEVYSNAP")));
//   EXPECT_THAT(*client->NextEvent(), IsSnapshotEnd(8));
//   EXPECT_THAT(*client->NextEvent(), IsFrame(8, ElementsAre("DEL", "foo")));
//   EXPECT_THAT(client->NextEvent(), Pointee(IsHeartbeat(_, 9)));
//
// Each matcher matches a StreamEvent, or the element itself (a FrameView, a
// Heartbeat, ...). It takes a value or a matcher for each property of the
// element. Arguments and bytes are matched as std::string. A failure shows the
// event as text.
//
// For the events of a snapshot's payload: payload_matchers.h.

#ifndef KEVY_REPLICA_TESTING_MATCHERS_H_
#define KEVY_REPLICA_TESTING_MATCHERS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/testing/internal/event_matcher.h"

namespace kevy_replica {

// `arguments` matches a container of std::string.
[[nodiscard]] testing_internal::EventMatcher<StreamEvent> IsFrame(
    const ::testing::Matcher<uint64_t>& offset,
    ::testing::Matcher<const std::vector<std::string>&> arguments);

// Matches a Heartbeat.
[[nodiscard]] testing_internal::EventMatcher<StreamEvent> IsHeartbeat(
    const ::testing::Matcher<uint64_t>& generation,
    const ::testing::Matcher<uint64_t>& next_offset);

// Matches a SnapshotBegin.
[[nodiscard]] testing_internal::EventMatcher<StreamEvent> IsSnapshotBegin();

// Matches a SnapshotChunk by its bytes.
[[nodiscard]] testing_internal::EventMatcher<StreamEvent> IsSnapshotChunk(
    ::testing::Matcher<const std::string&> bytes);

// Matches a SnapshotEnd.
[[nodiscard]] testing_internal::EventMatcher<StreamEvent> IsSnapshotEnd(
    const ::testing::Matcher<uint64_t>& next_offset);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TESTING_MATCHERS_H_
