// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef KEVY_REPLICA_TESTING_INTERNAL_EVENT_MATCHER_H_
#define KEVY_REPLICA_TESTING_INTERNAL_EVENT_MATCHER_H_

#include <ostream>
#include <string>
#include <utility>
#include <variant>

#include "gmock/gmock.h"

namespace kevy_replica {
namespace testing_internal {

// Matches an `Event`, a variant, that holds an `Element` accepted by `matcher`.
template <typename Event, typename Element>
class ElementMatcher {
 public:
  using is_gtest_matcher = void;

  // `name` includes the article and appears in messages.
  ElementMatcher(const char* name, ::testing::Matcher<const Element&> matcher)
      : name_(name), matcher_(std::move(matcher)) {}

  bool MatchAndExplain(const Event& event,
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

// An ElementMatcher of any element. It converts to a matcher of events, of
// references to them, and of elements. A header that declares its functions
// with this type leaves the templates of GoogleMock to its source file.
template <typename Event>
class EventMatcher {
 public:
  using is_gtest_matcher = void;

  template <typename Element>
  EventMatcher(ElementMatcher<Event, Element> matcher)
      : matcher_(std::move(matcher)) {}

  bool MatchAndExplain(const Event& event,
                       ::testing::MatchResultListener* listener) const {
    return matcher_.MatchAndExplain(event, listener);
  }
  void DescribeTo(std::ostream* out) const { matcher_.DescribeTo(out); }
  void DescribeNegationTo(std::ostream* out) const {
    matcher_.DescribeNegationTo(out);
  }

 private:
  ::testing::Matcher<const Event&> matcher_;
};

}  // namespace testing_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TESTING_INTERNAL_EVENT_MATCHER_H_
