// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/testing/matchers.h"

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
namespace {

template <typename Element>
using StreamEventMatcher =
    testing_internal::ElementMatcher<StreamEvent, Element>;

std::vector<std::string> Arguments(const FrameView& frame) {
  std::vector<std::string> arguments;
  for (const absl::string_view argument : frame.argv()) {
    arguments.emplace_back(argument);
  }
  return arguments;
}

std::string Bytes(const SnapshotChunk& chunk) {
  return std::string(chunk.bytes);
}

}  // namespace

testing_internal::EventMatcher<StreamEvent> IsFrame(
    const ::testing::Matcher<uint64_t>& offset,
    ::testing::Matcher<const std::vector<std::string>&> arguments) {
  return StreamEventMatcher<FrameView>(
      "a frame",
      ::testing::AllOf(
          ::testing::Property("offset", &FrameView::offset, offset),
          ::testing::ResultOf("arguments", Arguments, std::move(arguments))));
}

testing_internal::EventMatcher<StreamEvent> IsHeartbeat(
    const ::testing::Matcher<uint64_t>& generation,
    const ::testing::Matcher<uint64_t>& next_offset) {
  return StreamEventMatcher<Heartbeat>(
      "a heartbeat",
      ::testing::AllOf(
          ::testing::Field("generation", &Heartbeat::generation, generation),
          ::testing::Field("next_offset", &Heartbeat::next_offset,
                           next_offset)));
}

testing_internal::EventMatcher<StreamEvent> IsSnapshotBegin() {
  return StreamEventMatcher<SnapshotBegin>("a snapshot's begin", ::testing::_);
}

testing_internal::EventMatcher<StreamEvent> IsSnapshotChunk(
    ::testing::Matcher<const std::string&> bytes) {
  return StreamEventMatcher<SnapshotChunk>(
      "a snapshot's chunk",
      ::testing::ResultOf("bytes", Bytes, std::move(bytes)));
}

testing_internal::EventMatcher<StreamEvent> IsSnapshotEnd(
    const ::testing::Matcher<uint64_t>& next_offset) {
  return StreamEventMatcher<SnapshotEnd>(
      "a snapshot's end",
      ::testing::Field("next_offset", &SnapshotEnd::next_offset, next_offset));
}

}  // namespace kevy_replica
