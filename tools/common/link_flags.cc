// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/link_flags.h"

#include <cstdint>
#include <limits>
#include <string>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kevy_replica/client/link_options.h"
#include "kevy_replica/codec/internal/utf8.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/tools/common/flags.h"

ABSL_FLAG(std::string, replica_id, "",
          "The name of this reader in the primary's INFO replication. By\n"
          "default PROGRAM#HOST:PID, which no other reader has.");
ABSL_FLAG(kevy_replica::ProtocolChoice, protocol,
          kevy_replica::ProtocolChoice::kAuto,
          "1 (kevy 1.18 to 3.x), 2 (kevy 4.0 and later), or auto: try both.");
ABSL_FLAG(absl::Duration, idle_timeout, absl::InfiniteDuration(),
          "The longest silence of a link, as in 5s or 1m30s. Then the program\n"
          "connects again. inf: no limit.");
ABSL_FLAG(absl::Duration, heartbeat_timeout, absl::Seconds(5),
          "The longest silence after a link's first heartbeat. Then the\n"
          "program connects again. inf: no limit.");
ABSL_FLAG(
    absl::Duration, stall_timeout, kevy_replica::LinkOptions().stall_timeout,
    "The longest time in which nothing but heartbeats comes, and they say\n"
    "that the primary is ahead: kevy never sends a frame over 256 KiB.\n"
    "Then the program connects again, and asks for a snapshot if that\n"
    "does not help. inf: no limit.");
ABSL_FLAG(absl::Duration, element_timeout, absl::InfiniteDuration(),
          "The longest time from the first byte of a frame, line or chunk to\n"
          "its last. Then the program connects again. inf: no limit.");
ABSL_FLAG(uint64_t, max_arguments, kevy_replica::Limits().max_arguments,
          "The most arguments of a command. The limits guard against a broken\n"
          "or hostile primary; kevy's own parser has the same for this and\n"
          "the next one.");
ABSL_FLAG(uint64_t, max_bulk_bytes, kevy_replica::Limits().max_bulk_bytes,
          "The longest argument, or string in a snapshot.");
ABSL_FLAG(uint64_t, max_frame_bytes, kevy_replica::Limits().max_frame_bytes,
          "The longest frame: a command with its offset.");
ABSL_FLAG(uint64_t, max_line_bytes, kevy_replica::Limits().max_line_bytes,
          "The longest control line, as that of a heartbeat.");
ABSL_FLAG(uint64_t, max_chunk_bytes, kevy_replica::Limits().max_chunk_bytes,
          "The longest chunk of a snapshot.");
ABSL_FLAG(uint64_t, max_snapshot_bytes, 0,
          "The longest snapshot. It is not kept in memory. 0: no limit.");
ABSL_FLAG(uint64_t, max_trailer_bytes, kevy_replica::Limits().max_trailer_bytes,
          "The longest trailer of a snapshot: kevy 7.0 writes declarations of\n"
          "indexes there.");

namespace kevy_replica {
namespace {

struct DurationFlag {
  absl::string_view name;
  absl::Duration value;
};

}  // namespace

absl::Status CheckLinkFlags() {
  if (!internal::IsUtf8(absl::GetFlag(FLAGS_replica_id))) {
    return absl::InvalidArgumentError("--replica_id must be UTF-8");
  }
  for (const DurationFlag& flag :
       {DurationFlag{"idle_timeout", absl::GetFlag(FLAGS_idle_timeout)},
        DurationFlag{"heartbeat_timeout",
                     absl::GetFlag(FLAGS_heartbeat_timeout)},
        DurationFlag{"stall_timeout", absl::GetFlag(FLAGS_stall_timeout)},
        DurationFlag{"element_timeout",
                     absl::GetFlag(FLAGS_element_timeout)}}) {
    if (flag.value > absl::ZeroDuration()) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("--", flag.name, " must be more than 0"));
  }
  return absl::OkStatus();
}

LinkOptions LinkOptionsOfFlags() {
  LinkOptions options;
  options.replica_id = absl::GetFlag(FLAGS_replica_id);
  options.protocol = absl::GetFlag(FLAGS_protocol);
  options.idle_timeout = absl::GetFlag(FLAGS_idle_timeout);
  options.heartbeat_timeout = absl::GetFlag(FLAGS_heartbeat_timeout);
  options.stall_timeout = absl::GetFlag(FLAGS_stall_timeout);
  options.element_timeout = absl::GetFlag(FLAGS_element_timeout);
  options.limits.max_arguments = absl::GetFlag(FLAGS_max_arguments);
  options.limits.max_bulk_bytes = absl::GetFlag(FLAGS_max_bulk_bytes);
  options.limits.max_frame_bytes = absl::GetFlag(FLAGS_max_frame_bytes);
  options.limits.max_line_bytes = absl::GetFlag(FLAGS_max_line_bytes);
  options.limits.max_chunk_bytes = absl::GetFlag(FLAGS_max_chunk_bytes);
  options.limits.max_trailer_bytes = absl::GetFlag(FLAGS_max_trailer_bytes);
  const uint64_t max_snapshot = absl::GetFlag(FLAGS_max_snapshot_bytes);
  options.limits.max_snapshot_bytes =
      max_snapshot == 0 ? std::numeric_limits<uint64_t>::max() : max_snapshot;
  return options;
}

}  // namespace kevy_replica
