// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// What Follower and Fleet do alike before they run.

#ifndef KEVY_REPLICA_CLIENT_INTERNAL_FOLLOWER_SETUP_H_
#define KEVY_REPLICA_CLIENT_INTERNAL_FOLLOWER_SETUP_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/follower_options.h"
#include "kevy_replica/client/internal/follower_driver.h"

namespace kevy_replica {
namespace client_internal {

// kInvalidArgument for options that no follower can work with.
absl::Status CheckOptions(const FollowerOptions& options);

// Sets what is unset to the system's.
void SetDefaults(FollowerOptions* options);

// Replaces `options->from` by what the store has under `name`, if anything.
absl::Status LoadPosition(const std::string& name, FollowerOptions* options);

// For the follower called `name`, but for where to connect to. Its positions go
// to `options.store`.
FollowerDriverOptions DriverOptions(const FollowerOptions& options,
                                    const std::string& name,
                                    FollowerHandler* handler);

}  // namespace client_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_INTERNAL_FOLLOWER_SETUP_H_
