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
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/testing/internal/event_matcher.h"

namespace kevy_replica {
namespace testing_internal {

template <typename Element>
using StreamEventMatcher = EventMatcher<StreamEvent, Element>;

inline std::vector<std::string> Arguments(const FrameView& frame) {
  std::vector<std::string> arguments;
  for (const absl::string_view argument : frame.argv()) {
    arguments.emplace_back(argument);
  }
  return arguments;
}

inline std::string Bytes(const SnapshotChunk& chunk) {
  return std::string(chunk.bytes);
}

}  // namespace testing_internal

// `arguments` matches a container of std::string.
[[nodiscard]] inline auto IsFrame(
    const ::testing::Matcher<uint64_t>& offset,
    ::testing::Matcher<const std::vector<std::string>&> arguments) {
  return testing_internal::StreamEventMatcher<FrameView>(
      "a frame",
      ::testing::AllOf(
          ::testing::Property("offset", &FrameView::offset, offset),
          ::testing::ResultOf("arguments", testing_internal::Arguments,
                              std::move(arguments))));
}

// Matches a Heartbeat.
[[nodiscard]] inline auto IsHeartbeat(
    const ::testing::Matcher<uint64_t>& generation,
    const ::testing::Matcher<uint64_t>& next_offset) {
  return testing_internal::StreamEventMatcher<Heartbeat>(
      "a heartbeat",
      ::testing::AllOf(
          ::testing::Field("generation", &Heartbeat::generation, generation),
          ::testing::Field("next_offset", &Heartbeat::next_offset,
                           next_offset)));
}

// Matches a SnapshotBegin.
[[nodiscard]] inline auto IsSnapshotBegin() {
  return testing_internal::StreamEventMatcher<SnapshotBegin>(
      "a snapshot's begin", ::testing::_);
}

// Matches a SnapshotChunk by its bytes.
[[nodiscard]] inline auto IsSnapshotChunk(
    ::testing::Matcher<const std::string&> bytes) {
  return testing_internal::StreamEventMatcher<SnapshotChunk>(
      "a snapshot's chunk",
      ::testing::ResultOf("bytes", testing_internal::Bytes, std::move(bytes)));
}

// Matches a SnapshotEnd.
[[nodiscard]] inline auto IsSnapshotEnd(
    const ::testing::Matcher<uint64_t>& next_offset) {
  return testing_internal::StreamEventMatcher<SnapshotEnd>(
      "a snapshot's end",
      ::testing::Field("next_offset", &SnapshotEnd::next_offset, next_offset));
}

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TESTING_MATCHERS_H_
