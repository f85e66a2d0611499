// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/follower.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/client/internal/follower_driver.h"
#include "kevy_replica/client/internal/follower_loop.h"
#include "kevy_replica/client/internal/follower_setup.h"
#include "kevy_replica/client/internal/monotonic_time.h"
#include "kevy_replica/transport/address.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

Follower::Follower(FollowerOptions options, FollowerHandler* handler,
                   TransportFactory factory, absl::string_view address)
    : name_(options.position_name),
      loop_({options.now ? options.now : client_internal::MonotonicNow,
             options.sleep, nullptr}) {
  client_internal::FollowerDriverOptions driver =
      client_internal::DriverOptions(options, name_, handler);
  driver.factory = std::move(factory);
  driver.address = std::string(address);
  loop_.Add(std::move(driver));
}

Follower::~Follower() = default;

absl::StatusOr<std::unique_ptr<Follower>> Follower::Create(
    absl::string_view address, FollowerHandler* handler,
    FollowerOptions options) {
  const absl::Status status = ParseAddress(address).status();
  if (!status.ok()) return status;
  return Create(nullptr, address, handler, std::move(options));
}

absl::StatusOr<std::unique_ptr<Follower>> Follower::Create(
    TransportFactory factory, FollowerHandler* handler,
    FollowerOptions options) {
  if (factory == nullptr) {
    return absl::InvalidArgumentError("the transport factory is null");
  }
  return Create(std::move(factory), "", handler, std::move(options));
}

absl::StatusOr<std::unique_ptr<Follower>> Follower::Create(
    TransportFactory factory, absl::string_view address,
    FollowerHandler* handler, FollowerOptions options) {
  if (handler == nullptr) {
    return absl::InvalidArgumentError("the handler is null");
  }
  absl::Status status = client_internal::CheckOptions(options);
  if (!status.ok()) return status;
  status = client_internal::LoadPosition(options.position_name, &options);
  if (!status.ok()) return status;
  client_internal::SetDefaults(&options);
  auto follower = absl::WrapUnique(
      new Follower(std::move(options), handler, std::move(factory), address));
  status = follower->loop_.status();
  if (!status.ok()) return status;
  return follower;
}

absl::Status Follower::Run() {
  const absl::Status status = loop_.Run();
  return status.ok() ? driver().status() : status;
}

absl::Status Follower::SetPrimary(absl::string_view address) {
  const absl::Status status = ParseAddress(address).status();
  if (status.ok()) loop_.Retarget({std::string(address)});
  return status;
}

std::string Follower::StatsText() const {
  return PrometheusText({{name_, Stats()}});
}

}  // namespace kevy_replica
