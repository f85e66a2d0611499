// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Compares a primary's keyspace with a mirror's target, while both are written.
//
//   1. SCAN of the primary. Keys are compared; one that differs is a suspect.
//   2. Suspects are settled in groups: a token is taken from the primary, the
//      mirror reaches it, the keys are compared again.
//   3. SCAN of the target, without the mirror's record. A key that the primary
//      lacks is a suspect.
//
// A difference that stands is proven, key by key: WATCH on the primary, a
// token, the mirror reaches it, both sides are compared, the mirror's record
// tells that no reload has begun, and EXEC on the primary that the key stood
// still. So the target should have had this value. After two tries the key is
// counted as changing. If the primary has no WATCH, a difference counts that
// four reads in a row have seen.
//
// Memory: one reply a side, and a group of suspects. Nothing grows with the
// number of keys.

#ifndef KEVY_REPLICA_TOOLS_VERIFY_VERIFY_H_
#define KEVY_REPLICA_TOOLS_VERIFY_VERIFY_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/tools/verify/mirror_progress.h"
#include "kevy_replica/tools/verify/verify_report.h"

namespace kevy_replica {

struct VerifyOptions {
  // To the primary's client port, and to the target's database, or to all of a
  // cluster (ClusterLink) with `progress.is_cluster`. Called again after a
  // reply over a limit.
  TargetConnector connect_primary;
  TargetConnector connect_target;
  MirrorProgressOptions progress;
  // The primary's number of shards. Default: 0, any.
  size_t shards = 0;
  // How far deadlines may differ. kevy to 5.4 streams relative deadlines, so
  // the copy's are later by the mirror's delay; kevy tells milliseconds left,
  // so the clocks' difference counts, too. Default: 5 s.
  absl::Duration deadline_tolerance = absl::Seconds(5);
  // Keys a second that SCAN may bring. Default: 0, no limit.
  uint64_t rate = 0;
  // Keys and empty replies that SCAN may bring beyond those of the database:
  // see ScanLimit. Default: 1,000,000, which no table of 2^32 buckets reaches.
  uint64_t scan_slack = 1'000'000;
  // Rewrite keys of the target that differ. Default: false.
  bool repair = false;
  // The differences to keep in the report. Default: 20.
  uint32_t max_differences = 20;
  // Told the progress, every 10 s. Must be set.
  std::function<void(absl::string_view line)> log;
};

// Fills `*report`, also if it fails.
//
// Returns:
//   OK                   both keyspaces were compared as a whole
//   kDeadlineExceeded    the mirror does not move
//   kUnavailable         a server's SCAN does not end: see ScanLimit
//   kFailedPrecondition  the node is not the primary, or the target is not the
//                        mirror's: see MirrorProgress
//   other errors         Server's
absl::Status Verify(const VerifyOptions& options, VerifyReport* report);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_VERIFY_VERIFY_H_
