// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/pending_connection.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kevy_replica/transport/address.h"
#include "kevy_replica/transport/connect_options.h"
#include "kevy_replica/transport/internal/connect.h"
#include "kevy_replica/transport/internal/status.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/socket_transport.h"

namespace kevy_replica {

using transport_internal::ConnectAttempts;
using transport_internal::Connection;
using transport_internal::InterruptedStatus;

PendingConnection::PendingConnection(absl::string_view address,
                                     const ConnectOptions& options)
    : interrupter_(options.interrupter) {
  if (interrupter_ == nullptr) interrupter_ = std::make_shared<Interrupter>();
  const absl::StatusOr<Address> parsed = ParseAddress(address);
  if (!parsed.ok()) {
    status_ = parsed.status();
    return;
  }
  if (interrupter_->interrupted()) {  // Before the lookup.
    status_ = InterruptedStatus({"connect to", address});
    return;
  }
  attempts_ =
      std::make_unique<ConnectAttempts>(*parsed, options, *interrupter_);
}

PendingConnection::PendingConnection(PendingConnection&&) noexcept = default;
PendingConnection& PendingConnection::operator=(PendingConnection&&) noexcept =
    default;
PendingConnection::~PendingConnection() = default;

absl::StatusOr<std::unique_ptr<SocketTransport>> PendingConnection::Poll() {
  if (attempts_ == nullptr) return status_;
  absl::StatusOr<std::optional<Connection>> result = attempts_->Poll();
  if (result.ok() && !result->has_value()) return nullptr;
  attempts_.reset();
  if (!result.ok()) {
    status_ = result.status();
    return status_;
  }
  Connection& connection = **result;
  status_ = absl::FailedPreconditionError(
      absl::StrCat("connect to ", connection.peer,
                   ": Poll() has returned this connection before"));
  return std::make_unique<SocketTransport>(connection.fd.release(),
                                           std::move(connection.peer),
                                           std::move(interrupter_));
}

int PendingConnection::fd() const {
  return attempts_ == nullptr ? -1 : attempts_->fd();
}

absl::Duration PendingConnection::timeout() const {
  return attempts_ == nullptr ? absl::ZeroDuration() : attempts_->timeout();
}

}  // namespace kevy_replica
