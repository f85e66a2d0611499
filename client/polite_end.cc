// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/polite_end.h"

#include <cstddef>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/internal/monotonic_time.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

// Reads once, and drops the bytes. Returns false at the link's end.
bool Drop(Transport* transport, absl::Duration timeout, bool* idle) {
  char dropped[16 << 10];
  const absl::StatusOr<size_t> n =
      transport->Read(absl::MakeSpan(dropped), timeout);
  *idle = absl::IsDeadlineExceeded(n.status());
  return *idle || (n.ok() && *n > 0);
}

}  // namespace

PoliteEnd::PoliteEnd(std::unique_ptr<Transport> transport, absl::Time now)
    : transport_(std::move(transport)), deadline_(now + kLimit) {
  transport_->CloseWrite();
  transport_->ResumeReads();
}

PoliteEnd::Progress PoliteEnd::Poll(absl::Time now) {
  if (now >= deadline_) return Progress::kDone;
  for (int i = 0; i < 16; ++i) {
    bool idle;
    if (!Drop(transport_.get(), absl::ZeroDuration(), &idle)) {
      return Progress::kDone;
    }
    if (idle) return Progress::kIdle;
  }
  return Progress::kReady;
}

void EndPolitely(std::unique_ptr<Transport> transport) {
  // The transport's clock, whichever clock the client has.
  const absl::Time deadline =
      client_internal::MonotonicNow() + PoliteEnd::kLimit;
  transport->CloseWrite();
  transport->ResumeReads();
  bool idle = false;
  for (absl::Duration left = PoliteEnd::kLimit;
       left > absl::ZeroDuration() && Drop(transport.get(), left, &idle);
       left = deadline - client_internal::MonotonicNow()) {
  }
}

}  // namespace kevy_replica
