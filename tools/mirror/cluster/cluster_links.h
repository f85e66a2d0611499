// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The links to the nodes of a cluster.
//
//   ClusterLinks links(address.seeds,
//                      RedisNodeConnector(address, interrupter));
//   absl::Status status = links.Refresh();
//   ...
//   const auto link = links.LinkOf(KeySlot("cart:7"));
//   if (!link.ok()) return link.status();
//   (*link)->Add({"SET", "cart:7", "book"});

#ifndef KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_CLUSTER_LINKS_H_
#define KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_CLUSTER_LINKS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/tools/mirror/checked_link.h"
#include "kevy_replica/tools/mirror/cluster/node_address.h"
#include "kevy_replica/tools/mirror/cluster/node_connector.h"
#include "kevy_replica/tools/mirror/cluster/redirection.h"
#include "kevy_replica/tools/mirror/cluster/slot_map.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {

// Counts of one node's keys are clamped to this, so that those of a hostile
// node neither overflow a sum nor hide another node's. ScanLimit counts up to
// 2^32.
inline constexpr int64_t kMaxNodeKeys = int64_t{1} << 40;

// Connects to a node when it is first asked for. Holds at most kMaxNodes links.
// Functions wait for replies of nodes, and for nothing else. Not thread-safe.
class ClusterLinks {
 public:
  // Precondition: `seeds` is not empty.
  ClusterLinks(std::vector<NodeAddress> seeds, NodeConnector connect);

  // Takes a new map from the first node that tells one which covers a slot. It
  // asks masters that have a link, seeds, and up to 16 of the other known
  // nodes, and begins with another one at each call: a node that is cut off
  // tells an old map. Drops the links to nodes that are in no map and no seed.
  //
  // Precondition: no link has outstanding replies.
  //
  // Returns:
  //   OK                   slots() is the new map
  //   kCancelled           interrupted
  //   kInvalidArgument     a file of TLS cannot be used
  //   kFailedPrecondition  every node refuses: it is no cluster's node, or it
  //                        wants a password
  //   kUnavailable         no node tells a map; the message has the nodes'
  //                        faults
  absl::Status Refresh();

  // Covers no slot before the first Refresh().
  const SlotMap& slots() const { return slots_; }

  // Takes the master that a MOVED names. Returns whether the map has room for
  // it: if not, Refresh().
  bool Moved(const Redirection& moved);

  // The link to `node`, connected if there is none. One with an error is
  // connected again, and its outstanding replies are lost: look at its status()
  // first. The pointer is valid until a Refresh() that drops the node.
  //
  // Returns:
  //   a link              without an error
  //   kResourceExhausted  there are kMaxNodes links: Refresh() drops some
  //   other errors        the connector's
  absl::StatusOr<CheckedLink*> LinkTo(const NodeAddress& node);

  // The link to the master of `slot`. kUnavailable: the slot is not covered.
  // Other errors: LinkTo()'s.
  absl::StatusOr<CheckedLink*> LinkOf(uint16_t slot);

  // Sends one command about a key of `slot` to its master, and waits for the
  // reply. Follows MOVED and ASK. Takes a new map, twice at most, after a
  // broken link, for a server in trouble, and for an uncovered slot. Sends the
  // command at most 16 times. After a broken link it may be executed twice, so
  // it should only read.
  //
  // Precondition: no link has outstanding replies.
  //
  // Returns:
  //   a reply             anything, also an error reply but a redirection
  //   kUnavailable        the cluster is in trouble: CLUSTERDOWN, TRYAGAIN ...;
  //                       a node cannot be reached; the slot is not covered;
  //                       or the nodes redirect the command in a circle
  //   other errors        Refresh()'s, LinkTo()'s and the connection's
  absl::StatusOr<TargetReply> Ask(uint16_t slot,
                                  absl::Span<const absl::string_view> argv);

 private:
  // Sends one command, behind ASKING if `asking`. A server in trouble is an
  // error.
  absl::StatusOr<TargetReply> AskNode(const NodeAddress& node, bool asking,
                                      absl::Span<const absl::string_view> argv);
  absl::StatusOr<SlotMap> MapOf(const NodeAddress& node);
  std::vector<NodeAddress> NodesToAsk();
  void DropForgottenLinks();

  const std::vector<NodeAddress> seeds_;
  const NodeConnector connect_;
  SlotMap slots_;
  size_t refreshes_ = 0;
  std::map<NodeAddress, std::unique_ptr<CheckedLink>> links_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_CLUSTER_LINKS_H_
