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

#ifndef KEVY_REPLICA_TESTING_MATCHERS_H_
#define KEVY_REPLICA_TESTING_MATCHERS_H_

#include <cstdint>
#include <ostream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/snapshot.h"

namespace kevy_replica {
namespace testing_internal {

// Matches a StreamEvent that holds an `Element` accepted by `matcher`.
template <typename Element>
class EventMatcher {
 public:
  using is_gtest_matcher = void;

  // `name` includes the article and appears in messages.
  EventMatcher(const char* name, ::testing::Matcher<const Element&> matcher)
      : name_(name), matcher_(std::move(matcher)) {}

  bool MatchAndExplain(const StreamEvent& event,
                       ::testing::MatchResultListener* listener) const {
    std::string text;
    AppendText(event, &text);
    *listener << "which is [" << text << "]";
    const Element* element = std::get_if<Element>(&event);
    if (element == nullptr) return false;
    ::testing::StringMatchResultListener why;
    const bool matches = matcher_.MatchAndExplain(*element, &why);
    if (!why.str().empty()) *listener << ", " << why.str();
    return matches;
  }

  void DescribeTo(std::ostream* out) const {
    *out << "is " << name_ << " that ";
    matcher_.DescribeTo(out);
  }
  void DescribeNegationTo(std::ostream* out) const {
    *out << "is not " << name_ << " that ";
    matcher_.DescribeTo(out);
  }

 private:
  const char* name_;
  ::testing::Matcher<const Element&> matcher_;
};

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
  return testing_internal::EventMatcher<FrameView>(
      "a frame",
      ::testing::AllOf(
          ::testing::Property("offset", &FrameView::offset, offset),
          ::testing::ResultOf("arguments", testing_internal::Arguments,
                              std::move(arguments))));
}

[[nodiscard]] inline auto IsHeartbeat(
    const ::testing::Matcher<uint64_t>& generation,
    const ::testing::Matcher<uint64_t>& next_offset) {
  return testing_internal::EventMatcher<Heartbeat>(
      "a heartbeat",
      ::testing::AllOf(
          ::testing::Field("generation", &Heartbeat::generation, generation),
          ::testing::Field("next_offset", &Heartbeat::next_offset,
                           next_offset)));
}

[[nodiscard]] inline auto IsSnapshotBegin() {
  return testing_internal::EventMatcher<SnapshotBegin>("a snapshot's begin",
                                                       ::testing::_);
}

[[nodiscard]] inline auto IsSnapshotChunk(
    ::testing::Matcher<const std::string&> bytes) {
  return testing_internal::EventMatcher<SnapshotChunk>(
      "a snapshot's chunk",
      ::testing::ResultOf("bytes", testing_internal::Bytes, std::move(bytes)));
}

[[nodiscard]] inline auto IsSnapshotEnd(
    const ::testing::Matcher<uint64_t>& next_offset) {
  return testing_internal::EventMatcher<SnapshotEnd>(
      "a snapshot's end",
      ::testing::Field("next_offset", &SnapshotEnd::next_offset, next_offset));
}

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TESTING_MATCHERS_H_
