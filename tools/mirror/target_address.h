// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Where the server lies that a mirror writes to.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_TARGET_ADDRESS_H_
#define KEVY_REPLICA_TOOLS_MIRROR_TARGET_ADDRESS_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/transport/address.h"

namespace kevy_replica {

struct TargetAddress {
  Address server;
  uint32_t database = 0;

  std::string ToString() const;  // As ParseTargetAddress() reads it.
};

// "redis://HOST[:PORT][/DB]" (port 6379, database 0), "redis://[V6]:PORT/DB" or
// "unix:/PATH[?db=DB]". kInvalidArgument, also for what this program does not
// do: credentials, TLS ("rediss://").
absl::StatusOr<TargetAddress> ParseTargetAddress(absl::string_view text);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_TARGET_ADDRESS_H_
