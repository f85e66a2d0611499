// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The flag --key_file, which the programs share.

#ifndef KEVY_REPLICA_TOOLS_COMMON_KEY_FLAG_H_
#define KEVY_REPLICA_TOOLS_COMMON_KEY_FLAG_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/transport/secure/keys.h"

namespace kevy_replica {

// Reads the file of --key_file: the replica's key for links to `primary`, the
// value of --primary. Null without the flag: links are plain.
//
// kInvalidArgument, with the flag's name: the file cannot be used; or only one
// of --primary and --key_file has a key. An empty `primary`, the embedded one,
// goes with both.
//
// Precondition: `primary` is empty, or CheckPrimaryFlags() accepts it.
absl::StatusOr<std::shared_ptr<const PrivateKey>> KeyOfFlag(
    absl::string_view primary);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_COMMON_KEY_FLAG_H_
