// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/internal/snapshot_reader.h"

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/errors.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/payload_record.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/snapshot_payload.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace client_internal {
namespace {

uint64_t SystemNowMs() {
  return static_cast<uint64_t>(absl::ToUnixMillis(absl::Now()));
}

}  // namespace

absl::Status TakeEvents(
    absl::Span<const PayloadRecord> records,
    absl::FunctionRef<absl::Status(const PayloadEvent&)> on_event) {
  absl::Status status;
  for (const PayloadRecord& record : records) {
    const bool taken = ForEachEvent(record, [&](const PayloadEvent& event) {
      status = on_event(event);
      return status.ok();
    });
    if (!taken) break;
  }
  return status;
}

SnapshotReader::SnapshotReader(const Limits& limits,
                               std::function<uint64_t()> now_ms)
    : limits_(limits), now_ms_(now_ms ? std::move(now_ms) : SystemNowMs) {}

void SnapshotReader::Begin() { decoder_.emplace(now_ms_(), limits_); }

absl::Status SnapshotReader::Take(absl::string_view chunk,
                                  const OnRecords& on_records,
                                  const OnEvent& on_event) {
  decoder_->Feed(chunk);
  while (true) {
    const absl::Span<const PayloadRecord> records = decoder_->NextRecords();
    if (!records.empty()) {
      const absl::Status status = on_records(records);
      if (!status.ok()) return status;
      continue;
    }
    switch (decoder_->Next()) {
      case Outcome::kNeedMore:
        return absl::OkStatus();
      case Outcome::kError:
        return Error();
      case Outcome::kDone:
        break;
    }
    const absl::Status status = on_event(decoder_->event());
    if (!status.ok()) return status;
  }
}

absl::Status SnapshotReader::Take(absl::string_view chunk,
                                  const OnEvent& on_event) {
  return Take(
      chunk,
      [&on_event](absl::Span<const PayloadRecord> records) {
        return TakeEvents(records, on_event);
      },
      on_event);
}

absl::Status SnapshotReader::End() {
  const absl::Status status =
      decoder_->Finish() == WireError::kNone ? absl::OkStatus() : Error();
  decoder_.reset();
  return status;
}

absl::Status SnapshotReader::Error() const {
  const WireError error = decoder_->error();
  std::string message =
      absl::StrCat("the snapshot's payload: ", WireErrorName(error),
                   ", at byte ", decoder_->bytes_decoded());
  if (IsLimit(error)) {
    absl::StrAppend(&message, ", past the limit ", LimitName(error));
  } else if (error == WireError::kRowSegment) {
    absl::StrAppend(&message, ", of the key ", Escaped(decoder_->error_key()),
                    ": its row lies only on the primary's disk; read it over "
                    "the primary's client port");
  }
  return ReplicaWireError(ReplicaErrorKind::kPayload, error, message);
}

}  // namespace client_internal
}  // namespace kevy_replica
