// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The flags of a link to a primary, which the programs share: --replica_id,
// --protocol, the timeouts, and the limits of the decoder.

#ifndef KEVY_REPLICA_TOOLS_COMMON_LINK_FLAGS_H_
#define KEVY_REPLICA_TOOLS_COMMON_LINK_FLAGS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/link_options.h"

namespace kevy_replica {

// kInvalidArgument, with the flag's name, if a value is out of its range.
absl::Status CheckLinkFlags();

// The flags' values, and otherwise the defaults. `program` is for the default
// of --replica_id.
LinkOptions LinkOptionsOfFlags(absl::string_view program);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_COMMON_LINK_FLAGS_H_
