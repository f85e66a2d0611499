// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/replica_client.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/errors.h"
#include "kevy_replica/client/internal/monotonic_time.h"
#include "kevy_replica/client/session.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/transport/socket_transport.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

ReplicaClient::ReplicaClient(ReplicaClientOptions options)
    : options_(std::move(options)),
      session_(options_),
      snapshot_reader_(options_.limits, options_.now_ms) {}

ReplicaClient::~ReplicaClient() = default;

absl::StatusOr<std::unique_ptr<ReplicaClient>> ReplicaClient::Connect(
    absl::string_view address, ReplicaClientOptions options) {
  const TransportFactory factory = ConnectTo(address, options.connect);
  return Connect(factory, std::move(options));
}

absl::StatusOr<std::unique_ptr<ReplicaClient>> ReplicaClient::Connect(
    const TransportFactory& factory, ReplicaClientOptions options) {
  std::unique_ptr<ReplicaClient> client(new ReplicaClient(std::move(options)));
  if (client->options_.snapshot_policy == SnapshotPolicy::kHandle &&
      !client->options_.on_snapshot) {
    return absl::InvalidArgumentError(
        "SnapshotPolicy::kHandle: no on_snapshot");
  }
  if (client->options_.snapshot_policy == SnapshotPolicy::kDecode &&
      !client->options_.on_payload) {
    return absl::InvalidArgumentError("SnapshotPolicy::kDecode: no on_payload");
  }
  if (factory == nullptr) {
    return absl::InvalidArgumentError("the transport factory is null");
  }
  do {
    if (!client->status().ok()) return client->status();
    absl::StatusOr<std::unique_ptr<Transport>> transport = factory();
    if (!transport.ok()) {
      if (absl::IsInvalidArgument(transport.status())) {
        return transport.status();
      }
      return AsIoError(transport.status());
    }
    if (*transport == nullptr) {
      return absl::InvalidArgumentError("the transport is null");
    }
    client->Handshake(*std::move(transport));
  } while (client->session_.wants_reconnect());
  if (!client->status().ok()) return client->status();
  return client;
}

absl::StatusOr<std::unique_ptr<ReplicaClient>> ReplicaClient::Connect(
    std::unique_ptr<Transport> transport, ReplicaClientOptions options) {
  // There is no second connection for a second protocol.
  if (options.protocol == ProtocolChoice::kAuto) {
    options.protocol = ProtocolChoice::kV2;
  }
  return Connect(
      [&transport]() -> absl::StatusOr<std::unique_ptr<Transport>> {
        return std::move(transport);
      },
      std::move(options));
}

void ReplicaClient::Handshake(std::unique_ptr<Transport> transport) {
  transport_ = std::move(transport);
  session_.HandleConnected(Now());
  while (!session_.answer().has_value() && !session_.done() &&
         !session_.wants_reconnect()) {
    ReadMore();
    session_.PollAnswer();
  }
}

const StreamEvent* ReplicaClient::NextEvent() {
  while (true) {
    if (const StreamEvent* event = session_.PollEvent()) return event;
    if (session_.done()) return nullptr;
    ReadMore();
  }
}

absl::Span<const FrameView> ReplicaClient::WaitForFrames(size_t max) {
  while (!session_.done()) {
    if (const StreamEvent* event = session_.PollEvent()) {
      if (!std::holds_alternative<Heartbeat>(*event)) {
        const absl::Status status = HandleSnapshot(*event);
        if (!status.ok()) FailSnapshot(status);
      }
    } else if (!session_.done()) {
      ReadMore();
    }
    const absl::Span<const FrameView> frames = session_.PollFrames(max);
    if (!frames.empty()) return frames;
  }
  return {};
}

absl::Status ReplicaClient::SendAck(uint64_t next_offset) {
  const absl::Status status = session_.AckNow(next_offset);
  return status.ok() ? Transmit(Now()) : status;
}

void ReplicaClient::Applied(uint64_t next_offset) {
  session_.HandleApplied(next_offset);
  // Not only before a read: many frames may lie in the buffer, each applied
  // slowly. To some milliseconds will do, and this is called for every frame.
  TransmitDue(options_.now ? options_.now()
                           : client_internal::RoughMonotonicNow());
}

void ReplicaClient::FailSnapshot(const absl::Status& status) {
  // With kError nothing of it was taken, and what is held stands.
  if (options_.snapshot_policy == SnapshotPolicy::kError) {
    session_.HandleFailure(status);
  } else {
    session_.HandleSnapshotFailure(status);
  }
}

absl::Status ReplicaClient::HandleSnapshot(const StreamEvent& event) {
  switch (options_.snapshot_policy) {
    case SnapshotPolicy::kSkip:
      return absl::OkStatus();
    case SnapshotPolicy::kHandle:
      return options_.on_snapshot(event);
    case SnapshotPolicy::kDecode:
      if (std::holds_alternative<SnapshotBegin>(event)) {
        snapshot_reader_.Begin();
        return absl::OkStatus();
      }
      if (!snapshot_reader_.begun()) {
        return absl::FailedPreconditionError(
            "a snapshot that NextEvent() has begun to hand out is to be read "
            "to its end by NextEvent()");
      }
      if (const auto* chunk = std::get_if<SnapshotChunk>(&event)) {
        return snapshot_reader_.Take(chunk->bytes, options_.on_payload);
      }
      return snapshot_reader_.End();
    case SnapshotPolicy::kError:
      break;
  }
  return ReplicaError(
      ReplicaErrorKind::kSnapshotInProgress,
      "the primary sends a snapshot, and only frames are read: read events, or "
      "choose a SnapshotPolicy");
}

// Sends what is due, then waits for bytes, the end, or a time that the session
// asked for.
void ReplicaClient::ReadMore() {
  TransmitDue(Now());
  if (session_.done()) return;
  const absl::Span<char> room = session_.PrepareRead(options_.read_bytes);
  const absl::Time until = session_.PollTimeout();
  const absl::StatusOr<size_t> n = transport_->Read(
      room, until == absl::InfiniteFuture()
                ? absl::InfiniteDuration()
                : std::max(until - Now(), absl::ZeroDuration()));
  if (!n.ok()) {
    if (absl::IsDeadlineExceeded(n.status()) &&
        until != absl::InfiniteFuture()) {
      session_.HandleTimeout(Now());
    } else {
      session_.HandleFailure(AsIoError(n.status()));
    }
  } else if (*n == 0) {
    session_.HandleEof();
  } else {
    session_.HandleRead(*n, Now());
  }
}

void ReplicaClient::TransmitDue(absl::Time now) {
  const absl::Status sent = Transmit(now);
  // A primary that has closed may have sent much before that is still to be
  // read: how reading ends is what counts.
  if (!sent.ok() && !absl::IsUnavailable(sent)) session_.HandleFailure(sent);
}

absl::Status ReplicaClient::Transmit(absl::Time now) {
  if (!session_.PollTransmit(now, &out_)) return session_.status();
  return AsIoError(transport_->Write(out_, options_.write_timeout));
}

absl::Time ReplicaClient::Now() const {
  return options_.now ? options_.now() : client_internal::MonotonicNow();
}

}  // namespace kevy_replica
