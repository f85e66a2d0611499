// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/fleet.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/follower_options.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/client/internal/follower_driver.h"
#include "kevy_replica/client/internal/follower_setup.h"
#include "kevy_replica/client/internal/monotonic_time.h"
#include "kevy_replica/transport/address.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

using client_internal::FollowerDriverOptions;

absl::StatusOr<std::vector<std::string>> ShardAddresses(absl::string_view first,
                                                        size_t shards) {
  absl::StatusOr<Address> address = ParseAddress(first);
  if (!address.ok()) return address.status();
  if (shards == 1) return std::vector<std::string>{std::string(first)};
  if (address->kind != Address::Kind::kTcp) {
    return absl::InvalidArgumentError(
        absl::StrCat(first, ": only a port can be the first of several"));
  }
  constexpr size_t kMaxPort = std::numeric_limits<uint16_t>::max();
  if (shards > kMaxPort - address->port + 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(first, ": there are no ", shards, " ports from there on"));
  }
  std::vector<std::string> result;
  result.reserve(shards);
  for (size_t i = 0; i < shards; ++i) {
    result.push_back(address->ToString());
    ++address->port;
  }
  return result;
}

Fleet::Fleet(const FleetOptions& options)
    : options_(options),
      now_(options.now ? options.now : client_internal::MonotonicNow),
      loop_({now_, nullptr, [this] { return OnTurn(); }}) {}

Fleet::~Fleet() = default;

absl::StatusOr<std::unique_ptr<Fleet>> Fleet::Create(
    absl::Span<const std::string> addresses,
    absl::Span<FollowerHandler* const> handlers, FleetOptions options) {
  for (const std::string& address : addresses) {
    const absl::Status status = ParseAddress(address).status();
    if (!status.ok()) return status;
  }
  return Create(std::vector<TransportFactory>(addresses.size()), addresses,
                handlers, std::move(options));
}

absl::StatusOr<std::unique_ptr<Fleet>> Fleet::Create(
    absl::Span<const TransportFactory> factories,
    absl::Span<FollowerHandler* const> handlers, FleetOptions options) {
  for (const TransportFactory& factory : factories) {
    if (factory == nullptr) {
      return absl::InvalidArgumentError("a transport factory is null");
    }
  }
  const std::vector<std::string> no_addresses(factories.size());
  return Create(factories, no_addresses, handlers, std::move(options));
}

absl::StatusOr<std::unique_ptr<Fleet>> Fleet::Create(
    absl::Span<const TransportFactory> factories,
    absl::Span<const std::string> addresses,
    absl::Span<FollowerHandler* const> handlers, FleetOptions options) {
  if (factories.empty() || factories.size() != handlers.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("a fleet of ", factories.size(), " shards with ",
                     handlers.size(), " handlers"));
  }
  absl::Status status = client_internal::CheckOptions(options);
  if (!status.ok()) return status;
  client_internal::SetDefaults(&options);
  std::unique_ptr<Fleet> fleet = absl::WrapUnique(new Fleet(options));
  status = fleet->loop_.status();
  if (!status.ok()) return status;
  for (size_t i = 0; i < handlers.size(); ++i) {
    if (handlers[i] == nullptr) {
      return absl::InvalidArgumentError("a handler is null");
    }
    FleetOptions of_shard = options;
    status = client_internal::LoadPosition(fleet->NameOf(i), &of_shard);
    if (!status.ok()) return status;
    FollowerDriverOptions driver =
        client_internal::DriverOptions(of_shard, fleet->NameOf(i), handlers[i]);
    driver.factory = factories[i];
    driver.address = addresses[i];
    if (options.store != nullptr) {
      // All together, by OnTurn(): the driver itself only stores what must not
      // wait.
      driver.session.store_interval = absl::InfiniteDuration();
      driver.store = [fleet = fleet.get(), i](const FeedPosition& position) {
        return fleet->StoreOne(i, position);
      };
    }
    fleet->loop_.Add(std::move(driver));
  }
  return fleet;
}

absl::Status Fleet::Run() {
  absl::Status status = loop_.Run();
  StoreAll();
  status.Update(store_status_);
  for (size_t i = 0; i < size(); ++i) status.Update(ShardStatus(i));
  const std::lock_guard<std::mutex> lock(mutex_);
  ended_ = true;
  changed_.notify_all();
  return status;
}

