// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/follower_handler.h"

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "kevy_replica/client/internal/snapshot_reader.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/payload_record.h"

namespace kevy_replica {

absl::Status FollowerHandler::OnRecords(
    absl::Span<const PayloadRecord> records) {
  return client_internal::TakeEvents(
      records, [this](const PayloadEvent& event) { return OnPayload(event); });
}

}  // namespace kevy_replica
