// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/internal/follower_setup.h"

#include <memory>
#include <optional>
#include <string>

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/follower_options.h"
#include "kevy_replica/client/internal/follower_driver.h"
#include "kevy_replica/client/internal/monotonic_time.h"
#include "kevy_replica/client/position_store.h"
#include "kevy_replica/client/session.h"

namespace kevy_replica {
namespace client_internal {
namespace {

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

}  // namespace

absl::Status CheckOptions(const FollowerOptions& options) {
  // The session knows what an id is.
  absl::Status status = Session(options).status();
  status.Update(CheckPositive(options.initial_backoff, "initial_backoff"));
  status.Update(CheckPositive(options.max_backoff, "max_backoff"));
  status.Update(Check(options.max_backoff < absl::InfiniteDuration(),
                      "max_backoff", options.max_backoff, "finite"));
  status.Update(CheckNotNegative(options.ack_interval, "ack_interval"));
  status.Update(CheckNotNegative(options.store_interval, "store_interval"));
  status.Update(CheckPositive(options.handshake_timeout, "handshake_timeout"));
  status.Update(CheckPositive(options.heartbeat_timeout, "heartbeat_timeout"));
  status.Update(CheckPositive(options.idle_timeout, "idle_timeout"));
  return status;
}

void SetDefaults(FollowerOptions* options) {
  if (!options->random) {
    options->random = [random = std::make_shared<absl::BitGen>()] {
      return absl::Uniform(*random, 0.0, 1.0);
    };
  }
}

absl::Status LoadPosition(const std::string& name, FollowerOptions* options) {
  absl::Status status = CheckPositionName(name);
  if (!status.ok() || options->store == nullptr) return status;
  const absl::StatusOr<std::optional<FeedPosition>> stored =
      options->store->Load(name);
  if (!stored.ok()) return stored.status();
  if (stored->has_value()) options->from = **stored;
  return absl::OkStatus();
}

FollowerDriverOptions DriverOptions(const FollowerOptions& options,
                                    const std::string& name,
                                    FollowerHandler* handler) {
  FollowerDriverOptions result;
  result.session = options;
  result.connect = options.connect;
  result.connect.interrupter = nullptr;
  result.handler = handler;
  if (options.store == nullptr) {
    result.session.store_interval = absl::InfiniteDuration();
    result.store = [](const FeedPosition&) { return absl::OkStatus(); };
  } else {
    result.store = [store = options.store, name](const FeedPosition& position) {
      return store->Store({{name, position}});
    };
  }
  result.applied_on_return = options.applied_on_return;
  result.decode_snapshots = options.decode_snapshots;
  result.now_ms = options.now_ms;
  result.read_bytes = options.read_bytes;
  result.write_timeout = options.write_timeout;
  result.now = options.now ? options.now : MonotonicNow;
  result.rough_now = options.now ? options.now : RoughMonotonicNow;
  return result;
}

}  // namespace client_internal
}  // namespace kevy_replica
