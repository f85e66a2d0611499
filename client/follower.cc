// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/follower.h"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/client/fleet.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/follower_options.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

std::string NameOf(const FollowerOptions& options) {
  return options.store.name.empty() ? "shard-0" : options.store.name;
}

}  // namespace

Follower::Follower(std::unique_ptr<Fleet> fleet) : fleet_(std::move(fleet)) {}

absl::StatusOr<std::unique_ptr<Follower>> Follower::Create(
    absl::string_view address, FollowerHandler* handler,
    FollowerOptions options) {
  Fleet::ShardSpec shard = {NameOf(options), nullptr, handler};
  return Create(std::move(shard), {std::string(address)}, std::move(options));
}

absl::StatusOr<std::unique_ptr<Follower>> Follower::Create(
    TransportFactory factory, FollowerHandler* handler,
    FollowerOptions options) {
  if (factory == nullptr) {
    return absl::InvalidArgumentError("the transport factory is null");
  }
  Fleet::ShardSpec shard = {NameOf(options), std::move(factory), handler};
  return Create(std::move(shard), {}, std::move(options));
}

absl::StatusOr<std::unique_ptr<Follower>> Follower::Create(
    Fleet::ShardSpec shard, absl::Span<const std::string> addresses,
    FollowerOptions options) {
  std::vector<Fleet::ShardSpec> shards;
  shards.push_back(std::move(shard));
  absl::StatusOr<std::unique_ptr<Fleet>> fleet =
      Fleet::Create(std::move(shards), addresses, std::move(options));
  if (!fleet.ok()) return fleet.status();
  return absl::WrapUnique(new Follower(*std::move(fleet)));
}

absl::Status Follower::SetPrimary(absl::string_view address) {
  return fleet_->SetPrimary({std::string(address)});
}

}  // namespace kevy_replica
