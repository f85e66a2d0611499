// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The payload of a snapshot, decoded chunk by chunk.

#ifndef KEVY_REPLICA_CLIENT_INTERNAL_SNAPSHOT_READER_H_
#define KEVY_REPLICA_CLIENT_INTERNAL_SNAPSHOT_READER_H_

#include <cstdint>
#include <functional>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/snapshot_payload.h"

namespace kevy_replica {
namespace client_internal {

class SnapshotReader {
 public:
  using OnEvent = std::function<absl::Status(const PayloadEvent&)>;

  // `now` is Unix time in milliseconds; unset: the system's.
  SnapshotReader(const Limits& limits, std::function<uint64_t()> now_ms);

  // A snapshot begins. What is left of one before is void.
  void Begin();

  // Whether Begin() was called, and End() not yet.
  bool begun() const { return decoder_.has_value(); }

  // Between the two: calls `on_event` for each event that `chunk` completes.
  // Returns the error of the payload's (ReplicaErrorKind::kPayload), or that of
  // `on_event`.
  absl::Status Take(absl::string_view chunk, const OnEvent& on_event);

  // The snapshot has ended: an error if its payload has not.
  absl::Status End();

 private:
  absl::Status Error() const;

  const Limits limits_;
  const std::function<uint64_t()> now_ms_;
  std::optional<PayloadDecoder> decoder_;
};

}  // namespace client_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_INTERNAL_SNAPSHOT_READER_H_
