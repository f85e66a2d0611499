// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Where a primary listens, as people write it.

#ifndef KEVY_REPLICA_TRANSPORT_ADDRESS_H_
#define KEVY_REPLICA_TRANSPORT_ADDRESS_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace kevy_replica {

// "host:port", "[v6 address]:port" or "unix:/path".
struct Address {
  enum class Kind : uint8_t { kTcp, kUnix };

  Kind kind = Kind::kTcp;
  std::string host;   // A name or an address, without brackets. kTcp only.
  uint16_t port = 0;  // kTcp only.
  std::string path;   // kUnix only.

  // The form that ParseAddress reads.
  std::string ToString() const;
};

// Parses one of the three forms. kInvalidArgument, with the text and what is
// wrong with it, for all else: no port, a port that is no number up to 65535,
// an IPv6 address without brackets, an empty host or path. Port 0 is taken: a
// listener then gets a free one.
absl::StatusOr<Address> ParseAddress(absl::string_view text);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_ADDRESS_H_
