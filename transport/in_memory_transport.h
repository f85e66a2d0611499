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

// One end of a connected pair within this process. Byte-exact: what one end
// writes the other reads, in order, all of it, also after the writer has
// closed. A write to an end whose peer is closed or destroyed is kUnavailable.
//
//   auto [replica_end, primary_end] = InMemoryTransport::CreatePair();
//
// Thread-safe: the two ends may be used from different threads.
class InMemoryTransport : public Transport {
 public:
  struct Pair {
    std::unique_ptr<InMemoryTransport> first;
    std::unique_ptr<InMemoryTransport> second;
  };
  // `capacity`: how many unread bytes, 1 or more, a direction holds before its
  // writer has to wait. Unbounded unless given.
  static Pair CreatePair(size_t capacity = std::numeric_limits<size_t>::max());
  ~InMemoryTransport() override;

  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration timeout) override;
  absl::Status Write(absl::string_view bytes, absl::Duration timeout) override;
  void Interrupt() override;  // Of this end only. Not async-signal-safe.
  void CloseWrite() override;
  void Close() override;
  std::string peer() const override { return "memory"; }
  // Made at the first call: a pipe, which later calls of either end keep in
  // step, with a system call where something comes after nothing or the other
  // way round. Readable after Interrupt() too.
  int fd() const override;

 private:
  struct Channel;
  InMemoryTransport(std::shared_ptr<Channel> in, std::shared_ptr<Channel> out);

  const std::shared_ptr<Channel> in_;
  const std::shared_ptr<Channel> out_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_IN_MEMORY_TRANSPORT_H_
