// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/flags.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_options.h"
#include "kevy_replica/client/link_options.h"

namespace kevy_replica {
namespace {

constexpr FlagName<ProtocolChoice> kProtocols[] = {
    {ProtocolChoice::kAuto, "auto"},
    {ProtocolChoice::kV1, "1"},
    {ProtocolChoice::kV2, "2"},
};

}  // namespace

bool AbslParseFlag(absl::string_view text, FeedPosition* position,
                   std::string* error) {
  if (const auto parsed = ParseFeedPosition(text)) {
    *position = *parsed;
    return true;
  }
  *error = "must be GENERATION:OFFSET, two decimal numbers";
  return false;
}

std::string AbslUnparseFlag(const FeedPosition& position) {
  return ToString(position);
}

bool AbslParseFlag(absl::string_view text, StartFlag* start,
                   std::string* error) {
  if (text == StartAtName(StartAt::kNow)) {
    *start = {StartAt::kNow, FeedPosition()};
    return true;
  }
  start->start_at = StartAt::kPosition;
  if (AbslParseFlag(text, &start->position, error)) return true;
  absl::StrAppend(error, ", or now");
  return false;
}

std::string AbslUnparseFlag(const StartFlag& start) {
  return start.start_at == StartAt::kNow
             ? std::string(StartAtName(StartAt::kNow))
             : AbslUnparseFlag(start.position);
}

bool AbslParseFlag(absl::string_view text, ProtocolChoice* protocol,
                   std::string* error) {
  return ParseFlagName(kProtocols, text, protocol, error);
}

std::string AbslUnparseFlag(ProtocolChoice protocol) {
  return UnparseFlagName(kProtocols, protocol);
}

}  // namespace kevy_replica
