// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/tail/follow.h"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/errors.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/fleet.h"
#include "kevy_replica/client/follower_event.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/client/primary.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/tools/common/link_health.h"
#include "kevy_replica/tools/common/log.h"
#include "kevy_replica/tools/common/monitor.h"
#include "kevy_replica/tools/common/output.h"
#include "kevy_replica/tools/common/primary_flags.h"
#include "kevy_replica/tools/common/program.h"
#include "kevy_replica/tools/common/progress.h"
#include "kevy_replica/tools/common/stop_signals.h"
#include "kevy_replica/tools/tail/snapshot_printer.h"
#include "kevy_replica/tools/tail/tail_printer.h"

namespace kevy_replica {
namespace {

// Among the links' names.
constexpr absl::string_view kOutputName = "output";

class Following {
 public:
  Following(const FollowOptions& options, Output* output)
      : options_(options), metrics_file_(options.prometheus), output_(output) {}

  absl::Status Run() {
    std::vector<FollowerHandler*> handlers;
    for (size_t i = 0; i < options_.primary.shards; ++i) {
      links_.Add(LinkName(i));
      handlers.push_back(&shards_.emplace_back(this, i));
    }
    links_.SetUp(kOutputName);
    absl::StatusOr<std::unique_ptr<Fleet>> fleet =
        Fleet::Create(options_.primary.addresses, handlers, options_.fleet);
    if (!fleet.ok()) return fleet.status();
    fleet_ = *std::move(fleet);
    StopBySignal(fleet_.get());
    ShowAll();
    if (options_.monitor != nullptr) options_.monitor->Watch(Monitored());
    absl::Status status;
    {
      const EverySecond show([this] { ShowAll(); });
      status = fleet_->Run();
    }
    StopBySignal(nullptr);
    if (options_.monitor != nullptr) options_.monitor->Watch({});
    // The end after `max_frames` counts as success.
    if (absl::IsCancelled(status)) status = absl::OkStatus();
    if (!failure_.ok()) status = failure_;
    if (status.ok() && output_->status().ok()) PrintEnds();
    ShowAll();
    if (options_.status_line) std::fputs("\n", stderr);
    // A failed output also ends the shard, with the same error.
    if (absl::IsCancelled(output_->status())) return absl::OkStatus();
    return output_->status().ok() ? status : output_->status();
  }

 private:
  // Prints the events of one shard. OK means that they were written, so that a
  // stored position covers written events only.
  class Shard : public FollowerHandler {
   public:
    Shard(Following* following, size_t index)
        : following_(following),
          index_(index),
          printer_(following->options_.format,
                   following->options_.primary.shards > 1
                       ? std::optional<size_t>(index)
                       : std::nullopt),
          snapshot_(following->options_.snapshot, &printer_,
                    following->options_.fleet.link.limits,
                    [this](absl::string_view message) {
                      following_->SayBeside(index_, "snapshot", message);
                    }) {}

    const TailPrinter& printer() const { return printer_; }

    absl::Status OnFrames(absl::Span<const FrameView> frames,
                          const FeedPosition&) override {
      snapshot_.NoteData();
      return following_->PrintFrames(frames, index_, printer_);
    }
    absl::Status OnReset(const FeedPosition&) override {
      return Print([this](Output* out) { printer_.Reset(out); });
    }
    absl::Status OnSnapshotBegin() override {
      return Print([this](Output* out) { snapshot_.Begin(out); });
    }
    absl::Status OnSnapshotChunk(absl::string_view bytes) override {
      absl::Status payload;
      absl::Status status =
          Print([&](Output* out) { payload = snapshot_.Chunk(bytes, out); });
      return status.ok() ? payload : status;
    }
    absl::Status OnSnapshotEnd(const FeedPosition& position) override {
      absl::Status payload;
      absl::Status status = Print([&](Output* out) {
        payload = snapshot_.End(position.next_offset, out);
      });
      return status.ok() ? payload : status;
    }
    absl::Status OnSnapshotVoid() override {
      return Print([this](Output* out) { printer_.SnapshotVoid(out); });
    }
    absl::Status OnHeartbeat(const Heartbeat& heartbeat,
                             const FeedPosition&) override {
      return Print([&](Output* out) { printer_.Event(heartbeat, out); });
    }
    void OnPrimary(const Primary& primary) override {
      if (index_ == 0) following_->NotePrimary(primary);
    }
    void OnNoPrimary(const absl::Status& status) override {
      LinkHealth& links = following_->links_;
      // A link that stands may outlive the nodes' answers.
      if (!links.IsUp(LinkName(index_))) {
        links.SetDown(LinkName(index_), status.message());
      }
      if (index_ == 0) following_->NoteNoPrimary(status);
    }
    void OnLinkUp(const LinkUp& link) override {
      following_->links_.SetUp(LinkName(index_));
      if (link.from.next_offset > 0) snapshot_.NoteData();
      // The next event returns the error again.
      Print([&](Output* out) {
        printer_.Connected(link.answer, out);
      }).IgnoreError();
    }
    absl::Status OnLinkDown(const LinkDown& link) override {
      following_->links_.SetDown(
          LinkName(index_), link.status.ok() ? "the primary closed the link"
                                             : link.status.message());
      if (link.end == LinkEnd::kStopped) return absl::OkStatus();
      following_->NoteLinkDown(link, index_);
      return Print([&](Output* out) { printer_.LinkDown(link, out); });
    }

   private:
    template <typename Append>
    absl::Status Print(Append append) {
      return following_->Print(std::move(append));
    }

    Following* const following_;
    const size_t index_;
    const TailPrinter printer_;
    SnapshotPrinter snapshot_;
  };

