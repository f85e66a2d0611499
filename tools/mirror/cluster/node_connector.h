// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Connecting to the nodes of a cluster.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_NODE_CONNECTOR_H_
#define KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_NODE_CONNECTOR_H_

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kevy_replica/tools/mirror/cluster/cluster_address.h"
#include "kevy_replica/tools/mirror/cluster/node_address.h"
#include "kevy_replica/tools/mirror/reply_reader.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {

// Connects to one node. The errors are its link's.
using NodeConnector = std::function<absl::StatusOr<std::unique_ptr<TargetLink>>(
    const NodeAddress& node)>;

// Connects by RedisLink::Connect(), with the user, the password and the TLS of
// `cluster`.
//
// The nodes tell each other's addresses, so each of them is trusted with the
// password: one that lies can have it sent to any host. With TLS the host needs
// a certificate for the name or address that it was told by.
NodeConnector RedisNodeConnector(
    const ClusterAddress& cluster, std::shared_ptr<Interrupter> interrupter,
    absl::Duration timeout = absl::Seconds(10),
    const TargetReplyLimits& limits = TargetReplyLimits());

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_NODE_CONNECTOR_H_
