// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A cluster that answers kevy_verify as one server.

#ifndef KEVY_REPLICA_TOOLS_VERIFY_CLUSTER_LINK_H_
#define KEVY_REPLICA_TOOLS_VERIFY_CLUSTER_LINK_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/tools/mirror/checked_link.h"
#include "kevy_replica/tools/mirror/cluster/cluster_links.h"
#include "kevy_replica/tools/mirror/cluster/node_address.h"
#include "kevy_replica/tools/mirror/cluster/node_connector.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {

// Sends each command to the master of its key's slot, and receives the replies
// in the order of the commands. kevy_verify's commands travel so:
//
// | command                | nodes                                            |
// |------------------------|--------------------------------------------------|
// | XINFO                  | the master of its second argument's slot         |
// | WATCH                  | the same; all keys must have one slot            |
// | MULTI to EXEC          | the node of the last WATCH; without one, any     |
// | DISCARD, UNWATCH       | the same                                         |
// | DBSIZE                 | all masters; the reply is the sum                |
// | SCAN                   | one master after another: a cursor "1:77" is the |
// |                        | second one's cursor 77                           |
// | any other              | the master of its first argument's slot          |
//
// A redirection is followed, and the link remembers a MOVED. Within WATCH to
// EXEC it is the reply: the caller begins again.
//
// SCAN finds each key only if all slots stay where they are. So the begin and
// the end of a SCAN ask all masters for their slots (CLUSTER NODES).
//
// Errors beside those of TargetLink:
//
//   kUnavailable         slots have moved during SCAN, or are moving, or have
//   no
//                        master; the nodes redirect a command in a circle
//   kFailedPrecondition  a node refuses CLUSTER NODES
//
// Not thread-safe.
class ClusterLink : public TargetLink {
 public:
  // Asks one of `seeds` for the map. Errors: ClusterLinks::Refresh()'s.
  static absl::StatusOr<std::unique_ptr<TargetLink>> Connect(
      const std::vector<NodeAddress>& seeds, const NodeConnector& connect);

  // Precondition: MULTI was added before.
  void AddRaw(absl::string_view resp) override;
  void Add(absl::Span<const absl::string_view> argv) override;
  absl::Status Send() override;
  size_t outstanding() const override { return sent_.size(); }
  absl::StatusOr<TargetReply> Receive(ReplyDetail detail) override;

 private:
  // A command, from Add() to its reply.
  struct Command {
    std::vector<std::string> argv;  // Empty: `resp` stands for it.
    absl::string_view resp;         // Valid until Send().
    // The link that it was sent over. Null: Receive() asks the masters.
    CheckedLink* link = nullptr;
    NodeAddress node;
    uint16_t slot = 0;
    bool follows = false;  // Redirections.
  };

  ClusterLink(const std::vector<NodeAddress>& seeds,
              const NodeConnector& connect)
      : links_(seeds, connect), single_(seeds, connect) {}

  // Sets the link of `command`, and keeps track of WATCH and MULTI.
  absl::Status Route(Command* command);
  absl::Status RouteToSlot(uint16_t slot, Command* command);
  absl::StatusOr<TargetReply> Follow(const Command& command, TargetReply reply);
  // Asks one master outside of the pipeline. An error reply is a reply.
  absl::StatusOr<TargetReply> AskMaster(
      const NodeAddress& master, absl::Span<const absl::string_view> argv);
  absl::StatusOr<TargetReply> SumOfSizes();
  absl::StatusOr<TargetReply> Scan(absl::string_view cursor,
                                   absl::Span<const absl::string_view> options);
  // The slots of each master of the SCAN, as text. They must be all slots.
  absl::StatusOr<std::string> MastersSlots();

  ClusterLinks links_;   // Pipelined.
  ClusterLinks single_;  // One command at a time, without outstanding replies.
  std::vector<Command> added_;
  std::deque<Command> sent_;
  CheckedLink* watched_ = nullptr;  // Of the last WATCH.
  NodeAddress watched_node_;
  bool in_transaction_ = false;
  std::vector<NodeAddress> scanned_;  // The masters of the SCAN.
  std::string scanned_slots_;         // MastersSlots() at its begin.
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_VERIFY_CLUSTER_LINK_H_
