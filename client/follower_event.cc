// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/follower_event.h"

#include <ostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_stats.h"

namespace kevy_replica {

void AppendText(const LinkUp& link, std::string* out) {
  absl::StrAppend(out,
                  "link_up protocol=", static_cast<int>(link.answer.protocol),
                  " from=");
  AppendText(link.from, out);
}

void AppendText(const HistoryReset&, std::string* out) {
  absl::StrAppend(out, "history_reset");
}

void AppendText(const SnapshotVoid&, std::string* out) {
  absl::StrAppend(out, "snapshot_void");
}

bool operator==(const LinkDown& a, const LinkDown& b) {
  return a.status == b.status && a.end == b.end && a.resync == b.resync &&
         a.attempt == b.attempt && a.retry_in == b.retry_in;
}

bool operator!=(const LinkDown& a, const LinkDown& b) { return !(a == b); }

std::ostream& operator<<(std::ostream& out, const LinkDown& link) {
  return out << "link_down " << LinkEndName(link.end)
             << (link.resync ? " resync" : "") << " attempt=" << link.attempt
             << " retry_in=" << absl::FormatDuration(link.retry_in);
}

}  // namespace kevy_replica
