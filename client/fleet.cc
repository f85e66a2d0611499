// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/fleet.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/follower_options.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/client/internal/link_target.h"
#include "kevy_replica/client/internal/monotonic_time.h"
#include "kevy_replica/client/internal/shard.h"
#include "kevy_replica/client/internal/shard_loop.h"
#include "kevy_replica/client/kevy_url.h"
#include "kevy_replica/client/position_store.h"
#include "kevy_replica/client/primary_locator.h"
#include "kevy_replica/client/replica_id.h"
#include "kevy_replica/client/replication_token.h"
#include "kevy_replica/client/session.h"
#include "kevy_replica/client/snapshot_options.h"
#include "kevy_replica/transport/address.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

using client_internal::LinkTarget;
using client_internal::ProtocolFor;
using client_internal::ShardLoop;
using client_internal::ShardOptions;
using client_internal::WrapperFor;

constexpr size_t kReadBytes = 256 << 10;

absl::Status Check(bool good, absl::string_view name, absl::Duration duration,
                   absl::string_view must) {
  if (good) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      name, " must be ", must, ", but is ", absl::FormatDuration(duration)));
}

absl::Status CheckPositive(absl::Duration duration, absl::string_view name) {
  return Check(duration > absl::ZeroDuration(), name, duration, "more than 0");
}

absl::Status CheckNotNegative(absl::Duration duration, absl::string_view name) {
  return Check(duration >= absl::ZeroDuration(), name, duration, "0 or more");
}

absl::Status CheckOptions(const FollowerOptions& options) {
  const LinkOptions& link = options.link;
  const RetryOptions& retry = options.retry;
  absl::Status status = Session(link).status();  // Checks the id.
  status.Update(CheckPositive(retry.initial_backoff, "retry.initial_backoff"));
  status.Update(CheckPositive(retry.max_backoff, "retry.max_backoff"));
  status.Update(Check(retry.max_backoff < absl::InfiniteDuration(),
                      "retry.max_backoff", retry.max_backoff, "finite"));
  status.Update(CheckNotNegative(options.store.interval, "store.interval"));
  status.Update(CheckNotNegative(link.ack_interval, "link.ack_interval"));
  status.Update(
      CheckPositive(link.handshake_timeout, "link.handshake_timeout"));
  status.Update(
      CheckPositive(link.heartbeat_timeout, "link.heartbeat_timeout"));
  status.Update(CheckPositive(link.element_timeout, "link.element_timeout"));
  status.Update(CheckPositive(link.stall_timeout, "link.stall_timeout"));
  status.Update(CheckPositive(link.idle_timeout, "link.idle_timeout"));
  status.Update(
      CheckPositive(options.role_check_interval, "role_check_interval"));
  if (options.start_at == StartAt::kNow && options.from != FeedPosition()) {
    status.Update(absl::InvalidArgumentError(
        "start_at is kNow, so `from` must be {0, 0}"));
  }
  if (options.connect.interrupter != nullptr) {
    status.Update(absl::InvalidArgumentError(
        "connect.interrupter must be null: Stop() ends connecting"));
  }
  status.Update(client_internal::CheckSnapshotPolicy(options.snapshots.policy));
  return status;
}

// The stored position of `name`, if there is one.
absl::StatusOr<std::optional<FeedPosition>> StoredPosition(
    const std::string& name, PositionStore* positions) {
  absl::Status status = CheckPositionName(name);
  if (!status.ok()) return status;
  if (positions == nullptr) return std::nullopt;
  return positions->Load(name);
}

// A check is cheap, so the locator's own longest wait stays.
PrimaryLocatorOptions LocatorOptionsOf(const FollowerOptions& options,
                                       size_t shards) {
  PrimaryLocatorOptions result;
  result.shards = shards;
  result.role_check_interval = options.role_check_interval;
  const absl::Duration max_backoff = result.retry.max_backoff;
  result.retry = options.retry;
  result.retry.max_backoff = std::min(options.retry.max_backoff, max_backoff);
  return result;
}

