// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The meaning of --primary and --shards.

#ifndef KEVY_REPLICA_TOOLS_COMMON_PRIMARY_FLAGS_H_
#define KEVY_REPLICA_TOOLS_COMMON_PRIMARY_FLAGS_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/primary.h"
#include "kevy_replica/tools/common/log.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {

// A primary, as Fleet::Create() takes it.
struct ChosenPrimary {
  // The listener of each shard, or one kevy:// URL. With the keys of --primary.
  std::vector<std::string> addresses;
  size_t shards = 0;
};

// kInvalidArgument, with the flag's name, for values that cannot be used.
// `shards` 0: not given.
absl::Status CheckPrimaryFlags(absl::string_view primary, size_t shards);

// The primary of the flags. If `primary` is a kevy:// URL and `shards` is 0,
// asks the nodes for the number of shards, until one of them is the primary. A
// plain address has 1 shard by default. A line then names the unchecked facts:
// role, shards, and `version`, the one that the caller assumes (empty: none).
//
// Returns:
//   the primary          follow it
//   kFailedPrecondition  the primary does not tell its number of shards (kevy
//                        before 2.3)
//   kCancelled           `interrupter` was set
//   other errors         the system's
//
// Precondition: CheckPrimaryFlags() returned OK.
absl::StatusOr<ChosenPrimary> ChoosePrimary(
    absl::string_view primary, size_t shards,
    const std::shared_ptr<Interrupter>& interrupter,
    absl::string_view version = "");

// "the primary is db1:6004, kevy 5.4.0, with 2 shards", and its warning.
std::string DescribePrimary(const Primary& primary);

// The message of that text: "primary", a warning if the primary has one.
LogEvent PrimaryEvent(const Primary& primary);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_COMMON_PRIMARY_FLAGS_H_
