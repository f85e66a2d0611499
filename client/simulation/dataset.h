// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// What a primary and its replica hold: keys and values, changed by commands of
// which most show when they are applied twice, or not at all.

#ifndef KEVY_REPLICA_CLIENT_SIMULATION_DATASET_H_
#define KEVY_REPLICA_CLIENT_SIMULATION_DATASET_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/strings/string_view.h"

namespace kevy_replica {
namespace simulation {

class Dataset {
 public:
  // SET, APPEND, INCR (`value` is ignored) or DEL (likewise); false for any
  // other.
  bool Apply(absl::string_view command, absl::string_view key,
             absl::string_view value);

  bool empty() const { return values_.empty(); }
  // Equal for equal contents, and kept up to date at each change: comparing it
  // at each step costs nothing.
  uint64_t hash() const { return hash_; }

  std::string Serialize() const;
  // False if `text` is not what Serialize() gave.
  bool Parse(absl::string_view text);

  friend bool operator==(const Dataset& a, const Dataset& b) {
    return a.values_ == b.values_;
  }

 private:
  void Set(const std::string& key, std::string value);

  std::map<std::string, std::string> values_;
  uint64_t hash_ = 0;
};

}  // namespace simulation
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_SIMULATION_DATASET_H_
