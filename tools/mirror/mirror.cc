// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/mirror.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "kevy_replica/client/fleet.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/client/position_store.h"
#include "kevy_replica/tools/common/log.h"
#include "kevy_replica/tools/common/monitor.h"
#include "kevy_replica/tools/common/program.h"
#include "kevy_replica/tools/common/progress.h"
#include "kevy_replica/tools/common/stop_signals.h"
#include "kevy_replica/tools/mirror/kind_counts.h"
#include "kevy_replica/tools/mirror/mirror_session.h"
#include "kevy_replica/tools/mirror/mirror_state.h"
#include "kevy_replica/tools/mirror/mirror_target.h"
#include "kevy_replica/tools/mirror/transactions.h"

namespace kevy_replica {
namespace {

constexpr absl::Duration kFirstBackoff = absl::Milliseconds(100);
constexpr absl::Duration kMostBackoff = absl::Seconds(5);

class Mirror {
 public:
  explicit Mirror(const MirrorRunOptions& options)
      : options_(options), metrics_file_(options.prometheus) {}

  absl::Status Run() {
    for (size_t i = 0; i < options_.mirror.shards; ++i) {
      counters_.links.Add(LinkName(i));
    }
    counters_.links.Add(kTargetLink);
    if (options_.monitor != nullptr) options_.monitor->Watch(Monitored());
    absl::Status status;
    {
      const EverySecond show([this] { Show(); });
      status = Loop();
    }
    if (options_.monitor != nullptr) options_.monitor->Watch({});
    Show();
    if (options_.status_line) std::fputs("\n", stderr);
    return absl::IsCancelled(status) ? absl::OkStatus() : status;
  }

 private:
  absl::Status Loop() {
    absl::Duration backoff = kFirstBackoff;
    while (!options_.interrupter->interrupted()) {
      const uint64_t transactions = counters_.transactions;
      const absl::Time begin = absl::Now();
      const absl::Status status = RunSession();
      counters_.links.SetDown(kTargetLink, status.message());
      if (!IsTemporary(status) && !absl::IsAborted(status)) return status;
      // A session that has moved on starts the backoff again. A reload does not
      // count, since the other shards move on while one fails again and again.
      if ((counters_.transactions != transactions && !state_.reload) ||
          absl::Now() - begin > kMostBackoff) {
        backoff = kFirstBackoff;
      }
      // The session has ended itself, to send commands one by one: go on now.
      if (IsTemporary(status)) counters_.CountWait(status);
      Say({LogLevel::kWarning, "session_ended",
           absl::StrCat(status.message(), "; trying again in ",
                        absl::FormatDuration(backoff))});
      options_.interrupter->Sleep(backoff);
      backoff = std::min(2 * backoff, kMostBackoff);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::unique_ptr<MirrorSession>> OpenSession() {
    if (options_.open == nullptr) {
      return MirrorSession::Open(options_.connect, options_.interrupter,
                                 options_.mirror, &counters_, &state_);
    }
    absl::StatusOr<std::unique_ptr<MirrorTarget>> target =
        options_.open(options_.mirror, &counters_, &state_);
    if (!target.ok()) return target.status();
    return MirrorSession::Create(*std::move(target), options_.mirror,
                                 &counters_, &state_);
  }

  // Mirrors from the positions in the target.
  absl::Status RunSession() {
    absl::StatusOr<std::unique_ptr<MirrorSession>> session = OpenSession();
    if (!session.ok()) return session.status();

    InMemoryPositionStore positions;
    FleetOptions fleet_options = options_.fleet;
    fleet_options.store.positions = &positions;
    fleet_options.store.name = "shard-";
    // The target stores each position with its data.
    fleet_options.applied_on_return = false;
    fleet_options.snapshots.in_place = true;
    std::vector<FollowerHandler*> handlers;
    for (size_t i = 0; i < options_.mirror.shards; ++i) {
      const absl::Status stored =
          positions.Store({{absl::StrCat(fleet_options.store.name, i),
                            (*session)->position(i)}});
      if (!stored.ok()) return stored;
      handlers.push_back((*session)->handler(i));
    }
    absl::StatusOr<std::unique_ptr<Fleet>> fleet =
        Fleet::Create(options_.addresses, handlers, std::move(fleet_options));
    if (!fleet.ok()) return fleet.status();
    Fleet* const running = fleet->get();
    (*session)->applied = [running](size_t shard, uint64_t next_offset) {
      running->Applied(shard, next_offset);
    };
    // All shards share the target, so one shard's error stops all.
    (*session)->failed = [running] { running->Stop(); };
    (*session)->closed = [this, running] {
      if (options_.once) running->Stop();
    };
    SetFleet(running);
    StopBySignal(running);
    absl::Status status = (*fleet)->Run();
    StopBySignal(nullptr);
    SetFleet(nullptr);
    // After Ctrl-C too, so that a last rejected command is reported.
    if (status.ok()) status = (*session)->Finish();
    return (*session)->status().ok() ? status : (*session)->status();
  }

  void SetFleet(Fleet* fleet) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (fleet_ != nullptr && fleet == nullptr) {
      const Progress progress = ProgressOf(*fleet_);
      frames_before_ += progress.frames;
      bytes_before_ += progress.bytes;
      text_before_ = fleet_->StatsText();
    }
    fleet_ = fleet;
  }

  MonitoredProgram Monitored() {
    MonitoredProgram program;
    program.links = &counters_.links;
    program.metrics = [this] { return MetricsText(); };
    program.stats = [this] {
      const std::lock_guard<std::mutex> lock(mutex_);
      return fleet_ == nullptr ? std::vector<FollowerStats>()
                               : StatsOf(*fleet_);
    };
    return program;
  }

  // Updates status line and metrics, every second on a thread of its own.
  void Show() {
    std::string line = counters_.passed_over.NewCounts();
    const std::string uncertain = counters_.uncertain.NewCounts();
    absl::StrAppend(&line, line.empty() || uncertain.empty() ? "" : "; ",
                    uncertain);
    if (!line.empty()) {
      options_.mirror.log({LogLevel::kWarning, "counts", std::move(line)});
    }
    metrics_file_.Write(MetricsText());
    if (!options_.status_line) return;
    Progress progress;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (fleet_ != nullptr) progress = ProgressOf(*fleet_);
      progress.frames += frames_before_;
      progress.bytes += bytes_before_;
    }
    std::fputs(absl::StrCat(StatusLine::kClear,
                            "snapshots: ", counters_.snapshot_bytes.load(),
                            " bytes, ", counters_.records.load(), " records; ",
                            status_line_.Text(progress))
                   .c_str(),
               stderr);
  }

