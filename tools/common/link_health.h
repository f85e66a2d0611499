// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The state of a program's links: up, or down and the reason.
//
//   LinkHealth links;
//   links.Add("shard-0");
//   links.SetUp("shard-0");
//   links.SetDown("shard-0", "connection refused");
//   links.Faults(absl::Seconds(10));  // Empty until it is down for 10 s.

#ifndef KEVY_REPLICA_TOOLS_COMMON_LINK_HEALTH_H_
#define KEVY_REPLICA_TOOLS_COMMON_LINK_HEALTH_H_

#include <chrono>
#include <mutex>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace kevy_replica {

// Links have names: "shard-0", "target". Each function that names an unknown
// link adds it. Thread-safe.
class LinkHealth {
 public:
  // Monotonic, since a wall clock may be set.
  using Clock = std::chrono::steady_clock;

  // Adds a link that has not stood yet: a fault without any grace.
  void Add(absl::string_view name);

  void SetUp(absl::string_view name);

  // The link does not stand, or an attempt at it failed. The time counts from
  // the first of these calls in a row. `reason` may have any bytes.
  void SetDown(absl::string_view name, absl::string_view reason,
               Clock::time_point now = Clock::now());

  bool IsUp(absl::string_view name) const;

  // A line for each link that is down for longer than `grace`, in the order of
  // their addition, without control bytes:
  //
  //   shard-0: down for 12s: connection refused
  //   target: not up yet: not connected
  std::vector<std::string> Faults(absl::Duration grace,
                                  Clock::time_point now = Clock::now()) const;

 private:
  struct Link {
    std::string name;
    bool up = false;
    bool stood = false;  // It was up once.
    // Of a link that is down.
    std::string reason = "not connected";
    Clock::time_point down_since;
  };

  // Needs `mutex_`.
  Link& Find(absl::string_view name);

  mutable std::mutex mutex_;
  std::vector<Link> links_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_COMMON_LINK_HEALTH_H_
