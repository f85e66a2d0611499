// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/follower_stats.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/errors.h"

namespace kevy_replica {
namespace {

// A label's value, escaped by the rules of the format.
std::string EscapedLabel(absl::string_view value) {
  return absl::StrReplaceAll(
      value, {{"\\", R"(\\)"}, {"\"", R"(\")"}, {"\n", R"(\n)"}});
}

// One metric in text form: its head, then a sample for each follower.
class Metric {
 public:
  Metric(absl::string_view name, absl::string_view type, absl::string_view help,
         std::string* out)
      : name_(name), out_(out) {
    absl::StrAppend(out_, "# HELP kevy_replica_", name, " ", help,
                    "\n# TYPE kevy_replica_", name, " ", type, "\n");
  }

  template <typename Value>
  void Sample(absl::string_view shard, Value value,
              absl::string_view more_labels = "") {
    absl::StrAppend(out_, "kevy_replica_", name_, "{shard=\"",
                    EscapedLabel(shard), "\"", more_labels, "} ", value, "\n");
  }

 private:
  const absl::string_view name_;
  std::string* const out_;
};

using Followers = absl::Span<const NamedFollowerStats>;

// `value` returns an optional number of a follower. Empty: the sample is left
// out.
template <typename Value>
void AppendMetric(absl::string_view name, absl::string_view type,
                  absl::string_view help, Followers followers, Value value,
                  std::string* out) {
  Metric metric(name, type, help, out);
  for (const NamedFollowerStats& follower : followers) {
    const auto sample = value(follower.stats);
    if (sample.has_value()) metric.Sample(follower.name, *sample);
  }
}

}  // namespace

LinkEnd LinkEndOf(const absl::Status& status) {
  if (status.ok()) return LinkEnd::kClosed;
  if (absl::IsDeadlineExceeded(status)) return LinkEnd::kTimeout;
  switch (ReplicaErrorKindOf(status).value_or(ReplicaErrorKind::kIo)) {
    case ReplicaErrorKind::kHandshakeRejected:
      return LinkEnd::kHandshakeRejected;
    case ReplicaErrorKind::kAckMalformed:
      return LinkEnd::kAckMalformed;
    case ReplicaErrorKind::kTruncated:
      return LinkEnd::kTruncated;
    case ReplicaErrorKind::kFrame:
      return LinkEnd::kFrame;
    case ReplicaErrorKind::kOffsetGap:
      return LinkEnd::kOffsetGap;
    case ReplicaErrorKind::kForeignHistory:
      return LinkEnd::kForeignHistory;
    case ReplicaErrorKind::kGenerationChanged:
      return LinkEnd::kGenerationChanged;
    case ReplicaErrorKind::kStalled:
      return LinkEnd::kStalled;
    case ReplicaErrorKind::kNotPrimary:
      return LinkEnd::kNotPrimary;
    case ReplicaErrorKind::kUnexpectedInSnapshot:
      return LinkEnd::kUnexpectedInSnapshot;
    case ReplicaErrorKind::kPayload:
      return LinkEnd::kPayload;
    case ReplicaErrorKind::kSnapshotInProgress:
    case ReplicaErrorKind::kIo:
      break;
  }
  return LinkEnd::kIo;
}

absl::string_view LinkEndName(LinkEnd end) {
  switch (end) {
    case LinkEnd::kClosed:
      return "closed";
    case LinkEnd::kHandshakeRejected:
      return ReplicaErrorKindName(ReplicaErrorKind::kHandshakeRejected);
    case LinkEnd::kAckMalformed:
      return ReplicaErrorKindName(ReplicaErrorKind::kAckMalformed);
    case LinkEnd::kTruncated:
      return ReplicaErrorKindName(ReplicaErrorKind::kTruncated);
    case LinkEnd::kFrame:
      return ReplicaErrorKindName(ReplicaErrorKind::kFrame);
    case LinkEnd::kOffsetGap:
      return ReplicaErrorKindName(ReplicaErrorKind::kOffsetGap);
    case LinkEnd::kForeignHistory:
      return ReplicaErrorKindName(ReplicaErrorKind::kForeignHistory);
    case LinkEnd::kGenerationChanged:
      return ReplicaErrorKindName(ReplicaErrorKind::kGenerationChanged);
    case LinkEnd::kStalled:
      return ReplicaErrorKindName(ReplicaErrorKind::kStalled);
    case LinkEnd::kNotPrimary:
      return ReplicaErrorKindName(ReplicaErrorKind::kNotPrimary);
    case LinkEnd::kUnexpectedInSnapshot:
      return ReplicaErrorKindName(ReplicaErrorKind::kUnexpectedInSnapshot);
    case LinkEnd::kPayload:
      return ReplicaErrorKindName(ReplicaErrorKind::kPayload);
    case LinkEnd::kIo:
      return ReplicaErrorKindName(ReplicaErrorKind::kIo);
    case LinkEnd::kTimeout:
      return "timeout";
    case LinkEnd::kRetargeted:
      return "retargeted";
    case LinkEnd::kStopped:
      return "stopped";
  }
  return "unknown";
}

std::ostream& operator<<(std::ostream& out, LinkEnd end) {
  return out << LinkEndName(end);
}

void AppendText(const FollowerStats& stats, std::string* out) {
  absl::StrAppend(out, "frames=", stats.frames, " snapshots=", stats.snapshots,
                  " heartbeats=", stats.heartbeats, " bytes=", stats.bytes,
                  " connects=", stats.connects, " links=", stats.links);
  absl::StrAppend(out, " link_up=", stats.link_up,
                  " in_snapshot=", stats.in_snapshot,
                  " received=", ToString(stats.received),
                  " applied=", ToString(stats.applied));
  if (stats.lag.has_value()) absl::StrAppend(out, " lag=", *stats.lag);
  if (stats.since_last_byte.has_value()) {
    absl::StrAppend(
        out, " since_last_byte=", absl::FormatDuration(*stats.since_last_byte));
  }
}

void AppendText(const NamedFollowerStats& named, std::string* out) {
  absl::StrAppend(out, named.name, ": ");
  AppendText(named.stats, out);
}

namespace {

void AppendCounters(Followers followers, std::string* out) {
  const auto counter = [&](absl::string_view name, absl::string_view help,
                           uint64_t FollowerStats::* field) {
    AppendMetric(
        name, "counter", help, followers,
        [field](const FollowerStats& stats) {
          return std::optional<uint64_t>(stats.*field);
        },
        out);
  };
  counter("frames_total", "Frames delivered to the handler.",
          &FollowerStats::frames);
  counter("snapshots_total", "Whole snapshots received.",
          &FollowerStats::snapshots);
  counter("heartbeats_total", "Heartbeats received.",
          &FollowerStats::heartbeats);
  counter("received_bytes_total", "Bytes received from the primary.",
          &FollowerStats::bytes);
  counter("connects_total", "Attempts at a connection.",
          &FollowerStats::connects);
  counter("links_total", "Connections that the primary has answered on.",
          &FollowerStats::links);
  Metric metric("link_ends_total", "counter",
                "Links and attempts at one that ended, by cause.", out);
  for (const NamedFollowerStats& follower : followers) {
    for (size_t i = 0; i < kLinkEnds; ++i) {
      metric.Sample(follower.name, follower.stats.link_ends[i],
                    absl::StrCat(",cause=\"",
                                 LinkEndName(static_cast<LinkEnd>(i)), "\""));
    }
  }
}

}  // namespace

std::string PrometheusText(absl::Span<const NamedFollowerStats> followers) {
  std::string out;
  const auto gauge = [&](absl::string_view name, absl::string_view help,
                         auto value) {
    AppendMetric(name, "gauge", help, followers, value, &out);
  };
  const auto number = [](uint64_t value) {
    return std::optional<uint64_t>(value);
  };

  AppendCounters(followers, &out);
  gauge("link_up", "Whether a link stands.", [&](const FollowerStats& stats) {
    return number(stats.link_up ? 1 : 0);
  });
  gauge("in_snapshot", "Whether a snapshot is being received.",
        [&](const FollowerStats& stats) {
          return number(stats.in_snapshot ? 1 : 0);
        });
  gauge("received_offset", "The next offset to be received.",
        [&](const FollowerStats& stats) {
          return number(stats.received.next_offset);
        });
  gauge("applied_offset", "The next offset to be applied.",
        [&](const FollowerStats& stats) {
          return number(stats.applied.next_offset);
        });
  {
    Metric metric("generation_info", "gauge",
                  "The history that is followed; 0 is unknown.", &out);
    for (const NamedFollowerStats& follower : followers) {
      metric.Sample(follower.name, 1,
                    absl::StrCat(",generation=\"",
                                 follower.stats.applied.generation, "\""));
    }
  }
  gauge("lag_frames", "Writes that the primary has and that are not applied.",
        [](const FollowerStats& stats) { return stats.lag; });
  gauge("since_last_byte_seconds", "Time since the primary last sent anything.",
        [](const FollowerStats& stats) -> std::optional<double> {
          if (!stats.since_last_byte.has_value()) return std::nullopt;
          return absl::ToDoubleSeconds(*stats.since_last_byte);
        });
  return out;
}

}  // namespace kevy_replica
