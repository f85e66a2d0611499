// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/flags.h"

#include <string>

#include "absl/strings/string_view.h"
#include "kevy_replica/client/feed_position.h"
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

bool AbslParseFlag(absl::string_view text, ProtocolChoice* protocol,
                   std::string* error) {
  return ParseFlagName(kProtocols, text, protocol, error);
}

std::string AbslUnparseFlag(ProtocolChoice protocol) {
  return UnparseFlagName(kProtocols, protocol);
}

}  // namespace kevy_replica
