// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/internal/locator_driver.h"

#include <poll.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/primary_locator.h"
#include "kevy_replica/transport/address.h"
#include "kevy_replica/transport/connect_options.h"
#include "kevy_replica/transport/poller.h"
#include "kevy_replica/transport/socket_transport.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace client_internal {
namespace {

// A check must not wait for a connection longer than for the whole check.
ConnectOptions Within(ConnectOptions connect, absl::Duration timeout) {
  connect.connect_timeout = std::min(connect.connect_timeout, timeout);
  return connect;
}

}  // namespace

LocatorDriver::LocatorDriver(std::vector<Address> nodes,
                             PrimaryLocatorOptions options,
                             ConnectOptions connect, Poller* poller,
                             uint64_t first_id, std::function<absl::Time()> now)
    : now_(std::move(now)),
      connect_(Within(std::move(connect), options.check_timeout)),
      poller_(poller),
      first_id_(first_id),
      locator_(std::move(nodes), std::move(options), now_()),
      connections_(locator_.size()) {}

LocatorDriver::~LocatorDriver() {
  for (size_t i = 0; i < connections_.size(); ++i) Close(i);
}

absl::Time LocatorDriver::Step() {
  bool ready = false;
  for (size_t i = 0; i < connections_.size(); ++i) ready |= StepNode(i);
  if (ready) return absl::InfinitePast();
  // Only now: while there are bytes, a node is not silent. The thread may have
  // worked elsewhere for longer than a check may take.
  locator_.HandleTimeout(now_());
  return locator_.PollTimeout();
}

bool LocatorDriver::StepNode(size_t i) {
  Connection& connection = connections_[i];
  const uint64_t number = locator_.PollConnection(i, now_());
  if (number != connection.number) {
    Close(i);
    connection.number = number;
    if (number == 0) return false;
    connection.pending.emplace(locator_.node(i).ToString(), connect_);
  }
  if (connection.pending.has_value()) Connect(i);
  if (connection.transport == nullptr) return false;
  if (locator_.PollTransmit(i, &out_)) {
    // Without waiting: it fits into an empty socket.
    const absl::Status status =
        connection.transport->Write(out_, absl::ZeroDuration());
    if (!status.ok()) {
      locator_.HandleFailure(i, status, now_());
      return true;
    }
  }
  return Read(i);
}

void LocatorDriver::Connect(size_t i) {
  Connection& connection = connections_[i];
  Watch(i, -1, 0);  // Poll() may open another descriptor of the same number.
  absl::StatusOr<std::unique_ptr<SocketTransport>> made =
      connection.pending->Poll();
  if (made.ok() && *made == nullptr) {
    Watch(i, connection.pending->fd(), POLLOUT);
    return;
  }
  connection.pending.reset();
  if (made.ok()) {
    connection.transport = *std::move(made);
    locator_.HandleConnected(i, now_());
  } else {
    locator_.HandleFailure(i, made.status(), now_());
  }
}

bool LocatorDriver::Read(size_t i) {
  Connection& connection = connections_[i];
  const absl::Span<char> room = locator_.PrepareRead(i);
  if (room.empty()) return true;  // PollConnection() ends the connection.
  const absl::StatusOr<size_t> n =
      connection.transport->Read(room, absl::ZeroDuration());
  if (n.ok() && *n > 0) {
    locator_.HandleRead(i, *n, now_());
  } else if (n.ok()) {
    locator_.HandleEof(i, now_());
  } else if (absl::IsDeadlineExceeded(n.status())) {
    Watch(i, connection.transport->fd(), POLLIN);
    return false;
  } else {
    locator_.HandleFailure(i, n.status(), now_());
  }
  return true;
}

void LocatorDriver::Watch(size_t i, int fd, short events) {
  Connection& connection = connections_[i];
  if (connection.watched_fd >= 0 && connection.watched_fd != fd) {
    poller_->Remove(connection.watched_fd);
  }
  connection.watched_fd = fd;
  if (fd < 0) return;
  const absl::Status status = poller_->Set(fd, events, first_id_ + i);
  if (!status.ok()) locator_.HandleFailure(i, status, now_());
}

void LocatorDriver::Close(size_t i) {
  Connection& connection = connections_[i];
  Watch(i, -1, 0);
  connection.pending.reset();
  connection.transport.reset();
}

}  // namespace client_internal
}  // namespace kevy_replica
