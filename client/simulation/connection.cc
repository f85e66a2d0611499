// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/simulation/connection.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/simulation/random.h"
#include "kevy_replica/client/simulation/record.h"
#include "kevy_replica/client/simulation/virtual_clock.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace simulation {
namespace {

class ReplicaEndTransport final : public Transport {
 public:
  explicit ReplicaEndTransport(std::shared_ptr<Connection> connection)
      : connection_(std::move(connection)) {}
  ~ReplicaEndTransport() override { Close(); }

  // Returns at once: bytes that have not arrived yet count as late.
  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration /*timeout*/) override {
    if (closed_) return 0;
    return connection_->Read(buffer);
  }
  absl::Status Write(absl::string_view bytes,
                     absl::Duration /*timeout*/) override {
    return connection_->Write(bytes);
  }
  void Interrupt() override {}
  void Close() override {
    closed_ = true;
    connection_->CloseByReplica();
  }
  std::string peer() const override {
    return absl::StrCat("simulated:", connection_->number());
  }

 private:
  const std::shared_ptr<Connection> connection_;
  bool closed_ = false;
};

}  // namespace

Connection::Connection(uint64_t number, const VirtualClock* clock,
                       Random random, Record* record)
    : number_(number),
      clock_(clock),
      random_(random),
      record_(record),
      piece_mode_(static_cast<int>(random_.Below(5))) {}

void Connection::Send(absl::string_view bytes) {
  if (closed_by_primary_) return;
  if (read_ > 4096 && read_ > to_replica_.size() / 2) {
    to_replica_.erase(0, read_);
    read_ = 0;
  }
  if (secure_ != nullptr) {
    secure_->Send(bytes, &to_replica_);
  } else {
    to_replica_.append(bytes.data(), bytes.size());
  }
}

void Connection::CutAfter(size_t bytes, bool reset) {
  if (bytes >= cut_after_) return;
  cut_after_ = bytes;
  reset_ = reset;
}

void Connection::CutWritesAfter(size_t bytes, bool tell) {
  cut_writes_after_ = std::min(cut_writes_after_, bytes);
  tell_writer_ = tell;
}

void Connection::Mend() {
  ReadFast();
  cut_after_ = cut_writes_after_ = kNever;
  write_failure_ = absl::OkStatus();
  stalled_until_ = absl::InfinitePast();
}

absl::StatusOr<size_t> Connection::Read(absl::Span<char> buffer) {
  if (stalled()) return absl::DeadlineExceededError("stalled");
  const size_t here = std::min(unread(), cut_after_);
  if (here == 0) {
    if (cut_after_ == 0) {
      if (!cut_noticed_) {
        record_->Count(reset_ ? Happening::kReset : Happening::kCut);
      }
      cut_noticed_ = damaged_ = true;
      if (reset_) return absl::UnavailableError("connection reset");
      return 0;
    }
    if (closed_by_primary_) return 0;
    return absl::DeadlineExceededError("nothing has arrived");
  }
  // All bytes may still be under way.
  if (random_.OneIn(6)) return absl::DeadlineExceededError("not yet");
  const size_t n = std::min({here, buffer.size(), PieceSize()});
  std::memcpy(buffer.data(), to_replica_.data() + read_, n);
  read_ += n;
  bytes_read_ += n;
  if (cut_after_ != kNever) cut_after_ -= n;
  return n;
}

absl::Status Connection::Write(absl::string_view bytes) {
  if (!write_failure_.ok()) {
    record_->Count(Happening::kWriteFailed);
    damaged_ = true;
    // After "the peer is gone", reading must end soon.
    if (absl::IsUnavailable(write_failure_)) {
      CutAfter(random_.Below(unread() + 1), random_.OneIn(2));
    }
    return std::exchange(write_failure_, absl::OkStatus());
  }
  if (closed_by_primary_ || cut_after_ == 0) {
    return random_.OneIn(2) ? absl::OkStatus()
                            : absl::UnavailableError("the peer is gone");
  }
  // The bytes are lost. A secure link would end with them, so there a stall
  // delays reads only.
  if (stalled() && secure_ == nullptr) return absl::OkStatus();
  const size_t through = std::min(bytes.size(), cut_writes_after_);
  if (secure_ == nullptr) {
    incoming_.append(bytes.data(), through);
  } else if (!secure_->Receive(bytes.substr(0, through), &incoming_,
                               &to_replica_)) {
    CloseByPrimary();
  }
  if (cut_writes_after_ != kNever) cut_writes_after_ -= through;
  if (!incoming_.empty() && on_incoming_) on_incoming_();
  if (through == bytes.size()) return absl::OkStatus();
  record_->Count(Happening::kWriteCut);
  damaged_ = true;
  CutAfter(random_.Below(unread() + 1), random_.OneIn(2));
  return tell_writer_ ? absl::UnavailableError("the peer is gone")
                      : absl::OkStatus();
}

void Connection::CloseByReplica() {
  if (!closed_by_replica_ && unnoticed_) {
    record_->Count(Happening::kUnnoticedClose);
  }
  closed_by_replica_ = true;
}

size_t Connection::PieceSize() {
  switch (piece_mode_) {
    case 0:
      return random_.Between(1, 16);
    case 1:
      return random_.Between(1, 200);
    case 2:
      return random_.OneIn(2) ? random_.Between(1, 8)
                              : random_.Between(1, 2000);
    default:
      return random_.Between(1, 20'000);
  }
}

std::unique_ptr<Transport> ReplicaEnd(std::shared_ptr<Connection> connection) {
  return std::make_unique<ReplicaEndTransport>(std::move(connection));
}

}  // namespace simulation
}  // namespace kevy_replica
