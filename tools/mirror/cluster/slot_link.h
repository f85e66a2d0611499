// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// One slot of a cluster as the connection to a server.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_SLOT_LINK_H_
#define KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_SLOT_LINK_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/tools/mirror/cluster/cluster_links.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {

// Sends commands on keys of one slot, one by one, by ClusterLinks::Ask(): each
// follows redirections. A command may be executed twice, so it must be one that
// says the same twice. Transactions and AddRaw() are not for it.
class SlotLink : public TargetLink {
 public:
  // `links` must outlive the link. The precondition of ClusterLinks::Ask()
  // holds at each Send().
  SlotLink(ClusterLinks* links, uint16_t slot) : links_(links), slot_(slot) {}

  void AddRaw(absl::string_view resp) override;
  void Add(absl::Span<const absl::string_view> argv) override;
  absl::Status Send() override;
  size_t outstanding() const override { return replies_.size(); }
  absl::StatusOr<TargetReply> Receive(ReplyDetail detail) override;

 private:
  ClusterLinks* const links_;
  const uint16_t slot_;
  std::vector<std::vector<std::string>> gathered_;
  std::deque<TargetReply> replies_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_SLOT_LINK_H_
