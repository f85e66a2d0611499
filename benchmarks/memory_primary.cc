// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/benchmarks/memory_primary.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/benchmarks/corpus.h"
#include "kevy_replica/benchmarks/memory_workload.h"
#include "kevy_replica/codec/ack.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace benchmarks {
namespace {

// The size of one write.
constexpr size_t kBatchBytes = 256 << 10;

// The limit for a replica without any progress.
constexpr absl::Duration kPatience = absl::Minutes(1);

}  // namespace

absl::Status MemoryPrimary::Play(const MemoryWorkload& workload) {
  Answer();
  next_offset_ = kFirstOffset;
  Snapshot(workload.snapshot_bytes);
  for (const MemoryWorkload::Frames& frames : workload.frames) {
    const uint64_t begin = bytes();
    do {
      Frame(frames.value_bytes);
    } while (status_.ok() && bytes() - begin < frames.bytes);
  }
  Flush();
  while (status_.ok() && acknowledged_ < next_offset_) ReadAcks(Wait::kYes);
  return status_;
}

// The request stays undecoded: its lines are skipped, as all lines except
// acknowledgements.
void MemoryPrimary::Answer() {
  HandshakeAnswer answer;
  answer.generation = 1;
  Encoded(Append(answer, &batch_));
}

void MemoryPrimary::Snapshot(uint64_t bytes) {
  const std::string payload(
      static_cast<size_t>(std::min<uint64_t>(bytes, kMaxChunkBytes)), 'x');
  Encoded(Append(SnapshotBegin(), &batch_));
  while (status_.ok() && bytes > 0) {
    const uint64_t begin = this->bytes();
    const SnapshotChunk chunk = {
        absl::string_view(payload).substr(0, static_cast<size_t>(bytes))};
    Encoded(Append(chunk, &batch_));
    EndElement(begin);
    bytes -= chunk.bytes.size();
  }
  Encoded(Append(SnapshotEnd{next_offset_}, &batch_));
}

void MemoryPrimary::Frame(uint64_t value_bytes) {
  const uint64_t begin = bytes();
  // The encoder takes whole values, and a huge one must not be held here. So
  // encode an empty value, and write another one in its place.
  constexpr absl::string_view kEmpty = "$0\r\n\r\n";
  Encoded(AppendFrame(next_offset_, {"SET", "key:123456", ""}, &batch_));
  batch_.resize(batch_.size() - kEmpty.size());
  absl::StrAppend(&batch_, "$", value_bytes, "\r\n");
  Fill(value_bytes);
  batch_.append("\r\n");
  EndElement(begin);
  ++frames_;
  ++next_offset_;
}

void MemoryPrimary::Encoded(WireError error) {
  if (error != WireError::kNone) {
    status_.Update(absl::InternalError(WireErrorName(error)));
  }
}

void MemoryPrimary::Fill(uint64_t bytes) {
  while (status_.ok() && bytes > 0) {
    const uint64_t piece = std::min<uint64_t>(bytes, kBatchBytes);
    batch_.append(static_cast<size_t>(piece), 'x');
    bytes -= piece;
    if (batch_.size() >= kBatchBytes) Flush();
  }
}

void MemoryPrimary::EndElement(uint64_t begin) {
  largest_element_ = std::max(largest_element_, bytes() - begin);
  if (batch_.size() >= kBatchBytes) Flush();
}

void MemoryPrimary::Flush() {
  if (status_.ok()) status_ = replica_->Write(batch_, kPatience);
  sent_ += batch_.size();
  batch_.clear();
  // Unread acknowledgements would fill the socket and stop the replica.
  ReadAcks(Wait::kNo);
}

void MemoryPrimary::ReadAcks(Wait wait) {
  if (!status_.ok()) return;
  const absl::Span<char> room = input_.Prepare(1);
  const absl::StatusOr<size_t> n = replica_->Read(
      room, wait == Wait::kYes ? kPatience : absl::ZeroDuration());
  if (wait == Wait::kNo && absl::IsDeadlineExceeded(n.status())) return;
  if (!n.ok() || *n == 0) {
    status_ =
        n.ok() ? absl::UnavailableError("the replica has left") : n.status();
    return;
  }
  input_.Commit(*n);
  std::optional<Ack> ack;
  while (true) {
    const DecodeResult line = DecodeAck(input_.bytes(), Limits(), &ack);
    if (!line.done()) break;
    input_.Consume(line.bytes_decoded);
    if (ack.has_value()) acknowledged_ = ack->next_offset;
  }
}

}  // namespace benchmarks
}  // namespace kevy_replica
