// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Where the links of a shard go.

#ifndef KEVY_REPLICA_CLIENT_INTERNAL_LINK_TARGET_H_
#define KEVY_REPLICA_CLIENT_INTERNAL_LINK_TARGET_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "kevy_replica/client/link_options.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace client_internal {

struct LinkTarget {
  // "host:port", "[v6]:port" or "unix:/path". Empty: a factory connects, or the
  // address is not known yet.
  std::string address;
  // Applied to each connection. Null: links are plain.
  TransportWrapper wrap;
};

// Returns the wrapper for an address with these keys. Null: links are plain.
// kInvalidArgument: `keys` need a `secure`, or its own error.
inline absl::StatusOr<TransportWrapper> WrapperFor(
    const TransportSecurity& secure, absl::Span<const std::string> keys) {
  if (secure != nullptr) return secure(keys);
  if (keys.empty()) return TransportWrapper();
  return absl::InvalidArgumentError(
      "an address with a key needs the replica's own key: set the option "
      "`secure`, as NoiseSecurity() makes it (docs/secure.md)");
}

// Returns the protocol of links to an address with these keys. kevy encrypts
// protocol 2 alone, so a link that is cut before the answer is no reason to try
// protocol 1: anybody on the path can cut it.
inline ProtocolChoice ProtocolFor(ProtocolChoice choice,
                                  absl::Span<const std::string> keys) {
  return choice == ProtocolChoice::kAuto && !keys.empty() ? ProtocolChoice::kV2
                                                          : choice;
}

// Applies `wrap`, unless it is null.
inline absl::StatusOr<std::unique_ptr<Transport>> Wrapped(
    const TransportWrapper& wrap, std::unique_ptr<Transport> transport) {
  if (wrap == nullptr) return transport;
  return wrap(std::move(transport));
}

}  // namespace client_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_INTERNAL_LINK_TARGET_H_
