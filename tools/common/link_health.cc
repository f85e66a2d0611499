// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/link_health.h"

#include <cstddef>
#include <mutex>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace kevy_replica {
namespace {

// The longest reason, in bytes of the line.
constexpr size_t kMaxReasonBytes = 512;

// The text with every byte but printable ASCII as "\xhh".
std::string Plain(absl::string_view text) {
  std::string plain;
  for (const char c : text) {
    if (absl::ascii_isprint(static_cast<unsigned char>(c))) {
      plain.push_back(c);
    } else {
      absl::StrAppend(
          &plain, "\\x",
          absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2));
    }
    if (plain.size() >= kMaxReasonBytes) return plain + "...";
  }
  return plain;
}

}  // namespace

void LinkHealth::Add(absl::string_view name) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Find(name);
}

void LinkHealth::SetUp(absl::string_view name) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Link& link = Find(name);
  link.up = true;
  link.stood = true;
}

void LinkHealth::SetDown(absl::string_view name, absl::string_view reason,
                         Clock::time_point now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Link& link = Find(name);
  if (link.up) link.down_since = now;
  link.up = false;
  link.reason = Plain(reason);
}

bool LinkHealth::IsUp(absl::string_view name) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const Link& link : links_) {
    if (link.name == name) return link.up;
  }
  return false;
}

std::vector<std::string> LinkHealth::Faults(absl::Duration grace,
                                            Clock::time_point now) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<std::string> faults;
  for (const Link& link : links_) {
    if (link.up) continue;
    const absl::Duration down = absl::FromChrono(now - link.down_since);
    if (link.stood && down < grace) continue;
    faults.push_back(absl::StrCat(
        link.name, ": ",
        link.stood ? absl::StrCat("down for ", absl::FormatDuration(absl::Trunc(
                                                   down, absl::Seconds(1))))
                   : "not up yet",
        ": ", link.reason));
  }
  return faults;
}

LinkHealth::Link& LinkHealth::Find(absl::string_view name) {
  for (Link& link : links_) {
    if (link.name == name) return link;
  }
  links_.emplace_back();
  links_.back().name = std::string(name);
  return links_.back();
}

}  // namespace kevy_replica
