// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A connection without a network, for tests and benchmarks.

#ifndef KEVY_REPLICA_TRANSPORT_IN_MEMORY_TRANSPORT_H_
#define KEVY_REPLICA_TRANSPORT_IN_MEMORY_TRANSPORT_H_

#include <cstddef>
#include <limits>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

// One end of a connected pair within this process. It is byte-exact: one end
// reads all bytes that the other one wrote, in order, even after the writer has
// closed. A write to a closed or destroyed peer is kUnavailable.
//
//   auto [replica_end, primary_end] = InMemoryTransport::CreatePair();
//
// Thread-safe: different threads may use the two ends.
class InMemoryTransport : public Transport {
 public:
  // Two ends: each reads the bytes that the other writes.
  struct Pair {
    std::unique_ptr<InMemoryTransport> first;
    std::unique_ptr<InMemoryTransport> second;
  };
  // `capacity` is the number of unread bytes, at least 1, that a direction
  // holds before its writer waits. Default: unbounded.
  [[nodiscard]] static Pair CreatePair(
      size_t capacity = std::numeric_limits<size_t>::max());
  ~InMemoryTransport() override;

  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration timeout) override;
  absl::Status Write(absl::string_view bytes, absl::Duration timeout) override;

  // Waits until the peer has read all bytes that this end wrote, or has closed.
  // Returns the number of bytes that the peer has left unread when it closed,
  // else 0. Errors: kDeadlineExceeded and kCancelled, as of Write().
  absl::StatusOr<size_t> AwaitRead(absl::Duration timeout);

  // Interrupts this end only. Not async-signal-safe.
  void Interrupt() override;
  void ResumeReads() override;
  void CloseWrite() override;
  void Close() override;
  std::string peer() const override { return "memory"; }
  // Makes a pipe at the first call. Later calls of both ends keep it in step:
  // one system call when the first byte arrives and one when the last is read.
  // It is readable after Interrupt() too.
  int fd() const override;

 private:
  struct Channel;
  InMemoryTransport(std::shared_ptr<Channel> in, std::shared_ptr<Channel> out);

  const std::shared_ptr<Channel> in_;
  const std::shared_ptr<Channel> out_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_IN_MEMORY_TRANSPORT_H_
