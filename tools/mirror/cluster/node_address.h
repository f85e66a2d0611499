// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The address of a node of a cluster, as the nodes tell it.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_NODE_ADDRESS_H_
#define KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_NODE_ADDRESS_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace kevy_replica {

// The most nodes of a cluster that are taken from a node's word. The Redis
// cluster specification recommends at most 1,000 as well.
inline constexpr size_t kMaxNodes = 1000;

// Addresses compare as text.
struct NodeAddress {
  std::string host;  // A name or an address, without brackets.
  uint16_t port = 0;

  // "host:port" or "[v6 address]:port".
  std::string ToString() const;

  friend bool operator==(const NodeAddress& a, const NodeAddress& b) {
    return a.port == b.port && a.host == b.host;
  }
  friend bool operator!=(const NodeAddress& a, const NodeAddress& b) {
    return !(a == b);
  }
  friend bool operator<(const NodeAddress& a, const NodeAddress& b) {
    return a.host != b.host ? a.host < b.host : a.port < b.port;
  }
};

// Whether `host` may be one that a node names: letters, digits, ".", "-" and
// "_", or an IPv6 address without a zone. At most 253 characters. All other
// text, as "unix:/path", could lead a link elsewhere than to a host.
bool IsNodeHost(absl::string_view host);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_NODE_ADDRESS_H_
