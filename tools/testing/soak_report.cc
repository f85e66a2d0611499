// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/testing/soak_report.h"

#include <cstddef>
#include <cstdio>
#include <mutex>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace kevy_replica {
namespace {

constexpr size_t kKeptTexts = 100;

constexpr absl::string_view kNames[kSoakFaults] = {
    "closed_unread",   "refused",      "reset_answer", "bad_answer",
    "reset",           "truncated",    "stalled",      "slow_bytes",
    "broken_snapshot", "gap",          "repeated",     "malformed",
    "new_generation",  "lost_backlog", "clean_end",    "silent_ahead",
    "slow_close"};

}  // namespace

absl::string_view SoakFaultName(SoakFault fault) {
  return kNames[static_cast<size_t>(fault)];
}

void SoakReport::AddViolation(absl::string_view text) {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++violations_;
  if (texts_.size() >= kKeptTexts) return;
  texts_.emplace_back(text);
  std::fprintf(stderr, "soak: VIOLATION: %s\n", texts_.back().c_str());
}

size_t SoakReport::violations() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return violations_;
}

std::vector<std::string> SoakReport::texts() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return texts_;
}

std::string SoakReport::ToString() const {
  std::string text =
      absl::StrCat("frames=", frames.load(), " links=", links.load(),
                   " snapshots=", snapshots.load(), " acks=", acks.load());
  for (size_t i = 0; i < kSoakFaults; ++i) {
    absl::StrAppend(&text, " ", kNames[i], "=", faults_[i].load());
  }
  return absl::StrCat(text, " violations=", violations());
}

}  // namespace kevy_replica
