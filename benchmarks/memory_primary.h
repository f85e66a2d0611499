// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A primary that makes its stream while sending it, and holds a batch only.

#ifndef KEVY_REPLICA_BENCHMARKS_MEMORY_PRIMARY_H_
#define KEVY_REPLICA_BENCHMARKS_MEMORY_PRIMARY_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "kevy_replica/benchmarks/memory_workload.h"
#include "kevy_replica/codec/internal/byte_buffer.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace benchmarks {

// One connection with a fresh replica that acknowledges.
class MemoryPrimary {
 public:
  explicit MemoryPrimary(std::unique_ptr<Transport> replica)
      : replica_(std::move(replica)) {}

  // Sends all of `workload` and waits until the replica has acknowledged it.
  // Memory that the replica holds after that is waste. Call it once.
  absl::Status Play(const MemoryWorkload& workload);

  // Counts of the bytes and frames sent so far.
  uint64_t bytes() const { return sent_ + batch_.size(); }
  uint64_t frames() const { return frames_; }
  uint64_t largest_element() const { return largest_element_; }  // In bytes.

 private:
  void Answer();
  void Snapshot(uint64_t bytes);
  void Frame(uint64_t value_bytes);

  void Encoded(WireError error);
  void Fill(uint64_t bytes);
  void EndElement(uint64_t begin);  // From `begin` to bytes().
  void Flush();
  enum class Wait : bool { kNo, kYes };
  void ReadAcks(Wait wait);

  const std::unique_ptr<Transport> replica_;
  absl::Status status_;  // The first failure. Later calls do nothing.
  std::string batch_;    // Encoded, still unwritten.
  uint64_t sent_ = 0;
  uint64_t frames_ = 0;
  uint64_t largest_element_ = 0;
  uint64_t next_offset_ = 0;
  uint64_t acknowledged_ = 0;
  internal::ByteBuffer input_;
};

}  // namespace benchmarks
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_BENCHMARKS_MEMORY_PRIMARY_H_
