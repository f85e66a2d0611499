// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Decodes the payload of a snapshot, chunk by chunk.

#ifndef KEVY_REPLICA_CLIENT_INTERNAL_SNAPSHOT_READER_H_
#define KEVY_REPLICA_CLIENT_INTERNAL_SNAPSHOT_READER_H_

#include <cstdint>
#include <functional>
#include <optional>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/payload_record.h"
#include "kevy_replica/codec/snapshot_payload.h"

namespace kevy_replica {
namespace client_internal {

// Calls `on_event` for each event of the records, up to its first error, which
// it returns.
absl::Status TakeEvents(
    absl::Span<const PayloadRecord> records,
    absl::FunctionRef<absl::Status(const PayloadEvent&)> on_event);

// Not thread-safe.
class SnapshotReader {
 public:
  using OnEvent = std::function<absl::Status(const PayloadEvent&)>;
  using OnRecords =
      std::function<absl::Status(absl::Span<const PayloadRecord>)>;

  // `now_ms` returns Unix time in milliseconds. Empty: the system's time.
  SnapshotReader(const Limits& limits, std::function<uint64_t()> now_ms);

  // A snapshot begins. An earlier one that did not end is dropped.
  void Begin();

  // Whether a snapshot has begun and not ended yet.
  bool begun() const { return decoder_.has_value(); }

  // Calls `on_records` for the records that `chunk` completes, and `on_event`
  // for every other event. Precondition: begun().
  //
  // Returns:
  //   OK                          the whole chunk was decoded
  //   ReplicaErrorKind::kPayload  the payload is malformed
  //   others                      the error of `on_records` or `on_event`
  absl::Status Take(absl::string_view chunk, const OnRecords& on_records,
                    const OnEvent& on_event);
  // The same with `on_event` for all events.
  absl::Status Take(absl::string_view chunk, const OnEvent& on_event);

  // The snapshot has ended. Returns an error (ReplicaErrorKind::kPayload) if
  // its payload has not. Precondition: begun().
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
