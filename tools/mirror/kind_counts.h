// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Counts of events by kind, and the telling of the first of each kind.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_KIND_COUNTS_H_
#define KEVY_REPLICA_TOOLS_MIRROR_KIND_COUNTS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <tuple>

#include "absl/strings/string_view.h"

namespace kevy_replica {

// The class of parts of snapshots.
inline constexpr absl::string_view kItemClass = "item";

// Losses of a mirror, by class, name and reason. A hostile primary may invent
// any number of names: all kinds beyond kMaxKinds count as one. Thread-safe.
class KindCounts {
 public:
  static constexpr size_t kMaxKinds = 256;

  // The text in front of NewCounts(), and the metric's name and help. All must
  // be literals.
  KindCounts(absl::string_view title, absl::string_view metric,
             absl::string_view help)
      : title_(title), metric_(metric), help_(help) {}

  // Counts one. `name` is a command or an item, `reason` one of few texts.
  // Returns whether this is the first of its kind: tell it.
  [[nodiscard]] bool Count(absl::string_view reason_class,
                           absl::string_view name, absl::string_view reason);

  // A line about all that were counted since the last call and not told:
  // "passed over: 75 data set (wrong number of arguments), 2 item nan_score".
  // Empty: none.
  std::string NewCounts();

  uint64_t total() const;

  // In the Prometheus text format, by class and name.
  std::string MetricsText() const;

 private:
  using Kind = std::tuple<std::string, std::string, std::string>;
  struct Counts {
    uint64_t total = 0;
    uint64_t told = 0;
  };

  const absl::string_view title_;
  const absl::string_view metric_;
  const absl::string_view help_;
  mutable std::mutex mutex_;  // For the members below.
  std::map<Kind, Counts> kinds_;
  uint64_t total_ = 0;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_KIND_COUNTS_H_
