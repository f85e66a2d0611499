// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A connection through a network that cuts, stalls, splits, merges and loses:
// a Transport at the replica's end, a few functions at the primary's.

#ifndef KEVY_REPLICA_CLIENT_SIMULATION_CONNECTION_H_
#define KEVY_REPLICA_CLIENT_SIMULATION_CONNECTION_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/simulation/random.h"
#include "kevy_replica/client/simulation/record.h"
#include "kevy_replica/client/simulation/virtual_clock.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace simulation {

// Both ends hold it, and it lasts until both have let go.
class Connection {
 public:
  // `record` and `clock` must outlive it.
  Connection(uint64_t number, const VirtualClock* clock, Random random,
             Record* record);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  uint64_t number() const { return number_; }

  // ---- The primary's end.

  void Send(absl::string_view bytes);
  void CloseByPrimary() { closed_by_primary_ = true; }
  // Called when bytes have come from the replica: at once, so that what they
  // say can be compared with what is so at this time.
  void set_on_incoming(std::function<void()> on_incoming) {
    on_incoming_ = std::move(on_incoming);
  }
  // What has come from the replica: to be taken off the front.
  std::string* incoming() { return &incoming_; }
  // What the replica has not read yet, be it that it does not, be it that the
  // network holds it back.
  size_t unread() const { return to_replica_.size() - read_; }
  // Whether the primary can know that nobody is at the other end.
  bool broken() const {
    return cut_noticed_ || (closed_by_replica_ && !unnoticed_);
  }

  // ---- The network's faults. They may come on top of each other.

  // After `bytes` more, read by the replica, the stream ends: as the primary's
  // close would look, or with an error.
  void CutAfter(size_t bytes, bool reset);
  // After `bytes` more, written by the replica, nothing gets through: writing
  // fails or seems to succeed, and reading ends soon.
  void CutWritesAfter(size_t bytes, bool tell);
  // The next write fails with `status`.
  void FailNextWrite(const absl::Status& status) { write_failure_ = status; }
  void StallUntil(absl::Time until) { stalled_until_ = until; }
  // The replica's close does not get through.
  void HideClose() { unnoticed_ = true; }
  // Takes back the faults that have not shown yet, slowness included.
  void Mend();
  // Whether one has shown, so that the connection cannot be mended.
  bool damaged() const { return damaged_; }
  bool stalled() const { return clock_->now() < stalled_until_; }
  bool closed_by_replica() const { return closed_by_replica_; }

  // ---- The replica's end.

  absl::StatusOr<size_t> Read(absl::Span<char> buffer);
  absl::Status Write(absl::string_view bytes);
  void CloseByReplica();
  uint64_t bytes_read() const { return bytes_read_; }

 private:
  static constexpr size_t kNever = std::numeric_limits<size_t>::max();

  size_t PieceSize();

  const uint64_t number_;
  const VirtualClock* const clock_;
  Random random_;
  Record* const record_;

  std::string to_replica_;
  size_t read_ = 0;  // Of it.
  uint64_t bytes_read_ = 0;
  std::string incoming_;
  std::function<void()> on_incoming_;
  bool closed_by_primary_ = false;
  bool closed_by_replica_ = false;

  int piece_mode_;
  size_t cut_after_ = kNever;
  bool reset_ = false;
  bool cut_noticed_ = false;
  bool damaged_ = false;
  size_t cut_writes_after_ = kNever;
  bool tell_writer_ = false;
  absl::Status write_failure_;
  absl::Time stalled_until_ = absl::InfinitePast();
  bool unnoticed_ = false;
};

// The replica's end. Destruction closes it, as that of any transport does.
std::unique_ptr<Transport> ReplicaEnd(std::shared_ptr<Connection> connection);

}  // namespace simulation
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_SIMULATION_CONNECTION_H_
