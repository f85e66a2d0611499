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
