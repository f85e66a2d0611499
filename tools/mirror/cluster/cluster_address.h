// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The address of a cluster that a mirror writes to.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_CLUSTER_ADDRESS_H_
#define KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_CLUSTER_ADDRESS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/tools/mirror/cluster/node_address.h"
#include "kevy_replica/tools/mirror/target_address.h"

namespace kevy_replica {

struct ClusterAddress {
  // Nodes to ask for the others. At least one.
  std::vector<NodeAddress> seeds;
  // User, password and TLS, which all nodes share, and database 0.
  // TakeTargetFlags() completes them. Its `server` is not set.
  TargetAddress login;

  // The address of one node.
  TargetAddress At(const NodeAddress& node) const;

  // In the form that ParseClusterAddress() reads, without user and password.
  std::string ToString() const;
};

// Whether `text` begins with "redis+cluster:" or "rediss+cluster:".
bool IsClusterAddress(absl::string_view text);

// "redis+cluster://[[USER]:PASSWORD@]HOST:PORT[,HOST:PORT...]", an IPv6 address
// in brackets; the same with "rediss+cluster://" for TLS. User and password are
// those of ParseTargetAddress().
//
// Returns:
//   an address        with one seed or more
//   kInvalidArgument  another form; the message has no password
absl::StatusOr<ClusterAddress> ParseClusterAddress(absl::string_view text);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_CLUSTER_ADDRESS_H_