ShardOptions ShardOptionsOf(const FollowerOptions& options,
                            const FeedPosition& from) {
  ShardOptions result;
  result.session.link = options.link;
  result.session.from = from;
  result.session.retry = options.retry;
  result.session.store_interval = absl::InfiniteDuration();
  result.session.snapshots = options.snapshots;
  result.session.acknowledge = options.acknowledge;
  result.connect = options.connect;
  result.applied_on_return = options.applied_on_return;
  result.read_bytes = options.read_bytes != 0 ? options.read_bytes : kReadBytes;
  result.write_timeout = options.write_timeout;
  result.now = options.now ? options.now : client_internal::MonotonicNow;
  result.rough_now =
      options.now ? options.now : client_internal::RoughMonotonicNow;
  return result;
}

std::string NameOf(const FollowerOptions& options, size_t shard) {
  return absl::StrCat(
      options.store.name.empty() ? "shard-" : options.store.name, shard);
}

absl::Status CheckCounts(size_t shards, size_t handlers) {
  if (shards > 0 && shards == handlers) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "a fleet of ", shards, " shards with ", handlers, " handlers"));
}

// Empty: the shard has applied the token's offset.
std::string ReasonBehindToken(const FeedPosition& token,
                              const FollowerStats& stats) {
  const FeedPosition& applied = stats.applied;
  const bool same = applied.generation == token.generation;
  if (same && applied.next_offset >= token.next_offset) return "";
  return absl::StrCat(
      same ? absl::StrCat("applied ", applied.next_offset, " of ",
                          token.next_offset)
      : applied.generation == 0
          ? "its generation is unknown"
          : absl::StrCat("it holds generation ", applied.generation,
                         ", the token is of ", token.generation),
      stats.link_up ? "" : ", no link");
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ShardAddresses(absl::string_view first,
                                                        size_t shards) {
  absl::StatusOr<ListenerAddress> listener = ParseListenerAddress(first);
  if (!listener.ok()) return listener.status();
  Address& address = listener->address;
  if (shards == 1) return std::vector<std::string>{std::string(first)};
  if (address.kind != Address::Kind::kTcp) {
    return absl::InvalidArgumentError(
        absl::StrCat(first, ": several shards need an address with a port"));
  }
  constexpr size_t kMaxPort = std::numeric_limits<uint16_t>::max();
  if (shards > kMaxPort - address.port + 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(first, ": fewer than ", shards, " ports from there on"));
  }
  std::vector<std::string> result(shards);
  for (std::string& text : result) {
    AppendText(*listener, &text);
    ++address.port;
  }
  return result;
}

struct Fleet::Targets {
  std::vector<Address> nodes;         // Of a kevy:// URL,
  TransportWrapper wrap;              // and its wrapper. Or:
  std::vector<LinkTarget> listeners;  // Of each shard.
  // Of the last address.
  std::vector<std::string> keys;
};

Fleet::Fleet(std::unique_ptr<ShardLoop> loop, TransportSecurity secure)
    : loop_(std::move(loop)), secure_(std::move(secure)) {}

Fleet::~Fleet() = default;

absl::StatusOr<std::unique_ptr<Fleet>> Fleet::Create(
    absl::Span<const std::string> addresses,
    absl::Span<FollowerHandler* const> handlers, FleetOptions options) {
  const bool located = addresses.size() == 1 && IsKevyUrl(addresses[0]);
  absl::Status status = CheckCounts(
      located ? handlers.size() : addresses.size(), handlers.size());
  if (!status.ok()) return status;
  std::vector<ShardSpec> shards;
  for (size_t i = 0; i < handlers.size(); ++i) {
    shards.push_back({NameOf(options, i), nullptr, handlers[i]});
  }
  return Create(std::move(shards), addresses, std::move(options));
}

