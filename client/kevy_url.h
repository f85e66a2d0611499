// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The nodes of a primary and its replicas, as people write them.
//
//   if (IsKevyUrl(text)) {
//     auto nodes = ParseKevyUrl(text);  // "kevy://a:6004,b:6004,[::1]:6004"
//     if (!nodes.ok()) return nodes.status();
//     PrimaryLocator locator(*nodes, options, now);
//   }

#ifndef KEVY_REPLICA_CLIENT_KEVY_URL_H_
#define KEVY_REPLICA_CLIENT_KEVY_URL_H_

#include <cstddef>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/transport/address.h"

namespace kevy_replica {

// The most nodes of a URL.
inline constexpr size_t kMaxKevyNodes = 64;

// Whether `text` begins with "kevy://". It names client ports then. Otherwise
// it is the address of one replication listener: see address.h.
bool IsKevyUrl(absl::string_view text);

// The client ports that `url` names, in its order:
// "kevy://host:port[,host:port...]". Each is "host:port" or "[v6]:port". There
// is no default port. Name each node once: one node under two names looks like
// two primaries.
//
// Errors: kInvalidArgument with the text and its fault. Faults: another scheme;
// the faults of ParseAddress; port 0, a Unix socket, a node that stands twice,
// more than kMaxKevyNodes nodes, a path. A user or password is a fault, too,
// and such a text is not repeated, since kevy has no passwords to give away.
absl::StatusOr<std::vector<Address>> ParseKevyUrl(absl::string_view url);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_KEVY_URL_H_
