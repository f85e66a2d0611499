// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/flags.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/fleet.h"
#include "kevy_replica/client/link_options.h"
#include "kevy_replica/codec/utf8.h"

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

absl::Status CheckLinkFlags(const LinkFlags& flags) {
  if (flags.replica_id.empty() || !IsUtf8(flags.replica_id)) {
    return absl::InvalidArgumentError("--replica_id must be non-empty UTF-8");
  }
  if (flags.idle_timeout <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError("--idle_timeout must be more than 0");
  }
  if (flags.heartbeat_timeout <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        "--heartbeat_timeout must be more than 0");
  }
  return absl::OkStatus();
}

FleetOptions FleetOptionsOf(const LinkFlags& flags) {
  FleetOptions options;
  options.link.replica_id = flags.replica_id;
  options.link.protocol = flags.protocol;
  options.link.idle_timeout = flags.idle_timeout;
  options.link.heartbeat_timeout = flags.heartbeat_timeout;
  return options;
}

}  // namespace kevy_replica
