// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Finds the primary once, before a Fleet is made: it tells how many shards
// there are.
//
//   auto primary = LocatePrimary("kevy://db1:6004,db2:6004");
//   if (!primary.ok()) return primary.status();
//   std::vector<Index> indexes(primary->shards.size());
//   ...  // A handler for each.
//   auto fleet = Fleet::Create({"kevy://db1:6004,db2:6004"}, handlers,
//   options);

#ifndef KEVY_REPLICA_CLIENT_LOCATE_PRIMARY_H_
#define KEVY_REPLICA_CLIENT_LOCATE_PRIMARY_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kevy_replica/client/primary.h"
#include "kevy_replica/client/primary_locator.h"
#include "kevy_replica/transport/connect_options.h"

namespace kevy_replica {

// How to search, and for how long.
struct LocatePrimaryOptions {
  PrimaryLocatorOptions locator;
  // Its interrupter ends the search. Default: that of ConnectOptions.
  ConnectOptions connect;
  // The longest search. Default: 10 s.
  absl::Duration timeout = absl::Seconds(10);
};

// Asks the nodes of `url` until one is the primary.
//
// Returns:
//   the primary          it may be another one already
//   kInvalidArgument     `url` is not a kevy:// URL: see kevy_url.h
//   kUnavailable         none was found in time; tells each node's answer, or
//                        names those that all claim to be the primary
//   kFailedPrecondition  see LocatorFailed
//   kCancelled           connect.interrupter was set
//   kResourceExhausted   no descriptors are left
absl::StatusOr<Primary> LocatePrimary(
    absl::string_view url,
    const LocatePrimaryOptions& options = LocatePrimaryOptions());

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_LOCATE_PRIMARY_H_