absl::StatusOr<std::unique_ptr<Fleet>> Fleet::Create(
    absl::Span<const TransportFactory> factories,
    absl::Span<FollowerHandler* const> handlers, FleetOptions options) {
  absl::Status status = CheckCounts(factories.size(), handlers.size());
  if (!status.ok()) return status;
  std::vector<ShardSpec> shards;
  for (size_t i = 0; i < factories.size(); ++i) {
    if (factories[i] == nullptr) {
      return absl::InvalidArgumentError("a transport factory is null");
    }
    shards.push_back({NameOf(options, i), factories[i], handlers[i]});
  }
  return Create(std::move(shards), {}, std::move(options));
}

absl::StatusOr<Fleet::Targets> Fleet::TargetsOf(
    absl::Span<const std::string> addresses, const TransportSecurity& secure) {
  Targets targets;
  // Shards with the same keys share a wrapper, and so the key that works.
  std::vector<std::string>& keys = targets.keys;
  for (const std::string& text : addresses) {
    std::vector<std::string> new_keys;
    if (IsKevyUrl(text)) {
      if (addresses.size() > 1) {
        return absl::InvalidArgumentError(
            "one kevy:// URL stands for all shards: give it alone");
      }
      absl::StatusOr<KevyUrl> url = ParseKevyUrl(text);
      if (!url.ok()) return url.status();
      targets.nodes = std::move(url->nodes);
      new_keys = std::move(url->keys);
    } else {
      absl::StatusOr<ListenerAddress> listener = ParseListenerAddress(text);
      if (!listener.ok()) return listener.status();
      targets.listeners.push_back({listener->address.ToString(), nullptr});
      new_keys = std::move(listener->keys);
    }
    if (&text == &addresses[0] || new_keys != keys) {
      absl::StatusOr<TransportWrapper> wrap = WrapperFor(secure, new_keys);
      if (!wrap.ok()) return wrap.status();
      targets.wrap = *std::move(wrap);
      keys = std::move(new_keys);
    }
    if (!targets.listeners.empty())
      targets.listeners.back().wrap = targets.wrap;
  }
  return targets;
}

absl::StatusOr<std::unique_ptr<Fleet>> Fleet::Create(
    std::vector<ShardSpec> shards, absl::Span<const std::string> addresses,
    FollowerOptions options) {
  if (options.link.replica_id.empty()) {
    options.link.replica_id = UniqueReplicaId();
  }
  absl::Status status = CheckOptions(options);
  if (!status.ok()) return status;
  absl::StatusOr<Targets> targets = TargetsOf(addresses, options.secure);
  if (!targets.ok()) return targets.status();
  options.link.protocol = ProtocolFor(options.link.protocol, targets->keys);
  const bool located = !targets->nodes.empty();
  if (options.start_at == StartAt::kNow && !located) {
    return absl::InvalidArgumentError(
        "start_at kNow asks the client port: give a kevy:// URL");
  }
  auto loop = std::make_unique<ShardLoop>(
      options.now ? options.now : client_internal::MonotonicNow,
      options.store.positions, options.store.interval);
  status = loop->status();
  if (!status.ok()) return status;
  if (addresses.empty()) {
    absl::StatusOr<TransportWrapper> wrap = WrapperFor(options.secure, {});
    if (!wrap.ok()) return wrap.status();
    targets->listeners.resize(shards.size(), {"", *std::move(wrap)});
  }
  for (size_t i = 0; i < shards.size(); ++i) {
    ShardSpec& shard = shards[i];
    if (shard.handler == nullptr) {
      return absl::InvalidArgumentError("a handler is null");
    }
    const absl::StatusOr<std::optional<FeedPosition>> stored =
        StoredPosition(shard.name, options.store.positions);
    if (!stored.ok()) return stored.status();
    ShardOptions shard_options =
        ShardOptionsOf(options, stored->value_or(options.from));
    shard_options.located = located;
    shard_options.start_now =
        options.start_at == StartAt::kNow && !stored->has_value();
    shard_options.factory = std::move(shard.factory);
    if (!located) shard_options.target = std::move(targets->listeners[i]);
    shard_options.handler = shard.handler;
    loop->Add(std::move(shard.name), std::move(shard_options));
  }
  loop->SetLocatorOptions(LocatorOptionsOf(options, loop->size()),
                          options.connect);
  if (located) {
    loop->Locate(std::move(targets->nodes), std::move(targets->wrap));
  }
  return absl::WrapUnique(new Fleet(std::move(loop), options.secure));
}

