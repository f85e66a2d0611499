// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The pages of --listen: /metrics, /healthz and /readyz.
//
//   Monitor monitor(/*health_grace=*/absl::Seconds(10));
//   auto server = HttpServer::Start(
//       address, [&](absl::string_view path) { return monitor.Page(path); });
//   ...
//   monitor.Watch({&links, [&] { return fleet->StatsText(); }, ...});
//   status = fleet->Run();
//   monitor.Watch({});

#ifndef KEVY_REPLICA_TOOLS_COMMON_MONITOR_H_
#define KEVY_REPLICA_TOOLS_COMMON_MONITOR_H_

#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kevy_replica/client/fleet.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/tools/common/http_server.h"
#include "kevy_replica/tools/common/link_health.h"

namespace kevy_replica {

// The parts of a program that follows. Any thread may call the functions.
struct MonitoredProgram {
  // The links without which it does not follow.
  const LinkHealth* links = nullptr;
  // The text of /metrics, in the Prometheus text format.
  std::function<std::string()> metrics;
  // Of the shards, in their order. Empty between two fleets.
  std::function<std::vector<FollowerStats>()> stats;
};

// Renders the pages from a program's state at the time of the request.
//
// | page     | 200                                | 503                       |
// |----------|------------------------------------|---------------------------|
// | /metrics | always                             |                           |
// | /healthz | every link is up, or down for less | a line for each other link|
// |          | than `health_grace`                |                           |
// | /readyz  | every link is up, and every shard  | a line for each link or   |
// |          | has applied all that its last      | shard that is behind      |
// |          | heartbeat told                     |                           |
//
// Thread-safe.
class Monitor {
 public:
  explicit Monitor(absl::Duration health_grace) : grace_(health_grace) {}

  // Renders `program` from now on. Without links: 503, and no metrics. When the
  // call returns, the parts of the program before are not in use any more.
  void Watch(MonitoredProgram program);

  HttpPage Page(absl::string_view path) const;

 private:
  const absl::Duration grace_;
  mutable std::mutex mutex_;
  MonitoredProgram program_;
};

// "shard-3", the shard's name among the links and in the metrics.
std::string LinkName(size_t shard);

// The stats of all shards.
std::vector<FollowerStats> StatsOf(const Fleet& fleet);

// Why a shard has not applied all that its last heartbeat told. Empty: it has.
std::string ReasonBehind(const FollowerStats& stats);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_COMMON_MONITOR_H_