  std::string MetricsText() {
    std::string text;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      text = fleet_ == nullptr ? text_before_ : fleet_->StatsText();
    }
    return absl::StrCat(text, OwnMetrics());
  }

  std::string OwnMetrics() const {
    std::string out;
    const auto counter = [&out](absl::string_view name, absl::string_view help,
                                uint64_t value) {
      absl::StrAppend(&out, "# HELP kevy_mirror_", name, " ", help,
                      "\n# TYPE kevy_mirror_", name, " counter\nkevy_mirror_",
                      name, " ", value, "\n");
    };
    counter("snapshot_bytes_total", "Bytes of snapshots loaded.",
            counters_.snapshot_bytes);
    counter("records_total", "Records of snapshots loaded.", counters_.records);
    counter("transactions_total", "Transactions that the target has executed.",
            counters_.transactions);
    counter("target_connects_total", "Attempts to connect to the target.",
            counters_.target_connects);
    counter("untold_transactions_total",
            "Transactions whose replies were lost with the connection.",
            counters_.untold);
    absl::StrAppend(&out,
                    "# HELP kevy_mirror_target_up Whether the link to the "
                    "target stands.\n# TYPE kevy_mirror_target_up gauge\n"
                    "kevy_mirror_target_up ",
                    counters_.links.IsUp(kTargetLink) ? 1 : 0, "\n");
    return absl::StrCat(out, counters_.passed_over.MetricsText(),
                        counters_.target_waits.MetricsText(),
                        counters_.uncertain.MetricsText());
  }

  const MirrorRunOptions& options_;
  MirrorCounters counters_;
  MirrorState state_;
  MetricsFile metrics_file_;
  StatusLine status_line_;
  std::mutex mutex_;            // For the members below.
  Fleet* fleet_ = nullptr;      // Null between two connections.
  uint64_t frames_before_ = 0;  // Of earlier fleets.
  uint64_t bytes_before_ = 0;
  std::string text_before_;  // The metrics of the fleet before.
};

}  // namespace

absl::Status RunMirror(const MirrorRunOptions& options) {
  return Mirror(options).Run();
}

}  // namespace kevy_replica