absl::Status Fleet::Run() { return loop_->Run(); }

void Fleet::Stop() noexcept { loop_->Stop(); }

absl::Status Fleet::SetPrimary(absl::Span<const std::string> addresses) {
  absl::StatusOr<Targets> targets = TargetsOf(addresses, secure_);
  if (!targets.ok()) return targets.status();
  if (!targets->nodes.empty()) {
    loop_->Locate(std::move(targets->nodes), std::move(targets->wrap));
    return absl::OkStatus();
  }
  if (loop_->shard(0).starts_now()) {
    return absl::FailedPreconditionError(
        "StartAt::kNow needs a kevy:// URL, also for another primary");
  }
  if (addresses.size() != size()) {
    return absl::InvalidArgumentError(
        absl::StrCat(addresses.size(), " addresses for ", size(), " shards"));
  }
  loop_->Retarget(std::move(targets->listeners));
  return absl::OkStatus();
}

void Fleet::Applied(size_t shard, uint64_t next_offset) {
  loop_->shard(shard).Applied(next_offset);
}

absl::Status Fleet::WaitCaughtUp(absl::Time deadline) {
  return Await(
      [](size_t, const FollowerStats& stats) -> std::string {
        if (stats.lag == uint64_t{0}) return "";
        if (!stats.link_up) return "no link";
        if (stats.in_snapshot) return "in a snapshot";
        if (!stats.lag.has_value()) return "no heartbeat yet";
        return absl::StrCat("lag ", *stats.lag);
      },
      "not caught up", deadline);
}

absl::Status Fleet::WaitFor(const ReplicationToken& token,
                            absl::Time deadline) {
  if (token.shards.size() != size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the token is of ", token.shards.size(),
                     " shards, but the fleet has ", size()));
  }
  return Await(
      [&token](size_t shard, const FollowerStats& stats) {
        return ReasonBehindToken(token.shards[shard], stats);
      },
      "the token is not applied", deadline);
}

absl::Status Fleet::Await(const ReasonBehind& reason, absl::string_view failure,
                          absl::Time deadline) {
  absl::Status status;
  std::string behind;
  const bool decided = loop_->Await(
      [&] {
        for (size_t i = 0; i < size(); ++i) {
          status = ShardStatus(i);
          if (status.ok()) continue;
          status = absl::Status(
              status.code(),
              absl::StrCat(loop_->name(i), " has ended: ", status.message()));
          return true;
        }
        behind = Behind(reason);
        if (behind.empty()) return true;
        if (!loop_->ended()) return false;
        status = absl::CancelledError("the fleet has ended");
        return true;
      },
      deadline);
  if (decided) return status;
  return absl::DeadlineExceededError(absl::StrCat(failure, ": ", behind));
}

size_t Fleet::size() const { return loop_->size(); }

FollowerStats Fleet::Stats(size_t shard) const {
  return loop_->shard(shard).Stats();
}

absl::Status Fleet::ShardStatus(size_t shard) const {
  return loop_->shard(shard).EndStatus();
}

std::string Fleet::StatsText() const {
  std::vector<NamedFollowerStats> all;
  all.reserve(size());
  for (size_t i = 0; i < size(); ++i) {
    all.push_back({loop_->name(i), Stats(i)});
  }
  return PrometheusText(all);
}

std::string Fleet::Behind(const ReasonBehind& reason) const {
  std::string result;
  int count = 0;
  for (size_t i = 0; i < size(); ++i) {
    const std::string why = reason(i, Stats(i));
    if (why.empty()) continue;
    if (++count > 8) continue;
    absl::StrAppend(&result, result.empty() ? "" : ", ", loop_->name(i), " (",
                    why, ")");
  }
  if (count > 8) absl::StrAppend(&result, " and ", count - 8, " more");
  return result;
}

}  // namespace kevy_replica
