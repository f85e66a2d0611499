// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/faulty_transport.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/transport/internal/status.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

using transport_internal::InterruptedStatus;
using transport_internal::TimedOutStatus;

namespace {
constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();
}  // namespace

FaultyTransport::FaultyTransport(std::unique_ptr<Transport> inner,
                                 Faults faults,
                                 std::shared_ptr<Interrupter> interrupter)
    : ForwardingTransport(std::move(inner)),
      faults_(std::move(faults)),
      interrupter_(interrupter != nullptr ? std::move(interrupter)
                                          : std::make_shared<Interrupter>()) {}

absl::StatusOr<size_t> FaultyTransport::Read(absl::Span<char> buffer,
                                             absl::Duration timeout) {
  // After ResumeReads() the inner transport tells of interrupts.
  if (!reads_resumed_ && interrupter_->interrupted()) {
    return InterruptedStatus({"read from", peer()});
  }

  const uint64_t error_at = faults_.error_at.value_or(kNever);
  const uint64_t eof_at = faults_.eof_at.value_or(kNever);
  const uint64_t stall_at = faults_.stall_at.value_or(kNever);
  if (read_bytes_ >= error_at) return faults_.read_error;
  if (read_bytes_ >= eof_at) return 0;
  if (read_bytes_ >= stall_at) {
    return interrupter_->Sleep(timeout)
               ? InterruptedStatus({"read from", peer()})
               : TimedOutStatus({"read from", peer()});
  }
  size_t size = buffer.size();
  if (faults_.read_size) size = std::min(size, faults_.read_size());
  size = static_cast<size_t>(std::min<uint64_t>(
      size, std::min({error_at, eof_at, stall_at}) - read_bytes_));
  const absl::StatusOr<size_t> read =
      inner().Read(buffer.subspan(0, std::max<size_t>(size, 1)), timeout);
  if (read.ok()) read_bytes_ += *read;
  return read;
}

absl::Status FaultyTransport::Write(absl::string_view bytes,
                                    absl::Duration timeout) {
  if (interrupter_->interrupted()) {
    return InterruptedStatus({"write to", peer()});
  }
  const uint64_t left =
      faults_.write_error_at.value_or(kNever) - written_bytes_;
  const bool fails = bytes.size() > left;
  if (fails) bytes = bytes.substr(0, static_cast<size_t>(left));
  absl::Status status = inner().Write(bytes, timeout);
  if (!status.ok()) return status;
  written_bytes_ += bytes.size();
  return fails ? faults_.write_error : absl::OkStatus();
}

void FaultyTransport::ResumeReads() {
  reads_resumed_ = true;
  inner().ResumeReads();
}

void FaultyTransport::Interrupt() {
  interrupter_->Interrupt();
  inner().Interrupt();
}

int FaultyTransport::fd() const {
  // During a stall the inner descriptor may be readable: a waiter would spin.
  return read_bytes_ >= faults_.stall_at.value_or(kNever) ? interrupter_->fd()
                                                          : inner().fd();
}

}  // namespace kevy_replica