  absl::Status PrintFrames(absl::Span<const FrameView> frames, size_t shard,
                           const TailPrinter& printer) {
    const std::lock_guard<std::mutex> lock(mutex_);
    absl::Status ready = BeforePrint();
    if (!ready.ok()) return ready;
    for (const FrameView& frame : frames) {
      if (ended_) return absl::CancelledError("ended");
      printer.Event(frame, output_);
      ended_ = ++frames_ == options_.max_frames;
      if (!ended_ && !output_->is_large()) continue;
      absl::Status status = Flush();
      if (!status.ok()) return status;
      if (!ended_) continue;
      // The rest of this call's frames is not printed, so not applied.
      fleet_->Applied(shard, frame.offset() + 1);
      fleet_->Stop();
      return absl::CancelledError("enough frames");
    }
    return Flush();
  }

  template <typename Append>
  absl::Status Print(Append append) {
    const std::lock_guard<std::mutex> lock(mutex_);
    // Another shard may deliver events after the end.
    if (ended_) return absl::CancelledError("ended");
    absl::Status ready = BeforePrint();
    if (!ready.ok()) return ready;
    append(output_);
    return Flush();
  }

  // Needs `mutex_`.
  absl::Status BeforePrint() {
    if (options_.before_print == nullptr) return absl::OkStatus();
    absl::Status status = options_.before_print();
    if (!status.ok()) Fail(status);
    return status;
  }

  // Ends all shards with an error. Needs `mutex_`.
  void Fail(const absl::Status& status) {
    ended_ = true;
    if (failure_.ok()) failure_ = status;
    fleet_->Stop();
  }

  // Writes the printed lines. Needs `mutex_`.
  absl::Status Flush() {
    // Output and status line may share a terminal.
    if (options_.status_line) std::fputs(StatusLine::kClear, stderr);
    // Down for the time of a write, which a reader that does not read blocks.
    links_.SetDown(kOutputName, "its reader does not read");
    const absl::Status status = output_->Flush();
    links_.SetUp(kOutputName);
    if (options_.status_line) ShowStatus();
    if (!status.ok()) {
      // All shards print to this output, so all must stop.
      ended_ = true;
      fleet_->Stop();
    }
    return status;
  }

  void NoteLinkDown(const LinkDown& link, size_t shard) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (link.retry_in == absl::InfiniteDuration() &&
        ReplicaErrorKindOf(link.status) != ReplicaErrorKind::kNotPrimary) {
      fleet_->Stop();  // Run() returns the error.
    } else if (WireErrorOf(link.status) == WireError::kRowSegment) {
      // Every other snapshot would have the row, too.
      Fail(absl::FailedPreconditionError(DescribeForTail(link.status)));
    } else if (!link.status.ok()) {
      SayBeside(shard, "link_down", DescribeForTail(link.status),
                {{"cause", LinkEndName(link.end)}});
    }
  }

  void NotePrimary(const Primary& primary) {
    const std::lock_guard<std::mutex> lock(mutex_);
    SayBeside(PrimaryEvent(primary));
  }
  void NoteNoPrimary(const absl::Status& status) {
    const std::lock_guard<std::mutex> lock(mutex_);
    SayBeside(
        {LogLevel::kWarning, "no_primary", std::string(status.message())});
  }

  // Says a message beside the status line. Needs `mutex_`.
  void SayBeside(const LogEvent& event) {
    if (options_.status_line) std::fputs(StatusLine::kClear, stderr);
    Say(event);
    if (options_.status_line) ShowStatus();
  }
  // The same as a warning about a shard.
  void SayBeside(size_t shard, absl::string_view event,
                 absl::string_view message, std::vector<LogField> fields = {}) {
    fields.insert(fields.begin(), LogField("shard", shard));
    SayBeside({LogLevel::kWarning, event,
               options_.primary.shards > 1
                   ? absl::StrCat("shard ", shard, ": ", message)
                   : std::string(message),
               std::move(fields)});
  }

  void PrintEnds() {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (size_t i = 0; i < shards_.size(); ++i) {
      shards_[i].printer().End(fleet_->Stats(i).applied, output_);
    }
    Flush().IgnoreError();  // Run() returns it.
  }

  MonitoredProgram Monitored() {
    MonitoredProgram program;
    program.links = &links_;
    program.metrics = [this] { return fleet_->StatsText(); };
    program.stats = [this] { return StatsOf(*fleet_); };
    return program;
  }

  // Brings status line and metrics up to date.
  void ShowAll() {
    if (options_.status_line) {
      // A write that blocks holds the mutex. The metrics must not wait for it.
      const std::unique_lock<std::mutex> lock(mutex_, std::try_to_lock);
      if (lock.owns_lock()) ShowStatus();
    }
    metrics_file_.Write(fleet_->StatsText());
  }

  // Needs `mutex_`.
  void ShowStatus() {
    Progress progress = ProgressOf(*fleet_);
    progress.frames = frames_;
    std::fputs(
        absl::StrCat(StatusLine::kClear, status_line_.Text(progress)).c_str(),
        stderr);
  }

  const FollowOptions& options_;
  std::deque<Shard> shards_;  // A deque, so that pointers stay valid.
  std::unique_ptr<Fleet> fleet_;
  MetricsFile metrics_file_;
  LinkHealth links_;

  std::mutex mutex_;  // For the members below, and for stderr.
  Output* const output_;
  StatusLine status_line_;
  uint64_t frames_ = 0;  // Printed.
  bool ended_ = false;   // Print only the end lines from now on.
  absl::Status failure_;
};

}  // namespace

absl::Status Follow(const FollowOptions& options, Output* output) {
  return Following(options, output).Run();
}

}  // namespace kevy_replica
