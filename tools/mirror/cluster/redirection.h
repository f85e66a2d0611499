// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A node's word that a slot is elsewhere. Source: the Redis cluster
// specification, "MOVED Redirection" and "ASK redirection".

#ifndef KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_REDIRECTION_H_
#define KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_REDIRECTION_H_

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "kevy_replica/tools/mirror/cluster/node_address.h"

namespace kevy_replica {

// The node has not executed the command.
struct Redirection {
  enum class Kind : uint8_t {
    // The slot has another master. Send this and later commands there.
    kMoved,
    // The slot is being migrated, and the key is not here any more. Send this
    // command alone there, behind ASKING.
    kAsk,
  };
  Kind kind = Kind::kMoved;
  uint16_t slot = 0;  // Below kSlots.
  NodeAddress node;
};

// Whether `error`, the text of an error reply, is a redirection of any form.
bool IsRedirection(absl::string_view error);

// Reads "MOVED 3999 127.0.0.1:6381" or "ASK 3999 127.0.0.1:6381", the text of
// an error reply from the node `asked`. An empty host means `asked`'s; an IPv6
// address may have brackets. Unset: another error, or another form.
std::optional<Redirection> ParseRedirection(absl::string_view error,
                                            const NodeAddress& asked);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_REDIRECTION_H_
