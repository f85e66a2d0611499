// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/link_options.h"

#include <ostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/codec/limits.h"

namespace kevy_replica {

absl::string_view ProtocolChoiceName(ProtocolChoice choice) {
  switch (choice) {
    case ProtocolChoice::kAuto:
      return "auto";
    case ProtocolChoice::kV1:
      return "1";
    case ProtocolChoice::kV2:
      return "2";
  }
  return "unknown";
}

std::ostream& operator<<(std::ostream& out, ProtocolChoice choice) {
  return out << ProtocolChoiceName(choice);
}

void AppendText(const LinkOptions& options, std::string* out) {
  absl::StrAppend(
      out, "replica_id=", Escaped(options.replica_id),
      " protocol=", ProtocolChoiceName(options.protocol),
      " handshake_timeout=", absl::FormatDuration(options.handshake_timeout),
      " idle_timeout=", absl::FormatDuration(options.idle_timeout),
      " heartbeat_timeout=", absl::FormatDuration(options.heartbeat_timeout),
      " element_timeout=", absl::FormatDuration(options.element_timeout),
      " stall_timeout=", absl::FormatDuration(options.stall_timeout),
      " ack_interval=", absl::FormatDuration(options.ack_interval), " ");
  if (options.fresh_generation != 0) {
    absl::StrAppend(out, "fresh_generation=", options.fresh_generation, " ");
  }
  AppendText(options.limits, out);
}

}  // namespace kevy_replica
