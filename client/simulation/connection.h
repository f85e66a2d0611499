// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A connection through a network that cuts, stalls, splits, merges and loses
// bytes. The replica's end is a Transport, the primary's a few functions.

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
#include "kevy_replica/client/simulation/secure_end.h"
#include "kevy_replica/client/simulation/virtual_clock.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace simulation {

// Both ends share it. It lasts until both have released it.
class Connection {
 public:
  // `record` and `clock` must outlive it.
  Connection(uint64_t number, const VirtualClock* clock, Random random,
             Record* record);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  uint64_t number() const { return number_; }

  // Makes it a secure link: the network carries sealed bytes. Both ends keep
  // their functions. The caller makes the replica's end secure.
  void Secure() { secure_ = std::make_unique<SecureEnd>(); }

  // ---- The primary's end.

  void Send(absl::string_view bytes);
  void CloseByPrimary() { closed_by_primary_ = true; }
  // `on_incoming` runs as soon as bytes arrive from the replica, so that it can
  // compare them with the replica's present state.
  void set_on_incoming(std::function<void()> on_incoming) {
    on_incoming_ = std::move(on_incoming);
  }
  // Bytes from the replica. The primary removes them from the front.
  std::string* incoming() { return &incoming_; }
  // The number of bytes that the replica has not read yet, because it does not
  // read or because the network delays them.
  size_t unread() const { return to_replica_.size() - read_; }
  // Whether the primary can know that nobody is at the other end.
  bool broken() const {
    return cut_noticed_ || (closed_by_replica_ && !unnoticed_);
  }

  // ---- The network's faults. They may be combined.

  // Ends the stream after the replica has read `bytes` more: with an error if
  // `reset`, otherwise as if the primary had closed.
  void CutAfter(size_t bytes, bool reset);
  // Loses everything that the replica writes after `bytes` more. Writing then
  // fails if `tell`, otherwise it seems to succeed. Reading ends soon.
  void CutWritesAfter(size_t bytes, bool tell);
  // The next write fails with `status`.
  void FailNextWrite(const absl::Status& status) { write_failure_ = status; }
  void StallUntil(absl::Time until) { stalled_until_ = until; }
  // Hides the replica's close from the primary.
  void HideClose() { unnoticed_ = true; }
  // Takes back the faults that have not shown yet, stalls and small reads
  // included.
  void Mend();
  // Lets every read return as much as a fast network would.
  void ReadFast() { piece_mode_ = 4; }
  // Whether a fault has shown. Mend() is then too late.
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

  std::unique_ptr<SecureEnd> secure_;  // Null: a plain link.
  std::string to_replica_;
  size_t read_ = 0;  // Bytes of to_replica_ that were read.
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

// The replica's end. Its destructor closes it, like any transport's.
std::unique_ptr<Transport> ReplicaEnd(std::shared_ptr<Connection> connection);

}  // namespace simulation
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_SIMULATION_CONNECTION_H_
