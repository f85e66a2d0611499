// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/monitor.h"

#include <cstddef>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kevy_replica/client/fleet.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/tools/common/http_server.h"

namespace kevy_replica {
namespace {

HttpPage PageOf(absl::string_view good,
                const std::vector<std::string>& faults) {
  HttpPage page;
  page.status = faults.empty() ? 200 : 503;
  page.body =
      absl::StrCat(faults.empty() ? good : absl::StrJoin(faults, "\n"), "\n");
  return page;
}

}  // namespace

void Monitor::Watch(MonitoredProgram program) {
  const std::lock_guard<std::mutex> lock(mutex_);
  program_ = std::move(program);
}

HttpPage Monitor::Page(absl::string_view path) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const bool follows = program_.links != nullptr;
  HttpPage page;
  if (path == "/metrics") {
    page.status = 200;
    page.type = "text/plain; version=0.0.4; charset=utf-8";
    if (follows) page.body = program_.metrics();
    return page;
  }
  if (path != "/healthz" && path != "/readyz") return page;
  if (!follows) return PageOf("", {"not following: the primary is sought"});
  if (path == "/healthz") {
    return PageOf("follows", program_.links->Faults(grace_));
  }
  std::vector<std::string> faults =
      program_.links->Faults(absl::ZeroDuration());
  const std::vector<FollowerStats> stats = program_.stats();
  if (stats.empty() && faults.empty()) faults = {"not following: starting"};
  for (size_t i = 0; i < stats.size(); ++i) {
    const std::string name = LinkName(i);
    // The links' faults tell of the others.
    if (!program_.links->IsUp(name)) continue;
    const std::string reason = ReasonBehind(stats[i]);
    if (!reason.empty()) faults.push_back(absl::StrCat(name, ": ", reason));
  }
  return PageOf("caught up", faults);
}

std::string LinkName(size_t shard) { return absl::StrCat("shard-", shard); }

std::vector<FollowerStats> StatsOf(const Fleet& fleet) {
  std::vector<FollowerStats> stats;
  for (size_t i = 0; i < fleet.size(); ++i) stats.push_back(fleet.Stats(i));
  return stats;
}

std::string ReasonBehind(const FollowerStats& stats) {
  if (!stats.link_up) return "no link";
  if (stats.in_snapshot) return "a snapshot is being loaded";
  if (!stats.lag.has_value()) return "no heartbeat has told the lag yet";
  if (*stats.lag > 0) return absl::StrCat("lag ", *stats.lag);
  return "";
}

}  // namespace kevy_replica
