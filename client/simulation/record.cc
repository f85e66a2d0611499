// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/simulation/record.h"

#include <cstddef>
#include <cstdio>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace kevy_replica {
namespace simulation {
namespace {

constexpr absl::string_view kNames[] = {
    "cut",
    "reset",
    "write cut",
    "write failed",
    "stall",
    "refusal",
    "close that the primary does not notice",
    "rejection",
    "snapshot at once",
    "snapshot in mid-stream",
    "heartbeat in a snapshot",
    "empty chunk",
    "flush",
    "promotion",
    "history changed while the replica is away",
    "primary exchanged for one of the other protocol",
    "primary restarted",
    "slow replica closed",
    "bad answer",
    "snapshot that is due is missing",
    "gap",
    "repeated frame",
    "malformed bytes",
    "oversized line",
    "heartbeat of a foreign generation",
    "stray element",
    "end inside a snapshot",
    "history reset",
    "snapshot taken",
    "snapshot void",
    "foreign history fed",
    "acknowledgement checked",
    "applied while there was no link",
    "frames given again",
    "kill",
    "kill inside a snapshot",
    "stop",
    "interrupted between events",
    "stop with events left",
    "handler error",
    "store error",
    "link end: closed",
    "link end: handshake rejected",
    "link end: answer malformed",
    "link end: truncated",
    "link end: frame",
    "link end: offset gap",
    "link end: foreign history",
    "link end: generation changed",
    "link end: stalled",
    "link end: not primary",
    "link end: unexpected in snapshot",
    "link end: payload",
    "link end: io",
    "link end: timeout",
    "link end: retargeted",
    "link end: stopped",
};
static_assert(sizeof(kNames) / sizeof(kNames[0]) == kHappenings,
              "each happening has a name");

}  // namespace

absl::string_view HappeningName(Happening happening) {
  return kNames[static_cast<size_t>(happening)];
}

void Record::Trace(absl::string_view line) {
  if (!tracing_) return;
  std::string text =
      absl::StrCat(absl::FormatDuration(clock_->passed()), " ", line, "\n");
  if (print_) {
    std::fputs(text.c_str(), stderr);
    return;
  }
  lines_.push_back(std::move(text));
  if (lines_.size() > kLines) lines_.pop_front();
}

std::string Record::TraceText() const { return absl::StrJoin(lines_, ""); }

void Record::Fail(absl::string_view message) {
  if (failed()) return;
  failure_ = std::string(message);
  if (tracing_) Trace(absl::StrCat("FAILED: ", message));
}

}  // namespace simulation
}  // namespace kevy_replica
