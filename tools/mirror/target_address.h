// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The address of the server that a mirror writes to.

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

  std::string ToString() const;  // In the form that ParseTargetAddress() reads.
};

// "redis://HOST[:PORT][/DB]" (port 6379, database 0), "redis://[V6]:PORT/DB" or
// "unix:/PATH[?db=DB]".
//
// Returns:
//   an address        of a server and a database
//   kInvalidArgument  another form; credentials and TLS ("rediss://"), which
//   are
//                     not supported
absl::StatusOr<TargetAddress> ParseTargetAddress(absl::string_view text);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_TARGET_ADDRESS_H_
