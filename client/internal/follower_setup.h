// Copyright 2026 The kevy_replica Authors
//
// Licensed under the Apache License, Version 2.0 (the "License");
// you may not use this file except in compliance with the License.
// You may obtain a copy of the License at
//
//     https://www.apache.org/licenses/LICENSE-2.0
//
// Unless required by applicable law or agreed to in writing, software
// distributed under the License is distributed on an "AS IS" BASIS,
// WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
// See the License for the specific language governing permissions and
// limitations under the License.

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
