// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The data of a primary or a replica: keys and values. Most commands leave a
// different result if they are applied twice, or left out.

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
  // Applies SET, APPEND, INCR or DEL. The last two ignore `value`. Returns
  // false for any other command.
  bool Apply(absl::string_view command, absl::string_view key,
             absl::string_view value);

  bool empty() const { return values_.empty(); }
  // Equal for equal contents. Each change updates it.
  uint64_t hash() const { return hash_; }

  std::string Serialize() const;
  // Reads the output of Serialize(). Returns false for any other text.
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
