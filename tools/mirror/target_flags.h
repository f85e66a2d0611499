// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The flags of the target's password and of TLS to it, which kevy_mirror and
// kevy_verify share: --target_password_file, --target_ca_file,
// --target_cert_file and --target_key_file.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_TARGET_FLAGS_H_
#define KEVY_REPLICA_TOOLS_MIRROR_TARGET_FLAGS_H_

#include "absl/status/status.h"
#include "kevy_replica/tools/mirror/target_address.h"

namespace kevy_replica {

// Gives `*address` the password and the files. Errors: those of
// TakeTargetPassword() and TakeTargetTls().
absl::Status TakeTargetFlags(TargetAddress* address);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_TARGET_FLAGS_H_
