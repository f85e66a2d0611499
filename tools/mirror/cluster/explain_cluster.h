// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// What a mirror would do with a cluster, as text.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_EXPLAIN_CLUSTER_H_
#define KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_EXPLAIN_CLUSTER_H_

#include <string>

#include "absl/status/status.h"
#include "kevy_replica/tools/mirror/cluster/cluster_target.h"
#include "kevy_replica/tools/mirror/mirror_state.h"

namespace kevy_replica {

// Appends lines about the nodes, the slots, the mirror's positions, and the
// commands that stop the mirror if their keys are in several slots. Only asks:
// the cluster stays as it is, and a mirror that runs keeps running.
//
// Returns:
//   OK            `*text` says it all, also that the mirror would refuse
//   other errors  ClusterLinks::Refresh()'s; the links'
absl::Status ExplainCluster(const ClusterTarget::Where& where,
                            const MirrorOptions& options, std::string* text);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_EXPLAIN_CLUSTER_H_
