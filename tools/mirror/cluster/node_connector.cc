// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/cluster/node_connector.h"

#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kevy_replica/tools/mirror/cluster/cluster_address.h"
#include "kevy_replica/tools/mirror/cluster/node_address.h"
#include "kevy_replica/tools/mirror/redis_link.h"
#include "kevy_replica/tools/mirror/reply_reader.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {

NodeConnector RedisNodeConnector(const ClusterAddress& cluster,
                                 std::shared_ptr<Interrupter> interrupter,
                                 absl::Duration timeout,
                                 const TargetReplyLimits& limits) {
  return [cluster, interrupter = std::move(interrupter), timeout,
          limits](const NodeAddress& node)
             -> absl::StatusOr<std::unique_ptr<TargetLink>> {
    return RedisLink::Connect(cluster.At(node), interrupter, timeout, limits);
  };
}

}  // namespace kevy_replica
