// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The options, the counters and the memory that a mirror's parts share.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_MIRROR_STATE_H_
#define KEVY_REPLICA_TOOLS_MIRROR_MIRROR_STATE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/kevy_version.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/tools/common/link_health.h"
#include "kevy_replica/tools/common/log.h"
#include "kevy_replica/tools/mirror/kind_counts.h"
#include "kevy_replica/tools/mirror/reply_class.h"

namespace kevy_replica {

// The reaction to refusals, by ReplyClass.
//
//            data       unable
//   kStop    stop       stop
//   kPass    pass over  stop
//   kSkip    pass over  pass over
enum class OnReject : uint8_t { kStop, kPass, kSkip };

// The version of a primary that tells none: the newest that was observed.
inline constexpr KevyVersion kAssumedVersion = {5, 4, 0};

// The reaction to a target that has lost the mirror's record while the mirror
// holds a position.
enum class OnLostTarget : uint8_t {
  kStop,    // End with an error that names the position.
  kReload,  // Load a snapshot.
};

struct MirrorOptions {
  // The primary's shards, which share one database of the target. Default: 1.
  size_t shards = 1;
  // The target's database, the one that its readers use. Default: 0.
  uint32_t database = 0;
  // Reload into this database, and swap it with `database` when it is whole:
  // see swap_database.h. Default: none, reload in place.
  std::optional<uint32_t> swap_database;
  // The key of the mirror's record in the target. Default: "kevy_mirror".
  std::string position_key = "kevy_mirror";
  // Replace the data of a database that no mirror has written. Default: false.
  bool replace = false;
  OnReject on_reject = OnReject::kPass;               // Default: kPass.
  OnLostTarget on_lost_target = OnLostTarget::kStop;  // Default: kStop.
  // The primary's version: its rows of SemanticsRows() hold. Default: the one
  // that the located primary tells, else kAssumedVersion.
  std::optional<KevyVersion> primary_version;
  // Pass EVAL on. A script can reach any key and database. Default: false.
  bool scripts = false;
  // The commands are printed, and no server gets them. Default: false.
  bool print_only = false;
  // Limit of commands in a transaction. Default: 1000.
  size_t max_batch = 1000;
  // Unix time in milliseconds, which turns the relative deadlines of payload
  // version 2 into absolute ones. Required.
  std::function<uint64_t()> now_ms;
  // For snapshots' payloads. Default: as in limits.h.
  Limits limits;
  // Gets the mirror's messages, as for the first of each kind of loss.
  // Required.
  std::function<void(const LogEvent&)> log;
};

// The name of the link to the target, in MirrorCounters::links.
inline constexpr absl::string_view kTargetLink = "target";

// The totals of a mirror since its start, and the state of its links. Any
// thread may read them.
struct MirrorCounters {
  // Of each shard (LinkName()), and of the target.
  LinkHealth links;
  std::atomic<uint64_t> records{0};  // Records of snapshots that were loaded.
  std::atomic<uint64_t> snapshot_bytes{0};
  std::atomic<uint64_t> transactions{0};
  std::atomic<uint64_t> target_connects{0};  // Attempts to connect.
  // Executed transactions whose replies the connection lost. A command that the
  // target rejected in one of them stays unknown.
  std::atomic<uint64_t> untold{0};
  // Left out, by class: "data" and "unable" (ReplyClass), "ignored" (kevy has
  // refused or keeps it for itself), "lost" (the target cannot), "item" (parts
  // of snapshots).
  KindCounts passed_over{
      "passed over", "kevy_mirror_passed_over_total",
      "Commands and parts of snapshots that were left out or changed."};
  // Waits for the target, by class: "trouble" (ReplyClass) with the code of its
  // error, "connection" with the name "lost".
  KindCounts target_waits{"waits for the target",
                          "kevy_mirror_target_waits_total",
                          "Waits for a target that was away or in trouble."};
  void CountWait(const absl::Status& status) {
    const absl::string_view code = TroubleCode(status);
    // Each wait is told by its own message.
    (void)(code.empty() ? target_waits.Count("connection", "lost", "")
                        : target_waits.Count("trouble", code, ""));
  }
  // Executed, but the frame does not tell what the primary did.
  KindCounts uncertain{
      "the copy may differ", "kevy_mirror_uncertain_total",
      "Executed commands whose effect on the primary is unknown."};
};

// The state that outlives a connection to the target. One thread.
struct MirrorState {
  struct Shard {
    // The texts that the shard's field of the record may have: the last one
    // that is known to be stored, and the one on its way.
    std::string stored;
    std::string sent;
    // Counts the commands of snapshots that were sent, and forgotten histories.
    // It goes on from the record's mark, so that "loading <loaded>" names one
    // state of the target's data, even if a target goes back.
    uint64_t loaded = 0;
  };
  std::vector<Shard> shards;
  // The reason to stop, until the target has stored it. Empty: none.
  std::string rejected;
  // All shards must be loaded again, because one of them needs a snapshot. They
  // share a database, so one shard's keys cannot be replaced alone.
  bool reload = false;
  // A reload writes into MirrorOptions::swap_database. The shards' texts are
  // those of the record there.
  bool in_spare = false;
  // The warning about the target's maxmemory-policy was given.
  bool eviction_told = false;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_MIRROR_STATE_H_
