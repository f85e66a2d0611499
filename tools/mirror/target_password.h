// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The target's password from outside the command line.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_TARGET_PASSWORD_H_
#define KEVY_REPLICA_TOOLS_MIRROR_TARGET_PASSWORD_H_

#include <string>

#include "absl/status/status.h"
#include "kevy_replica/tools/mirror/target_address.h"

namespace kevy_replica {

// The environment variable of the password.
inline constexpr char kTargetPasswordVariable[] = "KEVY_MIRROR_TARGET_PASSWORD";

// Sets the password of `address` to the first line of the file `path`, the
// value of --target_password_file. If `path` is empty, to the environment
// variable, if it is set. kInvalidArgument if the file has no such line.
absl::Status TakeTargetPassword(const std::string& path,
                                TargetAddress* address);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_TARGET_PASSWORD_H_
