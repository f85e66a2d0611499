// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/examples/loop_follower.h"

#include <poll.h>

#include <algorithm>
#include <cstddef>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/errors.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_event.h"
#include "kevy_replica/client/follower_session.h"
#include "kevy_replica/client/polite_end.h"
#include "kevy_replica/client/position_store.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/transport/socket_transport.h"

namespace {

using kevy_replica::FrameView;
using kevy_replica::PoliteEnd;

kevy_replica::FollowerSessionOptions Options(
    const kevy_replica::FeedPosition& from) {
  kevy_replica::FollowerSessionOptions options;
  options.link.replica_id = "loop-follower";
  options.from = from;
  return options;
}

}  // namespace

LoopFollower::LoopFollower(std::string address,
                           const kevy_replica::FeedPosition& from,
                           kevy_replica::PositionStore* store, absl::Time now)
    : address_(std::move(address)),
      store_(store),
      session_(Options(from), now) {}

void LoopFollower::Step(absl::Time now) {
  ready_ = false;
  if (ending_.has_value() && !EndLink(now)) return;
  if (pending_.has_value()) Connect(now);
  if (transport_ != nullptr && !session_.stopping()) Read(now);
  session_.HandleTimeout(now);
  Deliver(now);
  Transmit(now);
  BeginLink(now);
  deadline_ = session_.PollTimeout();
  if (pending_.has_value()) {
    deadline_ = std::min(deadline_, now + pending_->timeout());
  }
  if (ready_) deadline_ = now;
}

// One connection at a time: the next one waits for it.
bool LoopFollower::EndLink(absl::Time now) {
  const PoliteEnd::Progress progress = ending_->Poll(now);
  deadline_ =
      progress == PoliteEnd::Progress::kReady ? now : ending_->deadline();
  if (progress != PoliteEnd::Progress::kDone) return false;
  ending_.reset();
  if (link_ != 0) pending_.emplace(address_);
  return true;
}

void LoopFollower::Connect(absl::Time now) {
  absl::StatusOr<std::unique_ptr<kevy_replica::SocketTransport>> made =
      pending_->Poll();
  if (made.ok() && *made == nullptr) return;  // Not decided yet.
  pending_.reset();
  ready_ = true;
  if (!made.ok()) {
    session_.HandleConnectFailed(made.status());
    return;
  }
  transport_ = *std::move(made);
  closed_by_primary_ = false;
  session_.HandleConnected(now);
}

void LoopFollower::Read(absl::Time now) {
  const absl::StatusOr<size_t> n =
      transport_->Read(session_.PrepareRead(64 << 10), absl::ZeroDuration());
  if (absl::IsDeadlineExceeded(n.status())) return;  // Nothing has come.
  ready_ = true;
  if (!n.ok()) {
    session_.HandleFailure(kevy_replica::AsIoError(n.status()));
  } else if (*n == 0) {
    closed_by_primary_ = true;
    session_.HandleEof();
  } else {
    session_.HandleRead(*n, now);
  }
}

void LoopFollower::Deliver(absl::Time now) {
  while (const kevy_replica::FollowerEvent* event = session_.PollEvent(now)) {
    Store(now);  // A snapshot in place must find its position stored.
    Take(*event);
  }
  Store(now);
}

// Your code goes here. This one prints.
void LoopFollower::Take(const kevy_replica::FollowerEvent& event) {
  if (const auto* frames = std::get_if<absl::Span<const FrameView>>(&event)) {
    for (const FrameView& frame : *frames) std::cout << frame << '\n';
    session_.HandleApplied(frames->back().offset() + 1);
  } else if (const auto* end = std::get_if<kevy_replica::SnapshotEnd>(&event)) {
    std::cout << *end << '\n';
    session_.HandleApplied(end->next_offset);
  } else if (const auto* up = std::get_if<kevy_replica::LinkUp>(&event)) {
    std::cout << "# " << *up << '\n';
  } else if (const auto* down = std::get_if<kevy_replica::LinkDown>(&event)) {
    std::cout << "# " << *down << ' ' << down->status.message() << '\n';
  }
  std::cout << std::flush;
}

void LoopFollower::Store(absl::Time now) {
  const auto position = session_.PollStore(now);
  if (!position.has_value()) return;
  const absl::Status status = store_->Store({{"shard-0", *position}});
  if (status.ok()) {
    session_.HandleStored(*position, now);
  } else {
    session_.HandleStop(status);
  }
}

void LoopFollower::Transmit(absl::Time now) {
  std::string out;
  if (transport_ == nullptr || !session_.PollTransmit(now, &out)) return;
  const absl::Status status = transport_->Write(out, absl::ZeroDuration());
  // kUnavailable: the primary has closed. Its last bytes are still to be read.
  if (!status.ok() && !absl::IsUnavailable(status)) {
    session_.HandleFailure(kevy_replica::AsIoError(status));
    ready_ = true;
  }
}

void LoopFollower::BeginLink(absl::Time now) {
  const uint64_t link = session_.PollLink(now);
  if (link == link_) return;
  link_ = link;
  pending_.reset();
  if (closed_by_primary_) transport_ = nullptr;
  if (transport_ != nullptr) {
    ending_.emplace(std::move(transport_), now);
    ready_ = true;
  } else if (link_ != 0) {
    pending_.emplace(address_);
    Connect(now);
  }
}

void LoopFollower::Stop(const absl::Status& status, absl::Time now) {
  session_.HandleStop(status);
  Transmit(now);  // The last acknowledgement.
}

int LoopFollower::fd() const {
  if (ready_) return -1;
  if (ending_.has_value()) return ending_->fd();
  if (pending_.has_value()) return pending_->fd();
  return transport_ == nullptr ? -1 : transport_->fd();
}

short LoopFollower::events() const {
  return pending_.has_value() ? POLLOUT : POLLIN;
}
