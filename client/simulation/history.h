// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The true histories of all primaries: every write, and the state behind it.
// The model primary sends from them, and the model replica is compared with
// them.

#ifndef KEVY_REPLICA_CLIENT_SIMULATION_HISTORY_H_
#define KEVY_REPLICA_CLIENT_SIMULATION_HISTORY_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "kevy_replica/client/simulation/dataset.h"

namespace kevy_replica {
namespace simulation {

// A place in one of the histories. The simulation knows it, a replica cannot.
struct Mark {
  size_t history = 0;
  uint64_t offset = 0;

  friend bool operator==(const Mark& a, const Mark& b) {
    return a.history == b.history && a.offset == b.offset;
  }
};

// Written as "history@offset". Every frame carries its own mark as its last
// argument. Every snapshot payload begins with the mark of its end. So each
// delivery names its true place.
std::string ToString(const Mark& mark);
std::optional<Mark> ParseMark(absl::string_view text);

// One unbroken history: its writes, whose offsets begin at `base`.
class History {
 public:
  History(size_t number, uint64_t generation, uint64_t base, Dataset initial);

  size_t number() const { return number_; }
  uint64_t generation() const { return generation_; }
  uint64_t base() const { return base_; }
  uint64_t next_offset() const { return base_ + writes_.size(); }
  const Dataset& initial() const { return initial_; }

  void Write(absl::string_view command, absl::string_view key,
             absl::string_view value);

  // The frame at `offset` as bytes of the stream. Precondition: it was written.
  const std::string& Frame(uint64_t offset) const {
    return writes_[offset - base_].frame;
  }
  // The hash of the state before the write at `offset`. Precondition: `offset`
  // is in [base(), next_offset()].
  uint64_t HashAt(uint64_t offset) const { return hashes_[offset - base_]; }
  Dataset StateAt(uint64_t offset) const;
  const Dataset& state() const { return state_; }

 private:
  struct OneWrite {
    std::string command;
    std::string key;
    std::string value;
    std::string frame;
  };

  const size_t number_;
  const uint64_t generation_;
  const uint64_t base_;
  const Dataset initial_;
  Dataset state_;  // Behind the last write.
  std::vector<OneWrite> writes_;
  std::vector<uint64_t> hashes_;
};

class Histories {
 public:
  // The primary's present history.
  History& current() { return histories_.back(); }
  const History& current() const { return histories_.back(); }
  const History& operator[](size_t number) const { return histories_[number]; }
  size_t size() const { return histories_.size(); }

  void Begin(uint64_t generation, uint64_t base, Dataset initial);

  // Generations that a primary named falsely.
  void AddLie(uint64_t generation) { lies_.insert(generation); }
  bool IsLie(uint64_t generation) const { return lies_.count(generation) > 0; }

 private:
  std::deque<History> histories_;
  std::set<uint64_t> lies_;
};

// The payload of a snapshot of the state before the write at `mark.offset`.
std::string SnapshotPayload(const Histories& histories, const Mark& mark);
// Reads the output of SnapshotPayload(). Returns false for any other payload.
bool ParseSnapshotPayload(absl::string_view payload, Mark* mark, Dataset* data);

}  // namespace simulation
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_SIMULATION_HISTORY_H_