absl::Status Fleet::SetPrimary(absl::Span<const std::string> addresses) {
  if (addresses.size() != size()) {
    return absl::InvalidArgumentError(
        absl::StrCat(addresses.size(), " addresses for ", size(), " shards"));
  }
  for (const std::string& address : addresses) {
    const absl::Status status = ParseAddress(address).status();
    if (!status.ok()) return status;
  }
  loop_.Retarget({addresses.begin(), addresses.end()});
  return absl::OkStatus();
}

absl::Status Fleet::WaitCaughtUp(absl::Time deadline) {
  std::unique_lock<std::mutex> lock(mutex_);
  ++waiting_;
  const absl::Cleanup done = [this] { --waiting_; };
  while (true) {
    for (size_t i = 0; i < size(); ++i) {
      const absl::Status status = ShardStatus(i);
      if (status.ok()) continue;
      return absl::Status(
          status.code(),
          absl::StrCat(NameOf(i), " has ended: ", status.message()));
    }
    const std::string behind = Behind();
    if (behind.empty()) return absl::OkStatus();
    if (ended_) return absl::CancelledError("the fleet has ended");
    const absl::Duration left = deadline - absl::Now();
    if (left <= absl::ZeroDuration()) {
      return absl::DeadlineExceededError(
          absl::StrCat("not caught up: ", behind));
    }
    // In hours: the clock's own type does not hold every absl::Duration.
    changed_.wait_for(
        lock, absl::ToChronoNanoseconds(std::min(left, absl::Hours(1))));
  }
}

std::string Fleet::StatsText() const {
  std::vector<NamedFollowerStats> all;
  all.reserve(size());
  for (size_t i = 0; i < size(); ++i) all.push_back({NameOf(i), Stats(i)});
  return PrometheusText(all);
}

std::string Fleet::NameOf(size_t shard) const {
  return absl::StrCat(options_.position_name, shard);
}

absl::Status Fleet::StoreOne(size_t shard, const FeedPosition& position) {
  if (loop_.stopped() && loop_.driver(shard).session().stopping()) {
    // All shards stop together: Run() stores what they leave.
    to_store_.push_back({NameOf(shard), position});
    return absl::OkStatus();
  }
  // With all others, so that a store that keeps what belongs to them all beside
  // the positions (the length of one file, say) never lacks those of some.
  StoreAll();
  return store_status_;
}

void Fleet::StoreAll() {
  if (options_.store == nullptr || !store_status_.ok()) return;
  for (size_t i = 0; i < size(); ++i) {
    client_internal::FollowerDriver& driver = loop_.driver(i);
    if (!driver.session().store_pending()) continue;
    const FeedPosition position = driver.session().applied();
    to_store_.push_back({NameOf(i), position});
    driver.HandleStored(position);
  }
  if (to_store_.empty()) return;
  store_status_ = options_.store->Store(to_store_);
  to_store_.clear();
  if (!store_status_.ok()) Stop();
}

absl::Time Fleet::OnTurn() {
  if (waiting_ > 0) {
    const std::lock_guard<std::mutex> lock(mutex_);
    changed_.notify_all();
  }
  if (options_.store == nullptr) return absl::InfiniteFuture();
  const absl::Time now = now_();
  if (now < next_store_) return next_store_;
  StoreAll();
  next_store_ = now + options_.store_interval;
  // What moves from here on comes with another turn.
  return absl::InfiniteFuture();
}

std::string Fleet::Behind() const {
  std::string result;
  int count = 0;
  for (size_t i = 0; i < size(); ++i) {
    const FollowerStats stats = Stats(i);
    if (stats.lag == uint64_t{0}) continue;
    if (++count > 8) continue;
    absl::StrAppend(&result, result.empty() ? "" : ", ", NameOf(i), " (",
                    !stats.link_up           ? "no link"
                    : stats.in_snapshot      ? "in a snapshot"
                    : !stats.lag.has_value() ? "no heartbeat yet"
                                             : absl::StrCat("lag ", *stats.lag),
                    ")");
  }
  if (count > 8) absl::StrAppend(&result, " and ", count - 8, " more");
  return result;
}

}  // namespace kevy_replica
